"""Fiscal calendars: the periods that pay is computed, reviewed and locked by."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from kamcomp.calendar.choices import DateKind, Frequency, PeriodStatus
from kamcomp.records import Record
from kamcomp.spans import Span


class FiscalCalendar(Record):
    """A row of periods of one length, without gap or overlap."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    frequency = models.CharField(max_length=10, choices=Frequency, default=Frequency.QUARTER)

    def __str__(self) -> str:
        return self.name


class Period(Record):
    """One period of a calendar. `days` is half-open; `code` is what people say: 2026-Q3."""

    calendar = models.ForeignKey(FiscalCalendar, models.PROTECT, related_name="periods")
    code = models.CharField(max_length=20)
    fiscal_year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField(help_text="Counted within the fiscal year, from 1.")
    days = DateRangeField()
    cut_off_on = models.DateField(help_text="Last day on which results are collected.")
    pay_on = models.DateField(null=True)
    status = models.CharField(max_length=12, choices=PeriodStatus, default=PeriodStatus.FUTURE)

    class Meta:
        ordering = ["calendar", "days"]
        constraints = [
            models.UniqueConstraint(name="periods_one_code_a_calendar", fields=["calendar", "code"]),
            models.UniqueConstraint(
                name="periods_one_number_a_year", fields=["calendar", "fiscal_year", "number"]
            ),
            ExclusionConstraint(
                name="periods_do_not_overlap",
                expressions=[("calendar", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="periods_status_is_known", condition=models.Q(status__in=PeriodStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def span(self) -> Span:
        """Return the days of the period."""
        return Span(self.days.lower, self.days.upper)


class DateChange(Record):
    """A date of a period that was moved: from when to when, by whom, and why."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="date_changes")
    kind = models.CharField(max_length=7, choices=DateKind)
    before = models.DateField(null=True)
    after = models.DateField()
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.period}: {self.get_kind_display().lower()} {self.after}"


class CalendarFeed(Record):
    """A user's private address of the calendar, for a calendar program; only a digest of its token is kept."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed")
    token_digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"calendar of {self.user}"
