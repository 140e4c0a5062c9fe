"""
The locked past that a plan is replayed on: everything that is read for it, so that the replay itself only computes.

A locked run never changes, so that what was read for a plan serves each change of it that reads nothing else: a few
are held in memory for the designer. Simulations start from the same inputs.
Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import Sum

from payouts.models import Payout, PayoutLine, Run
from payouts.selectors.inputs.reads import PlanReads, plan_reads
from payouts.selectors.replays.pools import PoolThen, pools_then
from payouts.selectors.replays.sources import Source, locked_runs, sources_of
from plans.engine.plan import Plan
from plans.models import PlanVersion
from teams.models import Person

ZERO = Decimal(0)
MOST_HELD = 6
Closings = Mapping[tuple[str, UUID], Mapping[str, Decimal]]


@dataclass(frozen=True, kw_only=True)
class PastPeriod:
    """
    One locked run as a plan is replayed on it: inputs by chunk, what was paid, and the pools that were funded.

    `ids` are of everybody these plans paid or tried to pay, by employee id; `paid` is by employee id; `closings` are
    what payouts closed with, by employee id and version; `lines` what each leaf paid, by person.
    """

    run: Run
    sources: Sequence[Source]
    ids: Mapping[str, UUID]
    paid: Mapping[str, Decimal]
    closings: Closings
    lines: Sequence[tuple[UUID, str, Decimal]]
    pools: Sequence[PoolThen]


@dataclass(frozen=True, kw_only=True)
class Past:
    """The periods, oldest first, and what the plan they were read for reads."""

    periods: Sequence[PastPeriod]
    reads: PlanReads

    @property
    def payouts(self) -> int:
        """Return how many payouts a replay on it computes."""
        return sum(len(source.inputs.payees) for period in self.periods for source in period.sources)


def past_of(*, version: PlanVersion, plan: Plan, periods: int | Sequence[str], plans: Sequence[str]) -> Past:
    """
    Return the past of the people whom `plans` (codes) paid in locked periods (named, or the last so many), for a plan.

    `version` is the plan as a version, stored or what a working draft would become.

    :raises NothingToReplay: if no locked period paid them.
    :raises ReplayInAnotherCurrency: if a period was paid in another currency than the plan's.
    """
    runs = locked_runs(calendar=version.plan.calendar, plans=plans, periods=periods)
    return _read(runs, version=version, plan=plan, plans=plans)


def past_held(
    *, version: PlanVersion, plan: Plan, periods: int | Sequence[str], plans: Sequence[str]
) -> Past:
    """Return the same, taken from memory where it was read for a plan that reads the same of the same runs."""
    runs = locked_runs(calendar=version.plan.calendar, plans=plans, periods=periods)
    key, reads = (version.pk, tuple(run.pk for run in runs), tuple(plans), plan.currency), plan_reads(plan)
    with _lock:
        held = _held.get(key)
    if held is not None and held.reads == reads:
        return held
    found = _read(runs, version=version, plan=plan, plans=plans)
    with _lock:
        _held[key] = found
        _held.move_to_end(key)
        while len(_held) > MOST_HELD:
            _held.popitem(last=False)
    return found


_held: OrderedDict[tuple[Any, ...], Past] = OrderedDict()
_lock = Lock()


def payouts_of(*, version: PlanVersion, periods: int | Sequence[str], plans: Sequence[str]) -> int:
    """
    Return how many payouts a replay would compute, without reading them.

    :raises NothingToReplay: if no locked period paid these people.
    """
    runs = locked_runs(calendar=version.plan.calendar, plans=plans, periods=periods)
    return Payout.objects.filter(run__in=runs, plan_version__plan__code__in=plans).count()


def _read(runs: Sequence[Run], *, version: PlanVersion, plan: Plan, plans: Sequence[str]) -> Past:
    return Past(
        periods=[_period(run, version=version, plan=plan, plans=plans) for run in runs],
        reads=plan_reads(plan),
    )


def _period(run: Run, *, version: PlanVersion, plan: Plan, plans: Sequence[str]) -> PastPeriod:
    paid, closings = paid_by_plans(run=run, plans=plans)
    return PastPeriod(
        run=run,
        sources=list(sources_of(run=run, version=version, plan=plan, plans=plans)),
        ids=_people(run, plans),
        paid=paid,
        closings=closings,
        lines=_lines(run, plans),
        pools=pools_then(run=run, plans=plans),
    )


def _people(run: Run, plans: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of everybody a run paid or tried to pay by these plans, by employee id."""
    rows = Person.objects.filter(
        assignments__plan__code__in=plans, assignments__valid__overlap=run.period.days
    )
    known = dict(rows.values_list("employee_id", "pk"))
    paid = Payout.objects.filter(run=run, plan_version__plan__code__in=plans)
    return known | dict(paid.values_list("person__employee_id", "person_id"))


def paid_by_plans(*, run: Run, plans: Sequence[str]) -> tuple[dict[str, Decimal], Closings]:
    """Return what was paid by employee id, and what each payout closed with by employee id and version."""
    amounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
    closings = {}
    rows = Payout.objects.filter(run=run, plan_version__plan__code__in=plans)
    for employee_id, version_id, amount, carried, closing in rows.values_list(
        "person__employee_id", "plan_version_id", "amount", "carried", "closing"
    ):
        amounts[employee_id] += amount
        balances = {name: Decimal(value) for name, value in closing.items()}
        closings[employee_id, version_id] = {**balances, "carried": carried}
    return dict(amounts), closings


def _lines(run: Run, plans: Sequence[str]) -> list[tuple[UUID, str, Decimal]]:
    rows = PayoutLine.objects.filter(
        payout__run=run, period_id=run.period_id, payout__plan_version__plan__code__in=plans
    )
    return list(rows.order_by().values_list("payout__person_id", "leaf").annotate(Sum("amount")))
