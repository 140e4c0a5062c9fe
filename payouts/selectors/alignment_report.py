"""
The yearly alignment report: the whole programme on a page, account by account, as of a day.

It is put together from the alignment of each account (who is paid on what, targets, what rules find), the review of
results in the fiscal year, and the cost of sales before and with the plan. It names roles, measures and findings, and
no amount of anybody's pay; accounts of fewer than five people show no cost. For those who watch the programme.
Rules: docs/reference/checks.md, "The whole team"; docs/reference/formulas.md, "Controls".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from kamcomp.calendar.models import Period
from kamcomp.money import exactly
from payouts.choices import ReviewOutcome
from payouts.models import AccountReview, Run
from payouts.selectors.executive.compared import costs_compared
from payouts.selectors.executive.figures import CostCompared, CostsCompared
from payouts.selectors.executive.page import COMPUTED
from plans.checks.rule import RULES, Severity
from plans.models import Assignment
from plans.selectors.alignment import Alignment, alignments
from teams.choices import AccountStatus, Seat
from teams.models import StrategicAccount

CONFLICTS, SILOS, TARGETS, PUSHED = ("L20", "L21"), ("L54",), ("L18",), ("L74",)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a rule finds of an account: its number, its title, how heavy it is, and the sentence."""

    account: str
    rule: str
    title: str
    severity: Severity
    message: str


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One account: its team, what everybody shares, what does not fit together, its reviews, its cost of sales."""

    name: str
    manager: str
    people: int
    left_out: int
    shared: tuple[str, ...]
    objectives: int
    unpaid: int
    conflicts: int
    silos: int
    targets: Decimal | None
    pushed: int
    confirmed: int
    objected: int
    has_plan: bool
    cost: CostCompared | None

    @property
    def fits(self) -> bool:
        """Tell whether everybody is paid for the same account: nobody and no objective left out, nothing against it."""
        return self.has_plan and not (self.left_out or self.unpaid or self.conflicts or self.silos)


@dataclass(frozen=True, kw_only=True)
class AlignmentReport:
    """The programme as of a day; `periods` are those of the fiscal year whose results were there to be reviewed."""

    on: date
    year: int | None
    periods: tuple[str, ...]
    rows: Sequence[ReportRow]
    found: Sequence[Found]
    costs: CostsCompared
    currency: str

    @property
    def people(self) -> int:
        """Return how many places on teams there are."""
        return sum(row.people for row in self.rows)

    @property
    def left_out(self) -> int:
        """Return how many people nothing pays."""
        return sum(row.left_out for row in self.rows)

    @property
    def unpaid(self) -> int:
        """Return for how many objectives nobody is paid."""
        return sum(row.unpaid for row in self.rows)

    @property
    def objectives(self) -> int:
        """Return how many objectives the account plans have."""
        return sum(row.objectives for row in self.rows)

    @property
    def fitting(self) -> int:
        """Return how many accounts fit together."""
        return sum(row.fits for row in self.rows)

    @property
    def reviewed(self) -> int:
        """Return how many reviews of results were answered."""
        return sum(row.confirmed + row.objected for row in self.rows)

    @property
    def reviews(self) -> int:
        """Return how many there were to be."""
        return len(self.rows) * len(self.periods)


@exactly
def alignment_report(*, on: date) -> AlignmentReport:
    """Return the report on the active accounts as of a day, in a number of queries that does not grow with them."""
    accounts = list(
        StrategicAccount.objects.filter(status=AccountStatus.ACTIVE)
        .select_related("node")
        .order_by("node__name")
    )
    found = alignments(accounts=accounts, on=on)
    year, runs = _runs_of_year(accounts, on)
    reviews = _reviews(runs)
    currency = _currency(accounts)
    costs = costs_compared(accounts=[one for one in accounts if one.plan_currency == currency], on=on)
    by_name = {row.name: row for row in costs.rows}
    rows = [_row(one, found[one.pk], reviews.get(one.pk, {}), by_name.get(str(one))) for one in accounts]
    return AlignmentReport(
        on=on,
        year=year,
        periods=tuple(dict.fromkeys(run.period.code for run in runs)),
        rows=rows,
        found=_findings(accounts, found),
        costs=costs,
        currency=currency,
    )


def _currency(accounts: Sequence[StrategicAccount]) -> str:
    """Return the currency most accounts are planned in."""
    counts: dict[str, int] = defaultdict(int)
    for one in accounts:
        counts[one.plan_currency] += 1
    return max(counts, key=lambda code: counts[code]) if counts else "EUR"


def _runs_of_year(accounts: Sequence[StrategicAccount], on: date) -> tuple[int | None, list[Run]]:
    """Return the fiscal year of a day on the calendar most accounts are paid on, and its runs that have results."""
    plans = Assignment.objects.filter(account__in=accounts, valid__contains=on).order_by()
    counts: dict[UUID, int] = defaultdict(int)
    for calendar in plans.values_list("plan__calendar_id", flat=True):
        counts[calendar] += 1
    if not counts:
        return None, []
    calendar_id = max(counts, key=lambda one: counts[one])
    period = Period.objects.filter(calendar_id=calendar_id, days__contains=on).first()
    if period is None:
        return None, []
    runs = Run.objects.filter(
        calendar_id=calendar_id, is_current=True, status__in=COMPUTED, period__fiscal_year=period.fiscal_year,
        period__days__endswith__lte=on,
    )  # fmt: skip
    return period.fiscal_year, list(runs.select_related("period").order_by("period__days"))


def _reviews(runs: Sequence[Run]) -> Mapping[UUID, Mapping[str, int]]:
    """Return how many of these runs were confirmed and objected to, by account."""
    counts: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = AccountReview.objects.filter(run__in=runs).values_list("account_id", "outcome")
    for account, outcome in rows:
        counts[account][outcome] += 1
    return counts


def _row(
    account: StrategicAccount, found: Alignment, reviews: Mapping[str, int], cost: CostCompared | None
) -> ReportRow:
    managers = [name for row in found.rows if row.seat == Seat.KAM for name in row.people]
    targets = [row.ratio for row in found.cascade if row.ratio is not None]
    return ReportRow(
        name=str(account),
        manager=", ".join(managers),
        people=found.people,
        left_out=found.left_out,
        shared=tuple(one.name for one in found.measures if one.people == found.people),
        objectives=len(found.objectives),
        unpaid=found.unpaid,
        conflicts=_count(found, CONFLICTS),
        silos=_count(found, SILOS),
        targets=max(targets, key=lambda ratio: abs(ratio - 1)) if targets else None,
        pushed=_count(found, PUSHED),
        confirmed=reviews.get(ReviewOutcome.CONFIRMED, 0),
        objected=reviews.get(ReviewOutcome.OBJECTED, 0),
        has_plan=found.has_plan,
        cost=cost,
    )


def _count(found: Alignment, rules: Sequence[str]) -> int:
    return sum(len(found.report.of(rule)) for rule in rules)


def _findings(accounts: Sequence[StrategicAccount], found: Mapping[UUID, Alignment]) -> list[Found]:
    """Return what rules find of all accounts, the heaviest first, each with its account."""
    order = list(Severity)
    rows = [
        Found(
            account=str(one), rule=each.rule, title=RULES[each.rule].title, severity=each.severity,
            message=each.message,
        )
        for one in accounts
        for each in found[one.pk].report.findings
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (order.index(row.severity), row.rule))
