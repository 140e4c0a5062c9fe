"""What the start page shows: how much of everything there is, and the latest periods. No names, no pay."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_noop

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from payouts.models import Run
from plans.choices import VersionStatus
from plans.models import Assignment, Plan, PlanVersion
from scorecards.models import Target
from teams.models import Person, StrategicAccount

PERIODS_SHOWN = 12


@dataclass(frozen=True)
class Stock:
    """How many rows of one kind there are."""

    label: str
    count: int


@dataclass(frozen=True)
class PeriodRow:
    """One period of a calendar, with the run that counts. Days are inclusive here, as people read them."""

    calendar: str
    code: str
    first_on: date
    last_on: date
    status: str
    runs: int
    run_number: int | None
    run_status: str


def home_stock() -> list[Stock]:
    """Return the counts of what a company has here, in the order in which it comes about."""
    kinds: tuple[tuple[str, type[Model]], ...] = (
        ("Key accounts", StrategicAccount),
        ("People", Person),
        ("Plans", Plan),
        ("Periods", Period),
        ("Runs", Run),
    )
    return [Stock(label=label, count=kind._default_manager.count()) for label, kind in kinds]


@dataclass(frozen=True)
class SetupStep:
    """A step of setting a company up, and whether the facts show it done."""

    label: str
    done: bool


def home_setup() -> list[SetupStep]:
    """Return the steps to the first run, each with whether facts show it done; none once a run was made."""
    if Run.objects.exists():
        return []
    published = PlanVersion.objects.filter(status=VersionStatus.PUBLISHED)
    steps: tuple[tuple[str, QuerySet[Any]], ...] = (
        (gettext_noop("Make the fiscal calendar"), Period.objects.all()),
        (gettext_noop("Bring in people and their pay"), Person.objects.all()),
        (gettext_noop("Bring in key accounts and their teams"), StrategicAccount.objects.all()),
        (gettext_noop("Publish a plan"), published),
        (gettext_noop("Put people on their plan"), Assignment.objects.all()),
        (gettext_noop("Agree on targets"), Target.objects.all()),
    )
    return [SetupStep(label=label, done=rows.exists()) for label, rows in steps]


def home_periods() -> list[PeriodRow]:
    """Return the latest periods that have begun to matter, newest first, in three queries."""
    begun = ~Q(status=PeriodStatus.FUTURE)
    shown = list(Period.objects.filter(begun).select_related("calendar").order_by("-days")[:PERIODS_SHOWN])
    runs = Run.objects.filter(period__in=shown)
    counts = Counter(runs.values_list("period_id", flat=True))
    current = {run.period_id: run for run in runs.filter(is_current=True)}
    return [_row(period=period, runs=counts[period.pk], run=current.get(period.pk)) for period in shown]


def _row(*, period: Period, runs: int, run: Run | None) -> PeriodRow:
    return PeriodRow(
        calendar=period.calendar.name,
        code=period.code,
        first_on=period.days.lower,
        last_on=period.days.upper - timedelta(days=1),
        status=period.get_status_display(),
        runs=runs,
        run_number=run.number if run else None,
        run_status=run.get_status_display() if run else "",
    )
