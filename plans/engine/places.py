"""
The places of a plan document as things that can be edited: what may stand there, and what a new part begins as.

The records of the plan are the definition: for any place this says which fields its part has, of which kind, with
which choices, and which parts and lists it can hold. An editor made from it can say everything the language can.
Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin

from kamcomp.refusal import Refusal
from plans.engine import payment_terms as pay
from plans.engine import plan as said
from plans.engine import pool_terms as pool
from plans.engine.codec import (
    chosen_of,
    hints_of,
    is_required,
    key_of,
    kind_of,
    members_of,
    write,
)
from plans.engine.edits import position_named
from plans.engine.parameter import Parameter


class PlaceUnread(Refusal):
    """A place is named that is no part of the document."""


class Holds(StrEnum):
    """What stands at a place."""

    NUMBER = "number"
    VALUE = "value"
    WHOLE = "whole"
    TEXT = "text"
    DAY = "day"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"
    NUMBERS = "numbers"
    TEXTS = "texts"
    SHARES = "shares"
    POINT = "point"
    CLOSED = "closed"
    PART = "part"
    PARTS = "parts"
    ROWS = "rows"


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    A field of a part: where, of which record, what it holds, what stands there, and what else might.

    `records` are the records a part or the parts of a list can be; `choices` the words it chooses from; `blank` is
    what it says when nothing is typed.
    """

    at: str
    key: str
    record: str
    holds: Holds
    value: Any
    optional: bool
    choices: tuple[StrEnum, ...] = ()
    records: tuple[type, ...] = ()
    blank: Any = None


