"""
A refusal in the reader's language.

A screen says `worded(refusal)` where a command, a log or the REST interface says
`str(refusal)`. The sentence is looked up in the catalogue, its figures and days are written
as the language writes them, and the words among its values are looked up too; names and
codes stay as they are. What has no translation is said in English, as `str(refusal)` has it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext

from kamcomp.refusal import AnyOf, Refusal, Value, Word


def worded(refusal: Exception) -> str:
    """Return what a refusal says, in the language of this request."""
    if not isinstance(refusal, Refusal) or not refusal.sentence:
        return str(refusal)
    sentence = gettext(refusal.sentence)
    if sentence == refusal.sentence:
        return str(refusal)
    if not refusal.values:
        return sentence
    return sentence % {name: _said(value) for name, value in refusal.values.items()}


def _said(value: Value) -> str:
    match value:
        case Word():
            return gettext(value) if value else ""
        case AnyOf():
            return gettext(" or ").join(value)
        case datetime():
            return date_format(localtime(value) if is_aware(value) else value, "SHORT_DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case Decimal():
            return number_format(value, force_grouping=True)
        case _:
            return str(value)
