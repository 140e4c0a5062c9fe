"""
Proration: how much of a window a person was there, and their target incentive for it.

A year's target incentive is spread over the periods by a named rule; each period's part
is scaled by the days, working days or full months present, by part time and dedication
where the plan says so. Splitting a span of days at any day changes nothing. Pure.
Rule: docs/reference/formulas.md, "Target incentive and proration".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask, NumberSystem, sums_by, whole
from kamcomp.money import without_tail
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import (
    Leave,
    PartialMonth,
    ProrationBasis,
    ProrationOf,
    Scaling,
    Spread,
    TargetSource,
    Window,
)
from plans.engine.inputs import Calendar, Ints, Period, Spans, Year
from plans.engine.plan import Plan


@dataclass(frozen=True, kw_only=True)
class WindowIncentive:
    """
    Of a window, per row: the target incentive; the part of it that falls on leave and is
    paid apart (`leave`, only under history_average); and presence as `present` of `whole`.
    """

    target: Column
    leave: Column
    present: Column
    whole: Any


def window_incentive(
    *,
    plan: Plan,
    spans: Spans,
    calendar: Calendar,
    window: Window,
    years: int,
    size: int,
    share: Column | None,
    numbers: NumberSystem,
    trace: Trace = NO_TRACE,
) -> WindowIncentive:
    """
    Return target incentive and presence of `size` rows over a window.

    For each period of the window and each span of days: yearly amount x the period's part of
    the year x counted / countable, x FTE and x dedication where the plan prorates by them.
    Without incentive proration, the last span of a period counts for all of it.

    Shape: spans as columns of s rows, results as columns of `size` rows.
    Units: money of the plan's currency; presence in the plan's own counting (days, months).
    Source: docs/reference/formulas.md, "Target incentive and proration".
    """
    yearly = _yearly(plan, spans, share, numbers)
    target, leave, present = numbers.zeros(size), numbers.zeros(size), numbers.zeros(size)
    countable_all = 0
    for year, period in calendar.window(window, years=years):
        counted, countable = counted_presence(
            plan=plan, spans=spans, period=period, holidays=calendar.holidays, numbers=numbers
        )
        if not plan_prorates(plan, ProrationOf.INCENTIVE):
            paid = _last_span(spans, period, countable, numbers)
        else:
            paid = counted
        above, below = period_part(plan=plan, year=year, period=period, numbers=numbers)
        money = yearly * above * paid / (below * countable)
        absent = spans.on_leave & (plan.proration.leave is Leave.HISTORY_AVERAGE)
        target = target + sums_by(spans.row[~absent], money[~absent], size=size)
        if absent.any():
            leave = leave + sums_by(spans.row[absent], money[absent], size=size)
        here = ~(spans.on_leave & (plan.proration.leave is not Leave.NO_CHANGE))
        present = present + sums_by(spans.row[here], counted[here], size=size)
        countable_all += countable
    if plan.proration.basis is ProrationBasis.FULL_MONTHS:
        present = without_tail(present)  # thirds of a month, cut by a change of job, are a whole month again
    trace.step(
        f"target incentive ({window})", target, unit="money", inputs={"present": present, "of": countable_all}
    )
    return WindowIncentive(target=target, leave=leave, present=present, whole=numbers.number(countable_all))


def plan_prorates(plan: Plan, what: ProrationOf) -> bool:
    """Tell whether presence scales the incentive, or the target, under a plan."""
    return what in plan.proration.of


def period_part(*, plan: Plan, year: Year, period: Period, numbers: NumberSystem) -> tuple[Any, Any]:
    """Return a period's part of the year's target incentive, as numerator and denominator."""
    if plan.target_incentive.spread is Spread.DAYS:
        return numbers.number(period.days), numbers.number(year.days)
    if plan.target_incentive.spread is Spread.WEIGHTS:
        return plan.target_incentive.weights[year.periods.index(period)], numbers.number(1)
    return numbers.number(1), numbers.number(len(year.periods))


def counted_presence(
    *, plan: Plan, spans: Spans, period: Period, holidays: tuple[date, ...], numbers: NumberSystem
) -> tuple[Column, int]:
    """
    Return what each span counts in a period, and what a whole period counts.

    `calendar_days` and `working_days` (Monday to Friday but holidays) count days;
    `full_months` counts months: a month present on every day is one, a month present on
    some counts by the plan's rule, shared between the spans of the row by days.
    """
    if plan.proration.basis is ProrationBasis.FULL_MONTHS:
        return _months(plan, spans, period, numbers)
    days = _days(spans, period.since, period.until)
    if plan.proration.basis is ProrationBasis.WORKING_DAYS:
        days = _working_days(spans, period, holidays, days)
        countable = int(np.busday_count(period.since, period.until, holidays=list(holidays)))
        return _whole(days, numbers), countable
    return _whole(days, numbers), period.days


def _yearly(plan: Plan, spans: Spans, share: Column | None, numbers: NumberSystem) -> Column:
    yearly = numbers.convert(spans.target_incentive)
    if plan.target_incentive.source is TargetSource.SHARE_OF_BASE and share is not None:
        yearly = numbers.convert(spans.base_salary) * share[spans.row]
    if plan.proration.part_time is Scaling.PRORATE:
        yearly = yearly * numbers.convert(spans.fte)
    if plan.proration.dedication is Scaling.PRORATE:
        yearly = yearly * numbers.convert(spans.dedication)
    return yearly * _paid_on_leave(plan, spans, numbers)


def _paid_on_leave(plan: Plan, spans: Spans, numbers: NumberSystem) -> Column:
    prorated = plan_prorates(plan, ProrationOf.INCENTIVE) and plan.proration.leave is Leave.PRORATE
    unpaid = spans.on_leave & prorated
    return _whole((~unpaid).astype(np.int64), numbers)


def _days(spans: Spans, since: date, until: date) -> Ints:
    first = np.maximum(spans.since, since.toordinal())
    last = np.minimum(spans.until, until.toordinal())
    return np.maximum(last - first, 0)


def _working_days(spans: Spans, period: Period, holidays: tuple[date, ...], days: Ints) -> Ints:
    epoch = date(1970, 1, 1).toordinal()
    first = np.maximum(spans.since, period.since.toordinal()) - epoch
    counted: Ints = np.zeros_like(days)
    some = days > 0
    counted[some] = np.busday_count(
        first[some].astype("datetime64[D]"),
        (first + days)[some].astype("datetime64[D]"),
        holidays=list(holidays),
    )
    return counted


def _months(plan: Plan, spans: Spans, period: Period, numbers: NumberSystem) -> tuple[Column, int]:
    months = month_starts(period)
    counted = numbers.zeros(len(spans.row))
    rows = int(spans.row.max()) + 1 if len(spans.row) else 0
    for since, until in months:
        days = np.where(_absent(plan, spans), 0, _days(spans, since, until))
        in_month = np.bincount(spans.row, weights=days, minlength=rows).astype(np.int64)
        counts = _month_counts(plan, in_month, (until - since).days)[spans.row] & (days > 0)
        share = _whole(days[counts], numbers) / _whole(in_month[spans.row][counts], numbers)
        counted[counts] = counted[counts] + share
    return counted, len(months)


def _absent(plan: Plan, spans: Spans) -> Mask:
    return spans.on_leave & (plan.proration.leave is Leave.PRORATE)


def _month_counts(plan: Plan, present: Ints, days: int) -> Mask:
    if plan.proration.partial_month is PartialMonth.COUNTS:
        return present > 0
    if plan.proration.partial_month is PartialMonth.DOES_NOT_COUNT:
        return present == days
    return present * 2 >= days


def month_starts(period: Period) -> list[tuple[date, date]]:
    """Return the months of a period as half-open day ranges, counted from its first day."""
    months, since = [], period.since
    while since < period.until:
        until = date(since.year + since.month // 12, since.month % 12 + 1, min(since.day, 28))
        months.append((since, min(until, period.until)))
        since = until
    return months


def _last_span(spans: Spans, period: Period, countable: int, numbers: NumberSystem) -> Column:
    """Return the whole period for the last span of each row that touches it, nothing for the others."""
    days = _days(spans, period.since, period.until)
    latest: dict[int, int] = {}
    for i in np.flatnonzero(days > 0).tolist():
        row = int(spans.row[i])
        if row not in latest or spans.since[i] > spans.since[latest[row]]:
            latest[row] = i
    counted = np.zeros(len(days), dtype=np.int64)
    counted[list(latest.values())] = countable
    return _whole(counted, numbers)


def _whole(column: Ints, numbers: NumberSystem) -> Column:
    return whole(column, like=numbers.zeros(0))
