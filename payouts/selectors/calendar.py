"""
The dates of the periods, all on one line: last day, cut-off, review, allocation, pay day.

Review ends some days after the cut-off (a setting of the company), allocation when the pools' windows close. Everybody
sees the dates of their own work: payees pay day, key account managers what waits for them and their pools, others all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from kamcomp.calendar.models import DateChange, Period
from kamcomp.identity.choices import Role
from kamcomp.policy.models import PolicySetting
from kamcomp.visibility import Viewer, visible
from payouts.choices import CalendarKind
from payouts.models import Pool
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING

KAM_KINDS = frozenset({CalendarKind.LAST_DAY, CalendarKind.REVIEW, CalendarKind.WINDOW, CalendarKind.PAY_DAY})
PAYEE_KINDS = frozenset({CalendarKind.PAY_DAY})
DESK = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)


@dataclass(frozen=True)
class PeriodDates:
    """A period with its dates; `windows` are the days on which pools' windows close, as far as the reader sees them."""

    period: Period
    review_on: date
    windows: list[date] = field(default_factory=list)

    @property
    def window_on(self) -> date | None:
        """Return the last day on which any pool is allocated."""
        return max(self.windows, default=None)

    def dates(self) -> list[tuple[CalendarKind, date]]:
        """Return all dates there are, in order."""
        period = self.period
        found = [
            (CalendarKind.LAST_DAY, period.span.last),
            (CalendarKind.CUT_OFF, period.cut_off_on),
            (CalendarKind.REVIEW, self.review_on),
            *((CalendarKind.WINDOW, day) for day in sorted(set(self.windows))),
            (CalendarKind.PAY_DAY, period.pay_on),
        ]
        return [(kind, day) for kind, day in found if day is not None]


@dataclass(frozen=True)
class CalendarDate:
    """One date of a reader's calendar."""

    on: date
    kind: CalendarKind
    period: Period


def kinds_of(*, viewer: Viewer) -> frozenset[CalendarKind]:
    """Return the kinds of dates that are a reader's."""
    if viewer.holds(*DESK):
        return frozenset(CalendarKind)
    kam = KAM_KINDS if viewer.holds(Role.KAM) else frozenset[CalendarKind]()
    return kam | (PAYEE_KINDS if viewer.holds(Role.PAYEE) else frozenset[CalendarKind]())


def period_dates(*, viewer: Viewer, fiscal_year: int | None = None) -> list[PeriodDates]:
    """Return the periods of a fiscal year, or all, with their dates, oldest first. Three queries."""
    periods = visible(Period.objects.select_related("calendar"), to=viewer)
    if fiscal_year is not None:
        periods = periods.filter(fiscal_year=fiscal_year)
    windows: dict[Any, list[date]] = defaultdict(list)
    pools = visible(Pool.objects.filter(closes_on__isnull=False), to=viewer)
    for period_id, closes_on in pools.values_list("period_id", "closes_on"):
        if closes_on is not None:
            windows[period_id].append(closes_on)
    settings = list(PolicySetting.objects.filter(key=WINDOW_SETTING))
    return [
        PeriodDates(period, _review_on(period, settings), windows[period.pk])
        for period in periods.order_by("days", "calendar__code")
    ]


def calendar_dates(*, viewer: Viewer, since: date, until: date) -> list[CalendarDate]:
    """Return a reader's own dates from one day to another, both included, in order."""
    mine = kinds_of(viewer=viewer)
    found = [
        CalendarDate(day, kind, one.period)
        for one in period_dates(viewer=viewer)
        for kind, day in one.dates()
        if kind in mine and since <= day <= until
    ]
    return sorted(found, key=lambda one: (one.on, list(CalendarKind).index(one.kind), one.period.code))


def fiscal_years(*, on: date) -> tuple[list[int], int | None]:
    """Return the fiscal years there are, and the one that a day lies in, or the last."""
    spans = list(Period.objects.values_list("fiscal_year", "days").order_by("days"))
    years = sorted({year for year, _days in spans})
    now = next((year for year, days in spans if days.lower <= on < days.upper), years[-1] if years else None)
    return years, now


def date_changes(*, fiscal_year: int | None, viewer: Viewer, most: int = 10) -> list[DateChange]:
    """Return the dates of a year's periods that were moved, the last one first."""
    rows = visible(DateChange.objects.select_related("period", "created_by"), to=viewer)
    return list(rows.filter(period__fiscal_year=fiscal_year or 0).order_by("-created_at")[:most])


def _review_on(period: Period, settings: list[PolicySetting]) -> date:
    days = next((one.value for one in settings if period.cut_off_on in one.span), WINDOW_DAYS)
    return period.cut_off_on + timedelta(days=int(days))
