"""
Control figures a case can ask for: each a record of what it needs, and how it is answered.

Pure. Rule: docs/reference/formulas.md, "Controls" and "Overtime on a bonus".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from kamcomp.trace import NO_TRACE, Trace
from payouts.engine.controls import (
    CostYear,
    cost_of_sales,
    credited_ratio,
    exception_rate,
    package_mix,
    rep_changes,
)
from payouts.engine.overtime import overtime_true_up


@dataclass(frozen=True, kw_only=True)
class CostYearFigures:
    """A team's base and variable pay, its credited revenue and its profit before pay, in one currency."""

    base: Decimal
    variable: Decimal
    revenue: Decimal
    profit: Decimal


@dataclass(frozen=True, kw_only=True)
class CostOfSalesQuestion:
    """Cost of sales before and after, the growths, and the return on extra pay."""

    kind: ClassVar[str] = "cost_of_sales"
    before: CostYearFigures
    after: CostYearFigures

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return the figures as ratios."""
        before, after = (CostYear(**dataclasses.asdict(year)) for year in (self.before, self.after))
        found = cost_of_sales(before=before, after=after, trace=trace)
        return dataclasses.asdict(found) | {"outruns": found.outruns}


@dataclass(frozen=True, kw_only=True)
class ExceptionRateQuestion:
    """Paid exceptions as a share of the lines and of the money."""

    kind: ClassVar[str] = "exception_rate"
    lines: int
    exception_lines: int
    paid: Decimal
    exception_paid: Decimal

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return both rates as ratios."""
        return dataclasses.asdict(exception_rate(**dataclasses.asdict(self), trace=trace))


@dataclass(frozen=True, kw_only=True)
class RepNeutralityQuestion:
    """Each regional rep's commission replayed without and with the account plan."""

    kind: ClassVar[str] = "rep_neutrality"
    currency: str
    without_plan: Mapping[str, Decimal]
    with_plan: Mapping[str, Decimal]

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return each rep's change, in money."""
        changes = rep_changes(
            without_plan=self.without_plan, with_plan=self.with_plan, currency=self.currency, trace=trace
        )
        return {"changes": changes, "unharmed": not any(changes.values())}


@dataclass(frozen=True, kw_only=True)
class CreditedRatioQuestion:
    """All credit given over what was booked: above 1 is overlay that has to be budgeted."""

    kind: ClassVar[str] = "credited_ratio"
    credited: Decimal
    booked: Decimal

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return the ratio."""
        return {"ratio": credited_ratio(credited=self.credited, booked=self.booked, trace=trace)}


@dataclass(frozen=True, kw_only=True)
class PayMixQuestion:
    """A package's target total cash, pay mix, and pay at excellence with a leverage."""

    kind: ClassVar[str] = "pay_mix"
    currency: str
    base: Decimal
    incentive: Decimal
    leverage: Decimal

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return money a year and ratios."""
        return dataclasses.asdict(package_mix(**dataclasses.asdict(self), trace=trace))


@dataclass(frozen=True, kw_only=True)
class OvertimeQuestion:
    """The overtime owed on a bonus earned over several weeks, by a named method."""

    kind: ClassVar[str] = "overtime_true_up"
    currency: str
    bonus: Decimal
    weekly_hours: tuple[Decimal, ...]
    method: str

    def answer(self, trace: Trace = NO_TRACE) -> dict[str, Any]:
        """Return the amount, settled."""
        return {"owed": overtime_true_up(**dataclasses.asdict(self), trace=trace)}
