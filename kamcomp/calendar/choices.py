"""States of a period and lengths of a calendar's periods."""

from django.db.models import TextChoices


class PeriodStatus(TextChoices):
    """It only moves on; a locked period never reopens."""

    FUTURE = "future", "Future"
    OPEN = "open", "Open"
    COLLECTING = "collecting", "Collecting results"
    LOCKED = "locked", "Locked"


class Frequency(TextChoices):
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    HALF_YEAR = "half_year", "Half-year"
    YEAR = "year", "Year"


class DateKind(TextChoices):
    """The dates of a period that may be moved."""

    CUT_OFF = "cut_off", "Results are collected until"
    WINDOW = "window", "Pools are allocated until"
    PAY_DAY = "pay_day", "Pay day"
