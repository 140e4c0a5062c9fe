"""
What a file holds: its columns, and its rows as they come from the database, one at a time.

A column is text, a number or a day; text is what people typed or names, and is the only
kind that is guarded against being run as a formula. Amounts are settled decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

Cell = str | Decimal | int | date | None
Row = tuple[Cell, ...]


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


@dataclass(frozen=True)
class Column:
    """A named column of a file."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, kw_only=True)
class Table:
    """
    A profile's rows for one run.

    `amount` and `currency` are the positions of the columns that the totals are made of;
    None where the file has no amounts of its own.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    amount: int | None
    currency: int | None


def text(*names: str) -> tuple[Column, ...]:
    """Return columns of text."""
    return tuple(Column(name) for name in names)


def numbers(*names: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(name, ColumnKind.NUMBER) for name in names)


def days(*names: str) -> tuple[Column, ...]:
    """Return columns of days."""
    return tuple(Column(name, ColumnKind.DAY) for name in names)


def position(columns: tuple[Column, ...], name: str) -> int:
    """Return where a column stands."""
    return next(place for place, column in enumerate(columns) if column.name == name)
