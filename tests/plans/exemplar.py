"""A plan that says everything the language can say, made from the records themselves, and every single change of it."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any, Union, get_args, get_origin, get_type_hints

from plans.engine.parameter import Parameter
from plans.engine.plan import Branch, Closed, CurvePoint, Plan

DEEPEST = 1
"""How deep branches stand in branches here; the language has no limit."""


class Maker:
    """Makes one of each record, with every optional field filled and no two texts or figures alike."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.turns = count(0)

    def made(self, hint: Any, *, depth: int = 0) -> Any:
        """Return an example of a type."""
        number = next(self.numbers)
        if hint is Decimal:
            return Decimal(number) / 1000
        if hint is date:
            return date(2027, 1, 1) + timedelta(days=number % 300)
        if hint is str:
            return f"T{number}"
        if hint is bool:
            return True
        if hint is int:
            return number
        if hint is CurvePoint:
            return CurvePoint(x=Decimal(number), arriving=Decimal(1), payout=Decimal(number) / 100)
        if hint is Closed:
            return Closed(limit=Decimal(number) / 1000)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return next(iter(hint))
        if get_origin(hint) is tuple:
            return self.several(get_args(hint)[0], depth=depth)
        if get_origin(hint) in (dict, Mapping):
            return {f"R{number}": Decimal(number) / 1000}
        if get_origin(hint) in (Union, types.UnionType):
            kinds = members(hint)
            return self.made(kinds[next(self.turns) % len(kinds) if len(kinds) > 1 else 0], depth=depth)
        return self.record(hint, depth=depth)

    def several(self, hint: Any, *, depth: int) -> tuple[Any, ...]:
        """Return two of each kind a table may hold; no branch below the deepest."""
        kinds = [kind for kind in members(hint) if kind is not Branch or depth < DEEPEST]
        return tuple(self.made(kind, depth=depth + 1) for kind in kinds for _ in range(2))

    def record(self, kind: Any, *, depth: int) -> Any:
        """Return a record with every field said."""
        hints = hints_of(kind)
        return kind(**{name: self.made(hints[name], depth=depth) for name in hints})


def members(hint: Any) -> list[Any]:
    """Return the types a hint allows, without None and without the personal parameter."""
    given = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return [each for each in given if each not in (type(None), Parameter)]


def hints_of(kind: Any) -> dict[str, Any]:
    """Return the types of a record's fields."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: hint for name, hint in get_type_hints(kind).items() if name in names}


def whole_plan() -> Plan:
    """Return a plan with every record of the language in it."""
    plan: Plan = Maker().record(Plan, depth=0)
    return dataclasses.replace(plan, currency="EUR")


def single_changes(record: Any) -> Iterator[tuple[str, Any]]:
    """Yield the record once for each single change of it that a document can say, with the place changed."""
    hints = hints_of(type(record))
    for name, hint in hints.items():
        for place, value in changes_of(getattr(record, name), hint):
            yield f"{type(record).__name__}.{name}{place}", dataclasses.replace(record, **{name: value})


def changes_of(value: Any, hint: Any) -> Iterator[tuple[str, Any]]:
    """Yield each single change of a value of a field."""
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        yield " gone", None
    if Parameter in get_args(hint):
        yield " personal", Parameter(parameter="own")
    others = [kind for kind in members(hint) if dataclasses.is_dataclass(kind) and kind is not type(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, CurvePoint | Closed):
        for kind in others:
            yield f" as {kind.__name__}", Maker().record(kind, depth=DEEPEST)
        yield from ((f" > {place}", changed) for place, changed in single_changes(value))
    elif isinstance(value, tuple):
        yield from table_changes(value)
    elif isinstance(value, Mapping):
        key = next(iter(value))
        yield " entry", {key: value[key] + 1}
        yield " new", {**value, "Other": Decimal(1)}
        yield " gone", {}
    else:
        yield "", other(value)


def table_changes(rows: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield a table with a row less, in another order, and with a row of each kind changed."""
    yield " less", rows[:-1]
    yield " order", (*rows[1:], rows[0])
    seen = set()
    for position, row in enumerate(rows):
        kind = (
            (type(row), *(type(each) for each in vars(row).values())) if dataclasses.is_dataclass(row) else ()
        )
        if kind in seen:
            continue
        seen.add(kind)
        changed = (
            single_changes(row)
            if dataclasses.is_dataclass(row) and not isinstance(row, CurvePoint)
            else [("", other(row))]
        )
        for place, value in changed:
            yield f"[{position}] > {place}", (*rows[:position], value, *rows[position + 1 :])


def other(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, StrEnum):
        return next((each for each in reversed(type(value)) if each is not value), value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, CurvePoint):
        return dataclasses.replace(value, payout=value.payout + 1)
    if isinstance(value, Closed):
        return Closed(factor=Decimal("0.5"))
    if isinstance(value, tuple):
        return (*value[:-1], other(value[-1]))
    return value + ("X" if isinstance(value, str) else timedelta(days=1) if isinstance(value, date) else 1)
