"""What the programme's page shows, as frozen figures, and the ratio they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kamcomp import money
from payouts.engine.controls import CostOfSales, CostYear
from payouts.models import Run

FEWEST = 5
"""A group of fewer people is not shown."""
YEAR = 12


@dataclass(frozen=True, kw_only=True)
class PeriodCost:
    """What a period costs and would at target; `x`, `y`, `height` and `target_y` place its bar."""

    code: str
    cost: Decimal
    target: Decimal
    is_final: bool
    x: int = 0
    y: int = 0
    height: int = 0
    target_y: int = 0

    @property
    def ratio(self) -> Decimal | None:
        """Return cost over target."""
        return over(self.cost, self.target)


@dataclass(frozen=True, kw_only=True)
class TeamPoint:
    """A team of five people or more: how it performed and what it is paid, against target; `x` and `y` place it."""

    name: str
    people: int
    attainment: Decimal
    paid: Decimal
    x: int = 0
    y: int = 0


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the programme moved over so many months against as many before; None where facts do not reach."""

    months: int
    revenue: Decimal | None
    contribution: Decimal | None
    satisfaction: Decimal | None
    wallet: Decimal | None
    accounts: int


@dataclass(frozen=True, kw_only=True)
class AccountTrend:
    """One account: its cost of sales and net retention by period, oldest first; None where there is none."""

    name: str
    cost_of_sales: Sequence[Decimal | None]
    retention: Sequence[Decimal | None]


@dataclass(frozen=True, kw_only=True)
class AccountOverTime:
    """An account's two trends by period, oldest first; cost of sales is None where the team was too small to show."""

    periods: Sequence[str]
    cost_of_sales: Sequence[Decimal | None]
    retention: Sequence[Decimal | None]


@dataclass(frozen=True, kw_only=True)
class NotMoving:
    """An account in which nothing has improved over so many months (check L73)."""

    name: str
    months: int


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How a period's pools went to direct and matrix members; None where a group is too small to show."""

    direct: Decimal | None
    matrix: Decimal | None
    people: int


@dataclass(frozen=True, kw_only=True)
class CostCompared:
    """An account's cost of sales before and with a plan version; `cost` is None where facts do not reach."""

    name: str
    plan: str
    since: date | None
    periods: int
    before: CostYear | None = None
    after: CostYear | None = None
    cost: CostOfSales | None = None


@dataclass(frozen=True, kw_only=True)
class CostsCompared:
    """The accounts that may be shown, their sum, and how many are left out because fewer than five serve them."""

    rows: Sequence[CostCompared]
    whole: CostCompared | None
    hidden: int


@dataclass(frozen=True, kw_only=True)
class ExecutivePage:
    """Everything the page shows."""

    run: Run
    currency: str
    left_out: int
    costs: Sequence[PeriodCost]
    year: PeriodCost
    cost_of_sales: Decimal | None
    cost_of_sales_before: Decimal | None
    cost_of_sales_period: str
    paid: Decimal | None
    attained: Decimal | None
    shares: Shares
    exceptions: Decimal | None
    exceptions_of_money: Decimal | None
    teams: Sequence[TeamPoint]
    teams_hidden: int
    health: Sequence[Health]
    not_moving: Sequence[NotMoving]
    cost_periods: Sequence[str]
    retention_periods: Sequence[str]
    trends: Sequence[AccountTrend]
    compared: CostsCompared

    @property
    def reach(self) -> Health:
        """Return the health over a year, or over the longest time there are facts for."""
        known = [each for each in self.health if each.revenue is not None]
        year = [each for each in known if each.months == YEAR]
        return (year or known[-1:] or list(self.health))[0]

    @property
    def points(self) -> Decimal | None:
        """Return by how many points the cost of sales moved since the period before, as a ratio."""
        if self.cost_of_sales is None or self.cost_of_sales_before is None:
            return None
        return self.cost_of_sales - self.cost_of_sales_before


def over(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a part of a whole, None of nothing."""
    return money.CONTEXT.divide(part, whole) if whole > 0 else None
