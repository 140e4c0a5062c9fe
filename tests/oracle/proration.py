"""Presence and target incentive, from the page's section "Target incentive and proration"."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from tests.oracle.basics import ONE, ZERO, value_of
from tests.oracle.facts import Sheet, Span, Stint


class Proration:
    """Presence and target incentive of a stint over a window."""

    def __init__(self, plan: dict[str, Any], sheet: Sheet, stint: Stint) -> None:
        self.plan, self.sheet, self.stint = plan, sheet, stint
        self.rule = plan.get("proration", {})
        self.leave = self.rule.get("leave", "prorate")
        self.prorated = self.rule.get("of", ["incentive", "target"])

    def periods(self, window: str, years: int) -> list[tuple[int, int]]:
        """Return the (year, period) numbers of a window."""
        sheet = self.sheet
        if window == "multi_year":
            return [(year, number) for year in range(years) for number in range(len(sheet.years[year]))]
        first, last = sheet.period, sheet.period
        if window != "period":
            first = 0
        if window == "year":
            last = len(sheet.periods) - 1
        return [(sheet.year, number) for number in range(first, last + 1)]

    def presence(self, window: str, years: int = 1) -> Fraction:
        counted = countable = ZERO
        for year, number in self.periods(window, years):
            present = [span for span in self.stint.spans if self._present(span)]
            counted += sum((self._counted(span, year, number) for span in present), ZERO)
            countable += self._countable(year, number)
        return counted / countable

    def incentive(self, window: str, years: int = 1, *, on_leave: bool = False) -> Fraction:
        """Return the target incentive of a window; `on_leave` the part that a historical average pays."""
        return sum(
            (self._period_incentive(year, number, on_leave) for year, number in self.periods(window, years)),
            ZERO,
        )

    def _period_incentive(self, year: int, number: int, on_leave: bool) -> Fraction:
        since, until = self.sheet.years[year][number]
        touching = [span for span in self.stint.spans if span.since < until and since < span.until]
        if "incentive" not in self.prorated:
            counted = {touching[-1]: ONE} if touching else {}
        else:
            countable = self._countable(year, number)
            counted = {
                span: self._counted(span, year, number) / countable
                for span in touching
                if not span.on_leave or self.leave != "prorate"
            }
        average = self.leave == "history_average"
        return sum(
            (
                self._yearly(span) * self._part(year, number) * part
                for span, part in counted.items()
                if (average and span.on_leave) == on_leave
            ),
            ZERO,
        )

    def _yearly(self, span: Span) -> Fraction:
        terms = self.plan.get("target_incentive", {})
        yearly = span.target_incentive.fraction
        if terms.get("source", "money") == "share_of_base":
            yearly = span.base_salary.fraction * value_of(terms["share"], self.stint)
        if self.rule.get("part_time", "prorate") == "prorate":
            yearly *= span.fte.fraction
        if self.rule.get("dedication", "ignore") == "prorate":
            yearly *= span.dedication.fraction
        return yearly

    def _part(self, year: int, number: int) -> Fraction:
        terms = self.plan.get("target_incentive", {})
        spread = terms.get("spread", "even")
        if spread == "weights":
            return terms["weights"][number]
        if spread == "even":
            return Fraction(1, len(self.sheet.years[year]))
        periods = self.sheet.years[year]
        since, until = periods[number]
        return Fraction((until - since).days, (periods[-1][1] - periods[0][0]).days)

    def _countable(self, year: int, number: int) -> Fraction:
        since, until = self.sheet.years[year][number]
        basis = self.rule.get("basis", "calendar_days")
        if basis == "full_months":
            return Fraction(len(months(since, until)))
        return Fraction(days(since, until, basis, self.sheet.holidays))

    def _present(self, span: Span) -> bool:
        return not span.on_leave or self.leave == "no_change"

    def _counted(self, span: Span, year: int, number: int) -> Fraction:
        since, until = self.sheet.years[year][number]
        basis = self.rule.get("basis", "calendar_days")
        if basis != "full_months":
            return Fraction(days(max(since, span.since), min(until, span.until), basis, self.sheet.holidays))
        return sum((self._month_share(span, first, after) for first, after in months(since, until)), ZERO)

    def _month_share(self, span: Span, first: date, after: date) -> Fraction:
        def overlap(one: Span) -> int:
            return max(0, (min(after, one.until) - max(first, one.since)).days)

        present = sum(overlap(one) for one in self.stint.spans if self._present(one))
        if not present or not overlap(span) or not self._present(span):
            return ZERO
        whole, rule = (after - first).days, self.rule.get("partial_month", "counts_from_half")
        counts = present == whole or rule == "counts" or (rule == "counts_from_half" and 2 * present >= whole)
        return Fraction(overlap(span), present) if counts else ZERO


@cache
def days(since: date, until: date, basis: str, holidays: tuple[date, ...]) -> int:
    """Return the days from since to until (half-open) that a basis counts."""
    if until <= since:
        return 0
    if basis == "calendar_days":
        return (until - since).days
    each = (since + timedelta(days=number) for number in range((until - since).days))
    return sum(1 for day in each if day.weekday() < 5 and day not in holidays)


@cache
def months(since: date, until: date) -> tuple[tuple[date, date], ...]:
    """Return the months between two firsts of a month."""
    found, first = [], since
    while first < until:
        after = first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
        found.append((first, after))
        first = after
    return tuple(found)
