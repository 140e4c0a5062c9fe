"""
Spans of days, half-open: `[since, until)`, an open end is None.

Inside, every effective date is such a span; files and forms show the last day
inclusive. See docs/adr/0004-half-open-dates.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


class SpanEmpty(ValueError):
    """A span must hold at least one day."""


@dataclass(frozen=True, order=True)
class Span:
    """The days from `since` up to, not including, `until`; None is no end."""

    since: date
    until: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until <= self.since:
            raise SpanEmpty(f"a span from {self.since} to {self.until} holds no day")

    @classmethod
    def inclusive(cls, first: date, last: date | None) -> "Span":
        """Return the span from `first` to `last`, both included, as files write it."""
        return cls(first, None if last is None else last + timedelta(days=1))

    @property
    def last(self) -> date | None:
        """Return the last day, included, as people read it."""
        return None if self.until is None else self.until - timedelta(days=1)

    @property
    def days(self) -> int:
        """Return the number of days; an open span has no number."""
        if self.until is None:
            raise SpanEmpty(f"a span from {self.since} without an end has no number of days")
        return (self.until - self.since).days

    def __contains__(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def overlap(self, other: "Span") -> "Span | None":
        """Return the days both spans hold, or None."""
        since = max(self.since, other.since)
        ends = [end for end in (self.until, other.until) if end is not None]
        until = min(ends) if ends else None
        return None if until is not None and until <= since else Span(since, until)


def gaps(*, spans: Iterable[Span], within: Span) -> list[Span]:
    """Return the days of `within` that no span covers, in order."""
    missing, since = [], within.since
    for span in sorted(spans, key=lambda span: span.since):
        shared = span.overlap(within)
        if shared is None:
            continue
        if shared.since > since:
            missing.append(Span(since, shared.since))
        if shared.until is None:
            return missing
        since = max(since, shared.until)
    if within.until is None or since < within.until:
        missing.append(Span(since, within.until))
    return missing
