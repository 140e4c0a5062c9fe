"""
The results of a period, computed from facts and kept.

A result is a fact like any other: a computation that comes out differently writes a new
row, and the old one keeps the moment until which it was believed. What comes out the
same is left alone. Rule: docs/reference/metrics.md, "Results".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.models import User
from kamcomp.money import CONTEXT
from kamcomp.refusal import Refusal
from scorecards.choices import MetricSource, ResultStatus
from scorecards.engine.metric import MetricState
from scorecards.models import Result
from scorecards.selectors.measure import CurrencyUnknown as CurrencyUnknown
from scorecards.selectors.measure import Measured, results_measured
from scorecards.selectors.needs import ResultNeed, reads_team_pay, result_needs
from scorecards.selectors.team_pay import VariablePaid

DIGITS = Decimal(1).scaleb(-34)
WIDE = CONTEXT.copy()
WIDE.prec = 60
MONEY = "money"
VALUED = (ResultStatus.PROVISIONAL, ResultStatus.FINAL, ResultStatus.RESTATED)
BATCH = 2_000

Key = tuple[str, str, UUID | None, UUID | None, UUID | None]


class CalendarMismatch(Refusal):
    """A period belongs to one calendar."""


class ResultsNewer(Refusal):
    """Results were computed at a later moment than the one asked for."""


@dataclass(frozen=True)
class ResultsComputed:
    """How many results were measured: new, changed, the same, and how many of them have no value."""

    new: int
    changed: int
    same: int
    without_value: int


@act
def results_compute(
    *,
    period: Period,
    by: User | None,
    at: datetime,
    calendar: FiscalCalendar | None = None,
    needed: Iterable[ResultNeed] | None = None,
    variable_paid: VariablePaid | None = None,
) -> ResultsComputed:
    """
    Compute the results a period needs from the facts known at `at`, and keep what changed.

    Without `needed`: everything that has a target, and the library's metrics of each
    account of the programme as far as they have a value. A new result is provisional
    until the period is cut off and final after; one that replaces another is restated.
    A locked period's results change too: what was paid on the old ones is corrected by
    adjustments. `variable_paid` is variable pay by account and period, which the payouts
    know: without it M27 stays what it is, missing until they have said it.

    :raises CalendarMismatch: if the period is not one of the calendar named.
    :raises ResultsNewer: if results of the period were computed after `at`.
    :raises MetricUnknown, CurrencyUnknown, RateMissing: as measuring does.
    """
    if calendar is not None and calendar.pk != period.calendar_id:
        raise CalendarMismatch(
            "%(period)s is not a period of calendar %(calendar)s.", period=period, calendar=calendar.code
        )
    period = Period.objects.select_for_update(no_key=True).select_related("calendar").get(pk=period.pk)
    needs = list(
        result_needs(period=period) if needed is None else {need.key: need for need in needed}.values()
    )
    believed = _believed(period=period, at=at)
    if variable_paid is None:
        needs = [need for need in needs if need.key not in believed or not reads_team_pay(metric=need.metric)]
    fresh = [
        (one, _row(period=period, one=one, before=believed.get(one.need.key), at=at))
        for one in results_measured(period=period, needed=needs, known_at=at, variable_paid=variable_paid)
    ]
    kept = [(one, row) for one, row in fresh if row.value is not None or _is_told(one, believed)]
    changed = [(one, row) for one, row in kept if not _same(believed.get(one.need.key), row)]
    replaced = [believed[one.need.key].pk for one, _ in changed if one.need.key in believed]
    Result.objects.filter(pk__in=replaced).update(superseded_at=at)
    Result.objects.bulk_create([row for _, row in changed], batch_size=BATCH)
    return ResultsComputed(
        new=len(changed) - len(replaced),
        changed=len(replaced),
        same=len(kept) - len(changed),
        without_value=sum(row.value is None for _, row in kept),
    )


def _believed(*, period: Period, at: datetime) -> dict[Key, Result]:
    """Return the results of the period that are believed now, by what they are of."""
    rows = list(
        Result.objects.current()
        .filter(period=period, metric__source=MetricSource.COMPUTED)
        .select_related("metric")
    )
    newest = max((row.recorded_at for row in rows), default=at)
    if newest > at:
        raise ResultsNewer(
            "Results of %(period)s were computed at %(newest)s, after %(at)s: compute them as of "
            "now, or start a new run.",
            period=period,
            newest=f"{newest:%Y-%m-%d %H:%M:%S.%f}",
            at=f"{at:%Y-%m-%d %H:%M:%S.%f}",
        )
    return {(row.metric.code, row.window, row.node_id, row.person_id, row.segment_id): row for row in rows}


def _row(*, period: Period, one: Measured, before: Result | None, at: datetime) -> Result:
    need, result = one.need, one.result
    return Result(
        metric=one.metric,
        period=period,
        window=need.window,
        node_id=need.node_id,
        person_id=need.person_id,
        segment_id=need.segment_id,
        numerator=_kept(result.numerator),
        denominator=_kept(result.denominator),
        value=_kept(result.value),
        currency=one.currency if result.unit == MONEY else "",
        sample=result.sample,
        status=_status(period=period, state=result.state, before=before),
        note=result.reason
        if result.state is not MetricState.NOT_MEASURABLE
        else f"not measurable: {result.reason}",
        as_of=at.date(),
        recorded_at=at,
    )


def _status(*, period: Period, state: MetricState, before: Result | None) -> ResultStatus:
    if state is MetricState.INSUFFICIENT_SAMPLE:
        return ResultStatus.INSUFFICIENT
    if state is not MetricState.FINAL:
        return ResultStatus.MISSING
    if before is not None and before.value is not None:
        return ResultStatus.RESTATED
    collected = period.status in (PeriodStatus.COLLECTING, PeriodStatus.LOCKED)
    return ResultStatus.FINAL if collected else ResultStatus.PROVISIONAL


def _is_told(one: Measured, believed: dict[Key, Result]) -> bool:
    """Tell whether a result without a value is kept: it was asked for by name, or had a value before."""
    return not one.need.optional or one.need.key in believed


def _same(before: Result | None, row: Result) -> bool:
    if before is None:
        return False
    figures: Sequence[str] = ("numerator", "denominator", "value", "currency", "sample", "note")
    if any(getattr(before, name) != getattr(row, name) for name in figures):
        return False
    return before.status == row.status or (before.status in VALUED and row.status in VALUED)


def _kept(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else figure.quantize(DIGITS, context=WIDE)
