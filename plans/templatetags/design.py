"""Template tags of the designer: shares as they are typed, words of choices, the address with something else open."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode

from django import template

from plans.forms import number_shown
from plans.views.words import worded

register = template.Library()


@register.filter
def share_text(ratio: Decimal) -> str:
    """Write a share in per cent as it is typed, without its sign."""
    return number_shown(f"{ratio:f}", share=True)


@register.filter
def rest_text(ratio: Decimal) -> str:
    """Write what a share leaves of the whole, in per cent without its sign."""
    return number_shown(f"{1 - ratio:f}", share=True)


@register.filter
def plan_words(choice: StrEnum) -> str:
    """Write a choice of a plan document in words."""
    return worded(choice)


@register.simple_tag
def view_query(state: Mapping[str, str], **changes: str) -> str:
    """Return the query of the designer with something else open."""
    said = {name: value for name, value in (dict(state) | changes).items() if value}
    return urlencode(said)
