"""Template tags of every page: figures, chips, fields, files with a digest, the address with one thing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.db.models import Model
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kamcomp.pages import figures, steps, wording
from kamcomp.pages.chips import tone

register = template.Library()


# Figures --------------------------------------------------------------------------------------------------


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """Write an amount with its currency."""
    return figures.money_text(amount, currency)


@register.filter
def money_signed(amount: Decimal | None, currency: str) -> str:
    """Write an amount with its currency and its sign."""
    return figures.money_text(amount, currency, signed=True)


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """Write an amount without its currency, for a column that names it."""
    return figures.amount_text(value, currency)


@register.filter
def amount_signed(value: Decimal | None, currency: str) -> str:
    """Write an amount without its currency, with its sign."""
    return figures.amount_text(value, currency, signed=True)


@register.filter
def percent(ratio: Decimal | None, digits: int = 1) -> str:
    """Write a ratio as a percentage."""
    return figures.percent_text(ratio, digits=digits)


@register.filter
def percent_signed(ratio: Decimal | None, digits: int = 1) -> str:
    """Write a ratio as a percentage with its sign."""
    return figures.percent_text(ratio, digits=digits, signed=True)


@register.filter
def number(value: Decimal | int | None, most: int = figures.MOST_DECIMALS) -> str:
    """Write a figure with the decimals it has."""
    return figures.number_text(value, most=most)


@register.filter
def in_unit(value: Decimal | None, unit: str) -> str:
    """Write a measured figure in a metric's unit: money without minor digits, shares as percentages."""
    return figures.measured_text(value, unit=unit)


@register.filter
def more_in_unit(value: Decimal | None, unit: str) -> str:
    """Write how much more of a measured figure: shares as percentage points."""
    return in_unit(value, "points" if unit == "percent" else unit)


@register.filter
def day(value: date | None, form: str = "medium") -> str:
    """Write a day."""
    return figures.day_text(value, form=form)


@register.filter
def moment(value: datetime | None) -> str:
    """Write an instant."""
    return figures.moment_text(value)


# Words ----------------------------------------------------------------------------------------------------


@register.filter
def worded(text: object) -> str:
    """Say a word that stands in the code, or a sentence with its pieces, in the reader's language."""
    return wording.worded(text)


@register.simple_tag
def chip(row: Model, field: str = "status") -> SafeString:
    """Show a row's status as a chip."""
    words = getattr(row, f"get_{field}_display")()
    return format_html('<span class="chip {}">{}</span>', tone(str(getattr(row, field))), _(words))


@register.filter
def initials(name: str) -> str:
    """Return two letters for a name."""
    words = [word for word in name.split() if word[:1].isalnum()]
    picked = (words[0][:1] + words[-1][:1]) if len(words) > 1 else "".join(words)[:2]
    return picked.upper()


@register.filter
def item(mapping: Any, key: object) -> Any:
    """Return what a mapping has under a key, None without a mapping."""
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def decimal(text: object) -> Decimal | None:
    """Read a decimal that a document keeps as text."""
    return None if text in (None, "") else Decimal(str(text))


@register.filter
def zipped(left: Iterable[Any], right: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Pair what two lists have at the same place."""
    return list(zip(left, right, strict=True))


# Addresses and files --------------------------------------------------------------------------------------


@register.simple_tag
def asset(path: str) -> str:
    """Return the address of a static file, with a digest of what is in it."""
    return f"{static(path)}?v={_digest(path)}"


@lru_cache(maxsize=64)
def _digest(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        raise template.TemplateSyntaxError(f"There is no static file {path}.")
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


@register.simple_tag(takes_context=True)
def here(context: Context, **changes: object) -> str:
    """
    Return this page's query string with some of it changed; None takes a part out, and a change goes to page 1.

    A page that answers a form of another address names its own as `page_url` in its context.
    """
    query = context["request"].GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"{context.get('page_url', '')}?{query.urlencode()}"


# Forms ----------------------------------------------------------------------------------------------------


@register.inclusion_tag("pages/field.html")
def field(bound: BoundField, **attributes: str) -> dict[str, Any]:
    """Show a form's field with its label, its help and its errors, tied together for a screen reader."""
    described = []
    if bound.errors:
        described.append(f"{bound.auto_id}_errors")
    if bound.help_text:
        described.append(f"{bound.auto_id}_help")
    attrs: dict[str, Any] = {name.replace("_", "-"): value for name, value in attributes.items()}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {"field": bound, "widget": bound.as_widget(attrs=attrs)}


@register.inclusion_tag("pages/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """Show at the top of a form what has to be mended, each with a link to its field."""
    return {
        "form": form,
        "fields": [bound for bound in form if bound.errors],
        "errors": form.non_field_errors(),
    }


@register.inclusion_tag("pages/empty.html")
def empty(title: str, text: str = "", url: str = "", label: str = "") -> dict[str, str]:
    """Say what will stand here, with one way on."""
    return {"title": title, "text": text, "url": url, "label": label}


@register.inclusion_tag("pages/trace.html")
def trace(steps: list[dict[str, Any]], level: int = 1) -> dict[str, Any]:
    """Show the steps of a calculation as a tree that opens."""
    return {"steps": steps, "level": level, "next": level + 1}


@register.filter
def step_named(step: dict[str, Any]) -> str:
    """Write what a step is called, in plain words and without the number that rows are known by."""
    return steps.step_name_text(step)


@register.filter
def traced(step: dict[str, Any]) -> str:
    """Write a step's value in its unit."""
    return steps.step_value_text(step)
