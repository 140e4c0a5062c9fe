"""
Acts on fiscal calendars: make one, add its periods, move periods on.

A period only moves on: future -> open -> collecting -> locked. Opening and
cutting off follow the calendar's dates; the lock comes with the run's lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from dateutil.relativedelta import relativedelta
from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal
from kamcomp.spans import Span

MONTHS = {Frequency.MONTH: 1, Frequency.QUARTER: 3, Frequency.HALF_YEAR: 6, Frequency.YEAR: 12}
LETTER = {Frequency.MONTH: "M", Frequency.QUARTER: "Q", Frequency.HALF_YEAR: "H", Frequency.YEAR: "Y"}
CUT_OFF_DAYS = 9
PAY_DAYS = 30
MOST_YEARS, LAST_YEAR = 50, 2999


class PeriodsNotContiguous(Refusal):
    """The periods of a calendar follow each other without gap or overlap."""


class CalendarEmpty(Refusal):
    """A calendar has a code, and at least one period within the days there are."""


class CalendarExists(Refusal):
    """A calendar code is used once."""


@dataclass(frozen=True)
class PeriodDraft:
    """A period as planned: its code, place in the fiscal year and days."""

    code: str
    fiscal_year: int
    number: int
    span: Span
    cut_off_on: date
    pay_on: date | None


def regular_periods(*, first_day: date, frequency: Frequency, years: int) -> list[PeriodDraft]:
    """
    Return the periods of `years` fiscal years from `first_day`, of one length.

    A fiscal year is named for the calendar year in which it ends.

    :raises CalendarEmpty: if `years` gives no period, or reaches past MOST_YEARS.
    """
    if not 1 <= years <= MOST_YEARS or first_day.year > LAST_YEAR:
        raise CalendarEmpty(
            "%(years)s year(s) from %(first_day)s make no calendar: say 1 to %(most_years)s "
            "years, that begin in %(last_year)s at the latest.",
            years=years,
            first_day=first_day,
            most_years=MOST_YEARS,
            last_year=LAST_YEAR,
        )
    months, drafts = MONTHS[frequency], []
    for index in range(years * 12 // months):
        since = first_day + relativedelta(months=index * months)
        until = first_day + relativedelta(months=(index + 1) * months)
        year_start = first_day + relativedelta(years=index * months // 12)
        fiscal_year = (year_start + relativedelta(years=1) - timedelta(days=1)).year
        number = index * months % 12 // months + 1
        code = str(fiscal_year) if months == 12 else f"{fiscal_year}-{LETTER[frequency]}{number}"
        drafts.append(
            PeriodDraft(
                code=code,
                fiscal_year=fiscal_year,
                number=number,
                span=Span(since, until),
                cut_off_on=until + timedelta(days=CUT_OFF_DAYS - 1),
                pay_on=until + timedelta(days=PAY_DAYS - 1),
            )
        )
    return drafts


@act
def calendar_make(
    *, code: str, name: str, frequency: Frequency, periods: Iterable[PeriodDraft], by: User
) -> FiscalCalendar:
    """
    Make a calendar with its periods, all in the future.

    :raises CalendarEmpty: if it has no code or no period.
    :raises CalendarExists: if the code is taken.
    :raises PeriodsNotContiguous: if a period does not begin where the one before it ends.
    """
    periods = list(periods)
    if not code.strip() or not periods:
        raise CalendarEmpty("A calendar has a code, and at least one period.")
    if FiscalCalendar.objects.filter(code=code).exists():
        raise CalendarExists("There is a calendar %(code)s already; add periods to it instead.", code=code)
    calendar = FiscalCalendar.objects.create(code=code, name=name, frequency=frequency, created_by=by)
    periods_add(calendar=calendar, periods=periods, by=by)
    return calendar


@act
def periods_add(*, calendar: FiscalCalendar, periods: Iterable[PeriodDraft], by: User) -> list[Period]:
    """
    Add periods behind the last one of a calendar.

    :raises PeriodsNotContiguous: if one does not begin where the one before it ends.
    """
    drafts = sorted(periods, key=lambda draft: draft.span.since)
    last = calendar.periods.order_by("-days").first()
    check_contiguous(spans=[*([last.span] if last else []), *(draft.span for draft in drafts)])
    return Period.objects.bulk_create(
        Period(
            calendar=calendar,
            code=draft.code,
            fiscal_year=draft.fiscal_year,
            number=draft.number,
            days=DateRange(draft.span.since, draft.span.until),
            cut_off_on=draft.cut_off_on,
            pay_on=draft.pay_on,
            created_by=by,
        )
        for draft in drafts
    )


def check_contiguous(*, spans: Sequence[Span]) -> None:
    """
    Check that each span begins where the one before it ends.

    :raises PeriodsNotContiguous: naming the two spans that do not meet.
    """
    for before, after in pairwise(spans):
        if before.until != after.since:
            raise PeriodsNotContiguous(
                "The period from %(since)s must begin the day after %(last)s, when the period before "
                "it ends.",
                since=after.since,
                last=before.last,
            )


@act
def periods_advance(*, calendar: FiscalCalendar | None = None, on: date) -> list[Period]:
    """
    Move every period on as its dates say for the day `on`.

    A period opens on its first day and collects results after its last.
    """
    periods = Period.objects.select_for_update(no_key=True).filter(
        status__in=[PeriodStatus.FUTURE, PeriodStatus.OPEN]
    )
    if calendar is not None:
        periods = periods.filter(calendar=calendar)
    moved = []
    for period in periods:
        due = statuses_due(period=period, on=on)
        for status in due:
            period.status = status
            period.save(update_fields=["status"])
        if due:
            moved.append(period)
    return moved


def statuses_due(*, period: Period, on: date) -> list[PeriodStatus]:
    """Return the states a period has still to pass through by the day `on`, in order."""
    due = []
    if period.status == PeriodStatus.FUTURE and period.days.lower <= on:
        due.append(PeriodStatus.OPEN)
    if period.days.upper <= on and period.status in (PeriodStatus.FUTURE, PeriodStatus.OPEN):
        due.append(PeriodStatus.COLLECTING)
    return due
