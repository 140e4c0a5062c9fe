"""
Windows: the days a metric is read over, half-open, and the days it is compared with.

A window is `[since, until)`. The window before it (`year_before`) is the same days a
year earlier; `trailing` reaches back a number of months from the window's end. Moving
by months keeps the day where the month has it and takes the month's last day where it
has not, so that 31 August less six months is 28 February (29 in a leap year).

Results are kept by the word of their window; that of a rolling one says how many periods
it holds (`Rolling`).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from kamcomp.refusal import Refusal
from kamcomp.sentences import Sentence


class WindowEmpty(Refusal):
    """A window has to hold at least one day."""


def months_moved(*, day: date, months: int) -> date:
    """Return `day` moved by `months` (may be negative), kept inside the month it lands in."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The days from `since` up to, not including, `until`."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.since:
            raise WindowEmpty(
                "The window from %(since)s to %(until)s holds no day; its end must be later.",
                since=self.since,
                until=self.until,
            )

    def __contains__(self, day: date) -> bool:
        return self.since <= day < self.until

    def __str__(self) -> str:
        return f"{self.since} to {self.last}"

    @property
    def last(self) -> date:
        """Return the last day, included."""
        return self.until - timedelta(days=1)

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.until - self.since).days

    def year_before(self) -> Window:
        """
        Return the same days one year earlier.

        Both bounds move, so a window that starts after one ends still does so a year
        before: the prior windows of consecutive quarters are consecutive too.
        """
        return Window(months_moved(day=self.since, months=-12), months_moved(day=self.until, months=-12))

    def months_before(self, *, months: int) -> Window:
        """Return the `months` months that end where this window starts."""
        return Window(months_moved(day=self.since, months=-months), self.since)

    def trailing(self, *, months: int) -> Window:
        """Return the `months` months that end where this window ends."""
        return Window(months_moved(day=self.until, months=-months), self.until)


@dataclass(frozen=True, slots=True)
class Rolling:
    """
    The `periods` pay periods that end with one, that one included, whatever fiscal years they lie in.

    `or_fewer`: where the calendar has fewer, those it has; else there is no such window then.
    """

    periods: int
    or_fewer: bool = False

    @property
    def word(self) -> str:
        """Return the word that results of this window are kept by."""
        return f"rolling_{self.periods}" + ("_or_fewer" if self.or_fewer else "")

    @property
    def words(self) -> Sentence:
        """Return what people call it."""
        if self.or_fewer:
            return Sentence("the last %(periods)s periods or fewer", periods=self.periods)
        return Sentence("the last %(periods)s periods", periods=self.periods)

    def __str__(self) -> str:
        return str(self.words)


_ROLLING = re.compile(r"rolling_([1-9][0-9]?)(_or_fewer)?")


def rolling_of(*, word: str) -> Rolling | None:
    """Return the rolling window that a word names; None where it names another window."""
    found = _ROLLING.fullmatch(word)
    return None if found is None else Rolling(periods=int(found[1]), or_fewer=found[2] is not None)
