"""Spans of days: half-open inside, inclusive for people."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.spans import Span, SpanEmpty, gaps

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    since = draw(DAYS)
    return Span(since, since + timedelta(days=draw(st.integers(1, 900))))


class TestSpan:
    def test_counts_its_days_without_the_end(self):
        assert Span(date(2026, 3, 16), date(2027, 1, 1)).days == 291

    def test_reads_files_with_the_last_day_included(self):
        assert Span.inclusive(date(2026, 1, 1), date(2026, 3, 31)) == Span(date(2026, 1, 1), date(2026, 4, 1))

    def test_refuses_to_hold_no_day(self):
        with pytest.raises(SpanEmpty, match="holds no day"):
            Span(date(2026, 1, 1), date(2026, 1, 1))

    @given(first=spans(), second=spans(), day=DAYS)
    def test_overlap_holds_exactly_the_days_of_both(self, first, second, day):
        shared = first.overlap(second)

        assert (shared is not None and day in shared) == (day in first and day in second)


class TestGaps:
    @given(covering=st.lists(spans(), max_size=6), within=spans(), day=DAYS)
    def test_hold_exactly_the_uncovered_days(self, covering, within, day):
        missing = gaps(spans=covering, within=within)

        uncovered = day in within and not any(day in span for span in covering)
        assert any(day in span for span in missing) == uncovered

    def test_see_an_open_end(self):
        within = Span(date(2026, 1, 1), None)

        missing = gaps(spans=[Span(date(2026, 1, 1), date(2026, 7, 1))], within=within)

        assert missing == [Span(date(2026, 7, 1), None)]
