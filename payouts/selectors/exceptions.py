"""
Reads of exceptions: what waits for whom, and how often a plan or a manager departs from the plan.

The rate is that of docs/reference/formulas.md, "Controls": exceptions against lines, and their
money against what was paid, of the same fiscal year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, QuerySet, Sum

from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from payouts.choices import ExceptionStatus, RunStatus
from payouts.engine.controls import NothingToCompareWith, exception_rate
from payouts.models import Payout, PayoutLine, PlanException
from teams.models import Person

PEOPLE = ArrayAgg("person_id", distinct=True)
COUNTED = (ExceptionStatus.APPROVED, ExceptionStatus.EXPIRED)
FEWEST = 5
"""Of a group of fewer people those who do not see pay are shown no sums."""
PAID = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED, RunStatus.LOCKED)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What figures are grouped by: a plan, a manager, a currency."""

    plan: str
    manager: str
    currency: str


@dataclass(kw_only=True)
class Sums:
    """The figures of a group, added up."""

    exceptions: int = 0
    lines: int = 0
    amount: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    people: set[UUID] = field(default_factory=set)

    def add(self, other: Sums) -> None:
        """Add another group's figures."""
        self.exceptions += other.exceptions
        self.lines += other.lines
        self.amount += other.amount
        self.paid += other.paid
        self.people |= other.people


@dataclass(frozen=True, kw_only=True)
class RateRow:
    """
    How often a plan, or the people of a manager, depart from the plan; rates None where nothing was paid.

    Sums and rates are None as well where they would tell of too few people (`is_small`).
    """

    name: str
    exceptions: int
    lines: int
    amount: Decimal | None
    paid: Decimal | None
    is_small: bool
    currency: str
    of_lines: Decimal | None
    of_money: Decimal | None


def exceptions_to_decide(*, user: User, reviews: bool, approves: bool) -> QuerySet[PlanException]:
    """Return the exceptions that wait for this user's review or approval."""
    steps = [ExceptionStatus.REQUESTED] * reviews + [ExceptionStatus.REVIEWED] * approves
    waiting = PlanException.objects.filter(status__in=steps).exclude(requested_by=user)
    return waiting.exclude(person__in=Person.objects.filter(user=user)).order_by("number")


def latest_year() -> int | None:
    """Return the fiscal year of the newest period that something was paid or excepted in."""
    newest = Period.objects.filter(runs__status__in=PAID).order_by("-days").first()
    return newest.fiscal_year if newest else None


def rates(*, year: int, sees_pay: bool) -> tuple[list[RateRow], list[RateRow]]:
    """
    Return the rate of each plan, and of each manager's people, that paid or departed in a fiscal year.

    The highest rate comes first. Without `sees_pay` no sums are told of groups of fewer than five people.
    Three queries, however many plans and people there are.
    """
    payouts = Payout.objects.filter(period__fiscal_year=year, run__is_current=True, run__status__in=PAID)
    lines = PayoutLine.objects.filter(payout__in=payouts)
    departed = PlanException.objects.filter(period__fiscal_year=year, status__in=COUNTED)
    sums: dict[Part, Sums] = defaultdict(Sums)
    for part, row in _parts(payouts, of="", plan="plan_version__plan", paid=Sum("amount"), people=PEOPLE):
        sums[part].paid += row["paid"]
        sums[part].people.update(row["people"])
    for part, row in _parts(lines, of="payout__", plan="plan_version__plan", lines=Count("number")):
        sums[part].lines += row["lines"]
    for part, row in _parts(
        departed, of="", plan="plan", number=Count("pk"), cost=Sum("amount"), people=PEOPLE
    ):
        sums[part].people.update(row["people"])
        sums[part].exceptions += row["number"]
        sums[part].amount += row["cost"]
    fewest = 0 if sees_pay else FEWEST
    by_plan = _rows(sums, by=lambda part: part.plan, fewest=fewest)
    return by_plan, _rows(sums, by=lambda part: part.manager, fewest=fewest)


def _parts(
    rows: QuerySet[Any], *, of: str, plan: str, **figures: Any
) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Yield the figures of each plan, manager and currency."""
    grouped = rows.order_by().values(
        group_plan=F(f"{of}{plan}__name"),
        group_manager=F(f"{of}person__manager__details__legal_name"),
        code=F(f"{of}currency"),
    )
    for row in grouped.annotate(**figures):
        yield Part(plan=row["group_plan"], manager=row["group_manager"] or "–", currency=row["code"]), row


def _rows(sums: Mapping[Part, Sums], *, by: Callable[[Part], str], fewest: int) -> list[RateRow]:
    together: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for part, each in sums.items():
        together[by(part), part.currency].add(each)
    rows = [_row(name, currency, each, fewest=fewest) for (name, currency), each in together.items()]
    return sorted(rows, key=lambda row: (-(row.of_lines or 0), row.name, row.currency))


def _row(name: str, currency: str, sums: Sums, *, fewest: int) -> RateRow:
    is_small = len(sums.people) < fewest
    try:
        rate = exception_rate(
            lines=sums.lines, exception_lines=sums.exceptions, paid=sums.paid, exception_paid=sums.amount
        )
    except NothingToCompareWith:
        rate = None
    return RateRow(
        name=name,
        exceptions=sums.exceptions,
        lines=sums.lines,
        amount=None if is_small else sums.amount,
        paid=None if is_small else sums.paid,
        is_small=is_small,
        currency=currency,
        of_lines=rate.of_lines if rate and not is_small else None,
        of_money=rate.of_money if rate and not is_small else None,
    )
