"""
A refusal, a finding or a word in the reader's language.

A screen says `worded(refusal)` where a command, a log or the REST interface says
`str(refusal)`. The sentence is looked up in the catalogue, its figures and days are written
as the language writes them, and the words and sentences among its values are looked up too; names and
codes stay as they are. What has no translation is said in English, as `str(refusal)` has it; to a reader of English
its days are written as the pages write them.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.timezone import is_aware, localtime
from django.utils.translation import get_language, gettext

from kamcomp.pages.figures import day_text, moment_text
from kamcomp.refusal import Refusal
from kamcomp.sentences import AnyOf, Day, Listing, Numeral, Sentence, Value, Word

PLACE = re.compile(r"%\(\w+\)s")


def worded(said: object) -> str:
    """Return what a refusal, a sentence or a word of ours says, in the language of this request."""
    if isinstance(said, Refusal):
        return worded(said.said)
    if isinstance(said, Sentence | Listing | Numeral | Day):
        return _said(said)
    if isinstance(said, Exception):
        return str(said)
    return gettext(str(said)) if said else ""


def _said(value: Value) -> str:
    match value:
        case Sentence():
            return _sentence(value)
        case Listing():
            joint = gettext(value.joint) if any(each.isalpha() for each in value.joint) else value.joint
            return joint.join(_said(part) for part in value.parts)
        case Numeral():
            digits = max(-int(value.number.as_tuple().exponent), 0)
            text = number_format(value.number, decimal_pos=digits, force_grouping=value.grouped)
            plus = "+" if value.startswith("+") else ""
            return f"{plus}{text}{value.after}"
        case Word():
            return gettext(value) if value else ""
        case Day():
            return day_text(value.day)
        case AnyOf():
            return gettext(" or ").join(gettext(each) for each in value)
        case datetime():
            return date_format(localtime(value) if is_aware(value) else value, "SHORT_DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case Decimal():
            return number_format(value, force_grouping=True)
        case _:
            return str(value)


def _sentence(said: Sentence) -> str:
    if not said.literal:
        return ""
    literal = gettext(said.literal)
    if literal == said.literal and not _is_frame(said):
        return _in_english(said) if (get_language() or "en").startswith("en") else str(said)
    return literal % {name: _said(value) for name, value in said.values.items()} if said.values else literal


def _in_english(value: Value) -> str:
    """Return an English text with its days as the pages write them; its figures as they stand in it."""
    match value:
        case Sentence():
            values = {name: _in_english(each) for name, each in value.values.items()}
            return value.literal % values if values else value.literal
        case Listing():
            return value.joint.join(_in_english(part) for part in value.parts)
        case datetime():
            return moment_text(value) if is_aware(value) else str(value)
        case date():
            return day_text(value)
        case _:
            return str(value)


def _is_frame(said: Sentence) -> bool:
    """Tell whether a sentence is nothing but places: no language says it another way."""
    return not any(each.isalpha() for each in PLACE.sub("", said.literal))