CURVE = {"points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]]}
FACTOR = {"points": [["0.00", "1.00"]], "below": "first"}
TIER = {"from": "0", "rate": "0.01"}
STARTS: Mapping[type, Mapping[str, Any]] = {
    said.Branch: {"code": "GROUP", "weight": "0", "children": []},
    said.Goal: {"kind": "goal", "code": "GOAL", "weight": "0", "metric": "M01", "curve": CURVE},
    said.Matrix: {
        "kind": "matrix", "code": "MATRIX", "weight": "0", "grid": [["0.50", "0.75"], ["0.75", "1.00"]],
        "x": {"metric": "M01", "at": ["0.90", "1.00"]}, "y": {"metric": "M04", "at": ["0.90", "1.00"]},
    },
    said.Objectives: {
        "kind": "objectives", "code": "OBJECTIVES", "weight": "0", "items": [{"code": "O1", "weight": "1"}],
    },
    said.Milestone: {"kind": "milestone", "code": "MILESTONE", "weight": "0", "stages": [{"code": "S1", "share": "1"}]},
    said.Commission: {"kind": "commission", "code": "COMMISSION", "tiers": [TIER]},
    said.UnitBonus: {"kind": "unit_bonus", "code": "BONUS", "metric": "M22", "amount": "100"},
    said.Fixed: {"kind": "fixed", "code": "FIXED", "amount": "100"},
    said.Gate: {"metric": "M03", "at_least": "0.25"},
    said.Modifier: {"code": "FACTOR", "metric": "M06", "table": FACTOR},
    said.Hurdle: {"at_least": "0.50"},
    said.Slope: {"from": "1.00", "to": "1.20", "slope": "2"},
    said.ObjectiveItem: {"code": "O", "weight": "0"},
    said.Stage: {"code": "S", "share": "0"},
    said.Tier: TIER,
    said.RateRule: {"category": "A", "tiers": [TIER]},
    said.Minimum: {"deal": "0"},
    said.EarningShare: {"event": "invoice", "share": "1"},
    said.Reading: {"metric": "M01"},
    said.PayoutCap: {"amount": "10000"},
    said.Curve: CURVE,
    said.SlopeCurve: {"slopes": [{"from": "0.80", "to": "1.00", "slope": "2.5"}], "through": ["1.00", "1.00"]},
    pool.PoolTerms: {"funding": {}},
    pool.FundingBucket: {"code": "PART", "share": "1", "node": ""},
    pay.Deferral: {"share": "0.20"},
    pay.Draw: {"amount": "500"},
    pay.Guarantee: {"amount": "500"},
    pay.Holdback: {"share": "0.10"},
    pay.Clawback: {},
}  # fmt: skip
NEW_POINT = ["1.00", "1.00"]


def record_at(*, document: Any, at: str) -> type:
    """
    Return the record that the part of a document at a place is.

    :raises PlaceUnread: if there is no part of the document at that place.
    """
    hint: Any = said.Plan
    value: Any = document
    for step in _steps(at):
        if isinstance(value, list) and (position := position_named(step, count=len(value))) is not None:
            hint, value = _item(hint), value[position]
        elif isinstance(value, Mapping) and dataclasses.is_dataclass(hint):
            named = next((f for f in dataclasses.fields(hint) if key_of(f) == step), None)
            if named is None or step not in value:
                raise PlaceUnread("The document has no part %(at)s.", at=at)
            hint, value = hints_of(hint)[named.name], value[step]  # type: ignore[arg-type]
        else:
            raise PlaceUnread("The document has no part %(at)s.", at=at)
        hint = chosen_of(members_of(hint), value) if isinstance(value, Mapping) else hint
    if not isinstance(hint, type) or not dataclasses.is_dataclass(hint) or not isinstance(value, Mapping):
        raise PlaceUnread("There is no part of the document at %(at)s, only a value.", at=at)
    return hint


def places_at(*, document: Any, at: str) -> list[Place]:
    """
    Return the fields of the part at a place, in the order of its record.

    :raises PlaceUnread: if there is no part of the document at that place.
    """
    record, part = record_at(document=document, at=at), value_of(document, at)
    hints = hints_of(record)
    return [
        _place(record, field, hints[field.name], part.get(key_of(field)), at)
        for field in dataclasses.fields(record)
    ]


def value_of(document: Any, at: str) -> Any:
    """Return what stands at a place, None where nothing does."""
    value = document
    for step in _steps(at):
        if isinstance(value, list):
            position = position_named(step, count=len(value))
            value = None if position is None else value[position]
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def new_part(*, document: Any, record: type) -> Any:
    """Return what a new part of a record begins as, with a code that the document does not have yet."""
    start = dict(STARTS[record])
    if "code" in start:
        taken, wanted, number = set(codes_of(document)), start["code"], 2
        while start["code"] in taken:
            start["code"], number = f"{wanted}-{number}", number + 1
    return start


def codes_of(document: Any) -> Sequence[str]:
    """Return every code that a part of a document has."""
    if isinstance(document, Mapping):
        own = [document["code"]] if isinstance(document.get("code"), str) else []
        return own + [code for value in document.values() for code in codes_of(value)]
    return [code for value in document for code in codes_of(value)] if isinstance(document, list) else []


def record_named(name: str) -> type:
    """
    Return the record of a name that a part can begin as.

    :raises PlaceUnread: if there is none.
    """
    for record in STARTS:
        if record.__name__ == name:
            return record
    raise PlaceUnread("A plan has no part called %(name)s.", name=name)


def _place(record: type, field: dataclasses.Field[Any], hint: Any, value: Any, at: str) -> Place:
    members = [member for member in members_of(hint) if member is not type(None)]
    nothing = len(members) < len(members_of(hint))
    holds, choices, records = _holds(members)
    if value is None and not nothing and field.default is not dataclasses.MISSING:
        value = write(field.default)
    return Place(
        at=f"{at}/{key_of(field)}",
        key=key_of(field),
        record=record.__name__,
        holds=holds,
        value=value,
        optional=nothing or (holds is Holds.TEXT and not is_required(field)),
        choices=choices,
        records=records,
        blank=None if nothing else "",
    )


def _holds(members: list[Any]) -> tuple[Holds, tuple[StrEnum, ...], tuple[type, ...]]:
    only = members[0]
    if only is said.Closed:
        return Holds.CLOSED, (), ()
    if only is said.CurvePoint:
        return Holds.POINT, (), ()
    if Parameter in members:
        return Holds.VALUE, (), ()
    if get_origin(only) is tuple:
        return _holds_many(only)
    if get_origin(only) is not None:
        return Holds.SHARES, (), ()
    if dataclasses.is_dataclass(only):
        return Holds.PART, (), tuple(members)
    if issubclass(only, StrEnum):
        return Holds.CHOICE, tuple(only), ()
    kinds = {Decimal: Holds.NUMBER, bool: Holds.YES_NO, int: Holds.WHOLE, date: Holds.DAY}
    return kinds.get(only, Holds.TEXT), (), ()


def _holds_many(hint: Any) -> tuple[Holds, tuple[StrEnum, ...], tuple[type, ...]]:
    members = [member for member in members_of(get_args(hint)[0]) if member is not type(None)]
    only = members[0]
    if only is said.CurvePoint:
        return Holds.ROWS, (), ()
    if get_origin(only) is tuple:
        return Holds.ROWS, (), ()
    if dataclasses.is_dataclass(only):
        return Holds.PARTS, (), tuple(members)
    if only is Decimal:
        return Holds.NUMBERS, (), ()
    return (Holds.CHOICES, tuple(only), ()) if issubclass(only, StrEnum) else (Holds.TEXTS, (), ())


def _item(hint: Any) -> Any:
    only = next((each for each in members_of(hint) if get_origin(each) is tuple), None)
    if only is None:
        raise PlaceUnread("There is no list at that place.")
    return get_args(only)[0]


def _steps(at: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in at.split("/")[1:]]


def kind_named(record: type) -> str:
    """Return what the documents of a record are told apart by, or the record's own name."""
    return kind_of(record) or record.__name__
