"""
Columns: the values of many people at once, in one of two number systems.

The engine is written once, over plain operators, and runs on exact decimals (what is
paid, and what explains a payment) or on float64 (what is replayed or simulated, never
paid). This module is the only place that tells the two apart: engine functions ask the
number system to read the plan's literals and then only compute.

A column of measured values carries a state per row; arithmetic runs on the rows that
have a value, so that one person's missing result or zero target never disturbs another
row. Pure: no Django, no clock, no input or output.
Rule: docs/reference/formulas.md, "Columns".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Structure = TypeVar("Structure")


class RowState(IntEnum):
    """What a row of a column holds; only FINAL rows carry a value."""

    FINAL = 0
    MISSING = 1
    ZERO_TARGET = 2
    NOT_ELIGIBLE = 3
    INSUFFICIENT_SAMPLE = 4
    NOT_MEASURABLE = 5


@dataclass(frozen=True)
class NumberSystem:
    """How the literals of a plan and the values of a case become numbers of one kind."""

    name: str
    exact: bool

    def number(self, literal: Decimal | int | str) -> Any:
        """Return a literal as a number of this system; a float literal is refused by type."""
        if isinstance(literal, float):
            raise TypeError("a literal is a Decimal, an int or a string, never a float")
        decimal = literal if isinstance(literal, Decimal) else Decimal(literal)
        return decimal if self.exact else float(decimal)

    def column(self, values: Iterable[Decimal | int | str]) -> Column:
        """Return a column of the values, in their order."""
        numbers = [self.number(value) for value in values]
        return as_column(numbers) if self.exact else np.array(numbers, dtype=np.float64)

    def full(self, size: int, literal: Decimal | int | str) -> Column:
        """Return a column of `size` equal values."""
        return np.full(size, self.number(literal), dtype=object if self.exact else np.float64)

    def zeros(self, size: int) -> Column:
        """Return a column of `size` zeros."""
        return self.full(size, 0)

    def convert(self, column: Column) -> Column:
        """Return an exact column in this system (itself when the system is exact)."""
        return column if self.exact else column.astype(np.float64)

    def of(self, structure: Structure) -> Structure:
        """
        Return a frozen dataclass, or a tuple or mapping of them, with every decimal in it
        read into this number system (itself when the system is exact).
        """
        return structure if self.exact else _in_numbers(structure, self)


EXACT = NumberSystem(name="exact", exact=True)
FAST = NumberSystem(name="fast", exact=False)


def as_column(values: Sequence[Any]) -> Column:
    """Return an object column of the values, also when they are none or nested."""
    return np.fromiter(values, dtype=object, count=len(values))


def is_exact(column: Column) -> bool:
    """Tell whether a column holds exact decimals (or the rows of a simulation)."""
    return column.dtype == object


def whole(column: Column, *, like: Column) -> Column:
    """Return a column of whole numbers (days, counts) in the number system of `like`."""
    if not is_exact(like):
        return column.astype(np.float64)
    known = {value: Decimal(value) for value in np.unique(column).tolist()}
    return as_column([known[value] for value in column.tolist()])


def sums_by(index: npt.NDArray[np.int64], values: Column, *, size: int) -> Column:
    """
    Return the sum of `values` for each of `size` groups, added in the order of the rows.

    `index` names each value's group. Groups without a value sum to zero of the values'
    own number system.
    """
    sums: Column = np.full(size, Decimal(0), dtype=object) if is_exact(values) else np.zeros(size)
    if len(index) == size and (index == np.arange(size)).all():
        return sums + values
    np.add.at(sums, index, values)
    return sums


def _in_numbers(structure: Any, numbers: NumberSystem) -> Any:
    if isinstance(structure, Decimal):
        return numbers.number(structure)
    if isinstance(structure, np.ndarray):
        return numbers.convert(structure) if is_exact(structure) else structure
    if dataclasses.is_dataclass(structure) and not isinstance(structure, type):
        fields = {
            f.name: _in_numbers(getattr(structure, f.name), numbers) for f in dataclasses.fields(structure)
        }
        return type(structure)(**fields)
    if isinstance(structure, tuple):
        return tuple(_in_numbers(item, numbers) for item in structure)
    if isinstance(structure, Mapping):
        return {key: _in_numbers(value, numbers) for key, value in structure.items()}
    return structure
