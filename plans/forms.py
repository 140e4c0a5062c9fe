"""
What people type into the designer, and the plan document's values: one written as the other and back.

A share is typed and shown in per cent (40, 40% and 0.4% are what they look like), a figure by the reader's language,
a personal value as @ and its name. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __

from kamcomp import money
from kamcomp.pages.amounts import figure_read
from kamcomp.pages.figures import number_text
from kamcomp.refusal import Refusal
from kamcomp.trace import decimal_text
from plans.engine.places import Holds, Place

BETWEEN = ";"
EFFECTS = ("zero", "limit", "factor")
YES, NO = "yes", "no"
HUNDRED = Decimal(100)
SHARES_ALWAYS = frozenset({
    "weight", "interim_cap", "base_share", "target_share", "floor", "ceiling", "limit", "recovery_rate", "bounds",
    "margin", "reason_beyond", "per_person_at_most", "matrix_at_least", "reserve", "scale", "role_shares", "rate",
    "instalments", "weights", "share", "per_payout_at_most",
})  # fmt: skip
"""Fields that are shares of a whole wherever they stand; `share` as an amount of money has another name."""
MONEY_ALWAYS = frozenset(["amount", "hurdle", "deal", "deal_cap", "excess_over"])
CAPS_IN_MONEY = frozenset({"Commission", "UnitBonus", "Fixed"})
RESULTS = frozenset(["at_least", "more_than", "at_most", "less_than", "at"])
METRIC_SHARES = frozenset({"percent", "ratio"})


class EntryUnreadable(Refusal):
    """What was typed is not what the field takes."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """How figures of a part are typed: its currency, and whether the result it reads is a share."""

    currency: str
    result_is_share: bool = True


def is_share(*, key: str, record: str, units: Units) -> bool:
    """Tell whether a field of a record is typed in per cent."""
    if key == "cap":
        return record not in CAPS_IN_MONEY
    if key in RESULTS:
        return record == "Hurdle" or units.result_is_share
    if key in ("from", "to"):
        return record == "Slope" or (record == "Tier" and units.result_is_share)
    return (
        key in SHARES_ALWAYS or key in ("payout", "through", "grid") or (key == "x" and units.result_is_share)
    )


def suffix_of(*, key: str, record: str, units: Units) -> str:
    """Return the unit that stands behind a field."""
    if is_share(key=key, record=record, units=units):
        return "%"
    in_money = key in MONEY_ALWAYS or (key == "cap" and record in CAPS_IN_MONEY)
    return units.currency if in_money and record not in ("Slope",) else ""


# Shown ------------------------------------------------------------------------------------------------------


def number_shown(text: str | None, *, share: bool) -> str:
    """Return a decimal of a document as people read it, a share in per cent without its sign."""
    if text is None:
        return ""
    value = Decimal(text)
    return number_text(money.CONTEXT.multiply(value, HUNDRED) if share else value)


def shown(place: Place, *, units: Units) -> str:
    """Return what stands at a place as it is typed."""
    share, value = is_share(key=place.key, record=place.record, units=units), place.value
    if value is None:
        return ""
    writers: Mapping[Holds, Callable[[Any], str]] = {
        Holds.NUMBER: lambda each: number_shown(each, share=share),
        Holds.VALUE: lambda each: (
            f"@{each['parameter']}" if isinstance(each, Mapping) else number_shown(each, share=share)
        ),
        Holds.NUMBERS: lambda each: f"{BETWEEN} ".join(number_shown(one, share=share) for one in each),
        Holds.POINT: lambda each: f"{BETWEEN} ".join(number_shown(one, share=share) for one in each),
        Holds.TEXTS: ", ".join,
        Holds.YES_NO: lambda each: YES if each else NO,
        Holds.SHARES: lambda each: f"{BETWEEN} ".join(
            f"{name} {number_shown(one, share=share)}" for name, one in each.items()
        ),
        Holds.ROWS: lambda each: "\n".join(
            f"{BETWEEN} ".join(number_shown(one, share=share) for one in row) for row in each
        ),
        Holds.CLOSED: lambda each: (
            "zero"
            if each == "zero"
            else " ".join(f"{effect} {number_shown(one, share=True)}" for effect, one in each.items())
        ),
    }
    return writers.get(place.holds, str)(value)


# Read -------------------------------------------------------------------------------------------------------


def number_typed(text: str, *, share: bool) -> str:
    """
    Return what was typed as a decimal of a document.

    :raises AmountUnreadable: if it is no figure.
    """
    return decimal_text(figure_read(text, as_share=share))


def typed(place: Place, text: str, *, units: Units) -> Any:
    """
    Return what was typed as the value of a place; nothing typed is nothing said, where that is allowed.

    :raises EntryUnreadable: if the field takes something else.
    :raises AmountUnreadable: if a figure is none.
    """
    text = text.strip()
    share = is_share(key=place.key, record=place.record, units=units)
    if not text and place.holds not in (Holds.NUMBERS, Holds.TEXTS, Holds.SHARES, Holds.ROWS):
        if place.optional or place.holds is Holds.TEXT:
            return place.blank
        raise EntryUnreadable(__("Something has to be said here."))
    if place.holds is Holds.TEXT:
        return text
    readers: Mapping[Holds, Callable[[str], Any]] = {
        Holds.NUMBER: lambda each: number_typed(each, share=share),
        Holds.VALUE: lambda each: _value(each, share=share),
        Holds.WHOLE: _whole,
        Holds.DAY: _day,
        Holds.YES_NO: lambda each: each == YES,
        Holds.CHOICE: lambda each: _choice(place, each),
        Holds.NUMBERS: lambda each: _numbers(place, each, share=share),
        Holds.POINT: lambda each: [number_typed(one, share=share) for one in _split(each)],
        Holds.TEXTS: lambda each: [one.strip() for one in each.split(",") if one.strip()],
        Holds.SHARES: _shares,
        Holds.ROWS: lambda each: [
            [number_typed(one, share=share) for one in _split(row)]
            for row in each.splitlines()
            if row.strip()
        ],
        Holds.CLOSED: _closed,
    }
    return readers[place.holds](text)


def point_shown(point: Sequence[str], *, units: Units) -> tuple[str, str, str]:
    """Return a point of a curve as it is typed: result, payout, and the payout just before it."""
    before = number_shown(point[1], share=True) if len(point) == 3 else ""
    return number_shown(point[0], share=units.result_is_share), number_shown(point[-1], share=True), before


def _value(text: str, *, share: bool) -> Any:
    return {"parameter": text[1:].strip()} if text.startswith("@") else number_typed(text, share=share)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise EntryUnreadable(__("“%(text)s” is no whole number.") % {"text": text[:20]})
    return int(text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise EntryUnreadable(__("“%(text)s” is no day.") % {"text": text[:20]}) from error


def _choice(place: Place, text: str) -> str:
    if text not in set(place.choices):
        raise EntryUnreadable(__("“%(text)s” is not offered here.") % {"text": text[:20]})
    return text


def _numbers(place: Place, text: str, *, share: bool) -> Any:
    if not text:
        return None if place.optional else []
    return [number_typed(one, share=share) for one in _split(text)]


def _split(text: str) -> list[str]:
    return [one.strip() for one in text.split(BETWEEN) if one.strip()]


def _shares(text: str) -> dict[str, str]:
    found = {}
    for one in _split(text):
        name, _gap, figure = one.rpartition(" ")
        if not name:
            raise EntryUnreadable(__("Write a name and a share, like SUPPORT 40; SALES 60."))
        found[name.strip()] = number_typed(figure, share=True)
    return found


def _closed(text: str) -> Any:
    effect, _gap, figure = text.partition(" ")
    if effect == "zero":
        return "zero"
    if effect not in EFFECTS or not figure.strip():
        raise EntryUnreadable(__("Say how much is paid while the gate is closed."))
    return {effect: number_typed(figure, share=True)}
