"""
The facts of a drawn case, as plain figures: what both sides of the oracle read.

A figure is a whole number and how many of its digits stand behind the point, so that
either side can make an exact number of its own kind from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property


class Figure:
    """An exact decimal figure; `decimal` for the engine's side, `fraction` for the oracle's."""

    def __init__(self, units: int, digits: int = 0) -> None:
        self.units, self.digits = units, digits

    @cached_property
    def decimal(self) -> Decimal:
        return Decimal(self.units).scaleb(-self.digits)

    @cached_property
    def fraction(self) -> Fraction:
        return Fraction(self.units, 10**self.digits)

    def __repr__(self) -> str:
        return str(self.decimal)


@dataclass(frozen=True)
class Result:
    """What one subject achieved; `state` is final, missing or insufficient; carried is the last known reading."""

    numerator: Figure
    denominator: Figure | None
    target: Figure | None
    state: str
    carried: Figure | None


@dataclass(frozen=True)
class Span:
    """Days (half-open) on which pay facts are constant."""

    since: date
    until: date
    target_incentive: Figure
    base_salary: Figure
    fte: Figure
    dedication: Figure
    on_leave: bool


@dataclass(frozen=True)
class Credit:
    """A deal credited to a stint."""

    product: str
    category: str
    deal_kind: str
    credit_type: str
    in_period: bool
    share: Figure
    units: Figure
    bases: dict[str, Figure]
    earned: dict[str, Figure]


ResultName = tuple[str, str, str, str]


@dataclass(frozen=True)
class Stint:
    """One person's assignment; results by (metric, window, level, segment)."""

    key: str
    spans: tuple[Span, ...]
    parameters: dict[str, Figure]
    results: dict[ResultName, Result]
    ratings: dict[tuple[str, str], Figure | None]
    milestones: dict[str, int | None]
    credits: tuple[Credit, ...]


@dataclass(frozen=True)
class Payee:
    """A person with stints and the balances the period starts with."""

    key: str
    stints: tuple[Stint, ...]
    posted: Figure
    carried: Figure
    excess: Figure
    bank: Figure
    draw: Figure
    recoverable: Figure


@dataclass(frozen=True)
class Sheet:
    """The fiscal years (half-open periods each), which year and period is paid, and everybody's facts."""

    years: tuple[tuple[tuple[date, date], ...], ...]
    year: int
    period: int
    holidays: tuple[date, ...]
    payees: tuple[Payee, ...] = field(default=())

    @property
    def periods(self) -> tuple[tuple[date, date], ...]:
        """Return the periods of the year that is paid."""
        return self.years[self.year]

    @property
    def is_year_end(self) -> bool:
        """Return whether the period that is paid is its year's last."""
        return self.period == len(self.periods) - 1
