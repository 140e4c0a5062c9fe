"""How far back and ahead a run reads for a plan version: the days, the fiscal years, the periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal
from payouts.selectors.inputs.reads import KeyRead, PlanReads, plan_of, plan_reads
from plans.engine.conventions import Window
from plans.engine.inputs import Calendar, ResultKey, Year
from plans.engine.inputs import Period as EnginePeriod
from plans.models import PlanVersion

PERIODS_A_YEAR = {Frequency.MONTH: 12, Frequency.QUARTER: 4, Frequency.HALF_YEAR: 2, Frequency.YEAR: 1}


class FiscalYearIncomplete(Refusal):
    """A fiscal year lacks periods, so a year's target incentive cannot be spread over it."""


@dataclass(frozen=True)
class Reach:
    """
    What a plan version reads of the calendar: days [since, until) and the engine's calendar.

    `since` and `until` hold every window the plan reads; a plan that measures periods only
    reaches no further than the period. `owed_since` and `owed_until` hold the windows it
    owes for, to the period's end.
    """

    since: date
    until: date
    owed_since: date
    owed_until: date
    calendar: Calendar

    def window_days(self, window: Window, *, years: int) -> tuple[date, date]:
        """Return the days of a window, half-open; several years are those up to the period's own."""
        years = self.calendar.year + 1 if window is Window.MULTI_YEAR else years
        periods = [period for _year, period in self.calendar.window(window, years=years)]
        return periods[0].since, periods[-1].until

    def key_days(self, key: ResultKey, *, years: int) -> tuple[date, date] | None:
        """Return the days, half-open, of the window a result is read over; None where the calendar is too short."""
        if key.rolling is None:
            return self.window_days(Window(key.window), years=years)
        periods = [period for _year, period in self.calendar.rolling(key.rolling)]
        return (periods[0].since, periods[-1].until) if periods else None


def read_now(*, read: KeyRead, reach: Reach) -> bool:
    """
    Tell whether a result is read in this period.

    One over several years only in the last period of them; one over a rolling window where the
    calendar has its periods.
    """
    if read.key.rolling is not None:
        return bool(reach.calendar.rolling(read.key.rolling))
    if read.key.window != Window.MULTI_YEAR:
        return True
    return any(reach.calendar.ends(years=years) for years in read.years)


def version_reach(*, version: PlanVersion, period: Period) -> Reach:
    """
    Return how far a run of `period` reads for a plan version.

    :raises FiscalYearIncomplete: if a fiscal year in reach lacks periods, or the calendar begins after the plan.
    """
    plan = plan_of(version.document)
    reads = plan_reads(plan)
    calendar = _calendar(version=version, period=period, reads=reads)
    since, until = period.days.lower, period.days.upper
    for window in reads.windows:
        days = [each for _year, each in calendar.window(window, years=reads.years)]
        since = min(since, days[0].since)
        until = max(until, days[-1].until) if window is Window.YEAR else until
    if reads.counts_periods:
        since = min(since, calendar.years[0].periods[0].since)
    owed = [each.since for window in reads.owed for _year, each in calendar.window(window, years=reads.years)]
    return Reach(
        since=since,
        until=until,
        owed_since=min(owed),
        owed_until=period.days.upper,
        calendar=calendar,
    )


def _calendar(*, version: PlanVersion, period: Period, reads: PlanReads) -> Calendar:
    first = period.fiscal_year
    stored = list(
        Period.objects.filter(calendar_id=period.calendar_id).order_by("days").select_related("calendar")
    )
    if Window.MULTI_YEAR in reads.windows:
        first = _first_year(version=version, stored=stored)
    elif reads.counts_periods:
        first = next((each for each in stored if each.days.upper > version.valid.lower), period).fiscal_year
    first = min(first, _rolling_since(stored=stored, period=period, reads=reads))
    years = tuple(_year(stored, number) for number in range(first, period.fiscal_year + 1))
    current = years[period.fiscal_year - first].periods
    return Calendar(
        years=years,
        year=period.fiscal_year - first,
        period=next(i for i, each in enumerate(current) if each.since == period.days.lower),
    )


def _rolling_since(*, stored: list[Period], period: Period, reads: PlanReads) -> int:
    """Return the fiscal year in which the longest rolling window begins, as far back as the calendar goes."""
    known = [each.fiscal_year for each in stored if each.days.lower <= period.days.lower]
    back = max((rolling.periods for rolling in reads.rolling), default=1)
    return known[-back:][0]


def _first_year(*, version: PlanVersion, stored: list[Period]) -> int:
    """Return the fiscal year in which a version begins: goals over several years count from there."""
    begins = next((each for each in stored if version.valid.lower in each.span), None)
    if begins is None:
        raise FiscalYearIncomplete(
            "%(version)s begins on %(lower)s, before the first period of %(calendar)s, and has a "
            "goal over several years: add the calendar's periods from that day on.",
            version=version,
            lower=version.valid.lower,
            calendar=stored[0].calendar,
        )
    return begins.fiscal_year


def _year(stored: list[Period], number: int) -> Year:
    mine = [period for period in stored if period.fiscal_year == number]
    frequency: Any = mine[0].calendar.frequency if mine else stored[0].calendar.frequency
    if len(mine) != PERIODS_A_YEAR[Frequency(frequency)]:
        raise FiscalYearIncomplete(
            "Fiscal year %(number)s of %(calendar)s has %(mine_count)s of %(periods_a_year)s "
            "periods: add the missing periods to the calendar first.",
            number=number,
            calendar=stored[0].calendar,
            mine_count=len(mine),
            periods_a_year=PERIODS_A_YEAR[Frequency(frequency)],
        )
    return Year(
        name=str(number),
        periods=tuple(EnginePeriod(each.code, each.days.lower, each.days.upper) for each in mine),
    )
