"""Presence and target incentive, from the page's section "Target incentive and proration"."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from tests.oracle.basics import ZERO, value_of
from tests.oracle.facts import Sheet, Span, Stint


class Proration:
    """Presence and target incentive of a stint over a window."""

    def __init__(self, plan: dict[str, Any], sheet: Sheet, stint: Stint) -> None:
        self.plan, self.sheet, self.stint = plan, sheet, stint
        self.rule = plan.get("proration", {})
        self.prorated = self.rule.get("of", ["incentive", "target"])

    def periods(self, window: str) -> range:
        if window == "year":
            return range(len(self.sheet.periods))
        return range(0 if window == "year_to_date" else self.sheet.period, self.sheet.period + 1)

    def presence(self, window: str) -> Fraction:
        counted = countable = ZERO
        for number in self.periods(window):
            counted += sum((self._counted(span, number) for span in self.stint.spans), ZERO)
            countable += self._countable(number)
        return counted / countable

    def incentive(self, window: str) -> Fraction:
        return sum((self._period_incentive(number) for number in self.periods(window)), ZERO)

    def _period_incentive(self, number: int) -> Fraction:
        since, until = self.sheet.periods[number]
        touching = [span for span in self.stint.spans if span.since < until and since < span.until]
        if "incentive" not in self.prorated:
            return self._yearly(touching[-1]) * self._part(number) if touching else ZERO
        return sum(
            (
                self._yearly(span)
                * self._part(number)
                * self._counted(span, number)
                / self._countable(number)
                for span in touching
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

    def _part(self, number: int) -> Fraction:
        terms = self.plan.get("target_incentive", {})
        spread = terms.get("spread", "even")
        if spread == "weights":
            return terms["weights"][number]
        if spread == "even":
            return Fraction(1, len(self.sheet.periods))
        since, until = self.sheet.periods[number]
        return Fraction((until - since).days, (self.sheet.periods[-1][1] - self.sheet.periods[0][0]).days)

    def _countable(self, number: int) -> Fraction:
        since, until = self.sheet.periods[number]
        basis = self.rule.get("basis", "calendar_days")
        if basis == "full_months":
            return Fraction(len(months(since, until)))
        return Fraction(days(since, until, basis, self.sheet.holidays))

    def _present(self, span: Span) -> bool:
        return not span.on_leave or self.rule.get("leave", "prorate") == "no_change"

    def _counted(self, span: Span, number: int) -> Fraction:
        if not self._present(span):
            return ZERO
        since, until = self.sheet.periods[number]
        basis = self.rule.get("basis", "calendar_days")
        if basis != "full_months":
            return Fraction(days(max(since, span.since), min(until, span.until), basis, self.sheet.holidays))
        return sum((self._month_share(span, first, after) for first, after in months(since, until)), ZERO)

    def _month_share(self, span: Span, first: date, after: date) -> Fraction:
        def overlap(one: Span) -> int:
            return max(0, (min(after, one.until) - max(first, one.since)).days)

        present = sum(overlap(one) for one in self.stint.spans if self._present(one))
        if not present or not overlap(span):
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
