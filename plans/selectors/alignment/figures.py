"""The alignment of an account's team as frozen figures; weights are shares of what the account pays somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kamcomp.money import CONTEXT
from kamcomp.spans import Span
from plans.checks.registry import Report


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric that somebody on the team is paid on: how many people, and in which roles."""

    code: str
    name: str
    people: int
    roles: tuple[str, ...]

    @property
    def is_alone(self) -> bool:
        """Tell whether one role only is paid on it."""
        return len(self.roles) == 1


@dataclass(frozen=True, kw_only=True)
class AlignedRow:
    """
    Members of one role who are paid alike: by which plans, or out of which plans' pools, and on what.

    `weights` are shares of what the account pays them, 1 for all of it, by metric; `shared` are metrics that reach
    them through a pool, `other` is the share on objectives and milestones. `paid` is False for members whom neither a
    plan nor a pool pays, None where the reader does not see it.
    """

    role: str
    seat: str
    link: str
    people: tuple[str, ...]
    plans: tuple[str, ...]
    pools: tuple[str, ...]
    weights: Mapping[str, Decimal] = field(hash=False)
    shared: frozenset[str]
    other: Decimal
    apart: tuple[str, ...]
    opt_out: str
    paid: bool | None

    @property
    def left_out(self) -> bool:
        """Tell whether nothing pays them and nobody said why."""
        return self.paid is False and not self.opt_out


@dataclass(frozen=True, kw_only=True)
class CascadeRow:
    """A metric's target for the account over days, what the targets of its people come to, and of how many."""

    metric: str
    unit: str
    currency: str
    span: Span
    account: Decimal
    individuals: Decimal
    people: int

    @property
    def difference(self) -> Decimal:
        """Return what the individual targets come to above the account's, negative below."""
        return self.individuals - self.account

    @property
    def ratio(self) -> Decimal | None:
        """Return the individual targets over the account's; None where it has none above zero."""
        return CONTEXT.divide(self.individuals, self.account) if self.account > 0 else None


@dataclass(frozen=True, kw_only=True)
class LedRow:
    """Members who report to one leader, and the names of what they are paid on; `shared` are those of every leader."""

    leader: str
    people: int
    measures: tuple[str, ...]
    shared: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ObjectiveRow:
    """An objective of the account plan, with the roles that are paid on its metric or on itself."""

    code: str
    statement: str
    due_on: date
    roles: tuple[str, ...]
    paid: bool


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """An account's team on a day: roles by measures, targets that add up or not, objectives, and what rules find."""

    on: date
    measures: tuple[Measure, ...]
    rows: tuple[AlignedRow, ...]
    cascade: tuple[CascadeRow, ...]
    led: tuple[LedRow, ...]
    objectives: tuple[ObjectiveRow, ...]
    report: Report
    has_plan: bool

    @property
    def people(self) -> int:
        """Return how many people are on the team."""
        return sum(len(row.people) for row in self.rows)

    @property
    def left_out(self) -> int:
        """Return how many of them nothing pays."""
        return sum(len(row.people) for row in self.rows if row.left_out)

    @property
    def unpaid(self) -> int:
        """Return for how many objectives nobody is paid."""
        return sum(1 for row in self.objectives if not row.paid)

    @property
    def roles(self) -> int:
        """Return how many roles are paid on something."""
        return len({row.role for row in self.rows if row.weights or row.shared})

    @property
    def has_other(self) -> bool:
        """Tell whether somebody is paid on objectives or milestones."""
        return any(row.other for row in self.rows)
