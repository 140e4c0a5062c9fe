"""Target incentive and presence: docs/reference/formulas.md, "Target incentive and proration"."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from kamcomp.money import CONTEXT, settle
from plans.engine.conventions import Window
from plans.engine.document import plan_from_document
from plans.engine.inputs import Calendar, Period, Spans, Year
from plans.engine.proration import window_incentive

D = Decimal


def year(number: int, periods: int) -> Year:
    step = 12 // periods
    firsts = [date(number, 1 + step * i, 1) for i in range(periods)] + [date(number + 1, 1, 1)]
    return Year(str(number), tuple(Period(f"P{i + 1}", firsts[i], firsts[i + 1]) for i in range(periods)))


def incentive(
    spans: list[tuple[str, str, str]], *, periods: int = 1, period: int = 0, window: str = "period",
    number: int = 2026, fte: str = "1", dedication: str = "1", leave: tuple[int, ...] = (), years: int = 1, **plan: Any,
) -> Any:  # fmt: skip
    """Return the window incentive of one person: spans of (from, to inclusive, yearly amount)."""
    document = {
        "code": "P", "name": "P", "type": "hybrid", "currency": "EUR",
        "effective": {"from": f"{number}-01-01", "to": f"{number}-12-31"},
        "period": {1: "year", 2: "half_year", 4: "quarter", 12: "month"}[periods],
        "commissions": [{"kind": "fixed", "code": "F", "amount": "0"}], **plan,
    }  # fmt: skip
    days = [(date.fromisoformat(a).toordinal(), date.fromisoformat(b).toordinal() + 1) for a, b, _ in spans]
    size = len(spans)
    with localcontext(CONTEXT):
        return window_incentive(
            plan=plan_from_document(document),
            spans=Spans(
                row=np.zeros(size, dtype=np.int64),
                since=np.array([a for a, _ in days]),
                until=np.array([b for _, b in days]),
                target_incentive=EXACT.column([amount for _, _, amount in spans]),
                base_salary=EXACT.full(size, "120000"),
                fte=EXACT.full(size, fte),
                dedication=EXACT.full(size, dedication),
                on_leave=np.array([i in leave for i in range(size)], dtype=bool),
            ),
            calendar=Calendar(
                years=tuple(year(number + i, periods) for i in range(max(years, 1))), year=0, period=period,
                holidays=(date(2026, 1, 1),),
            ),
            window=Window(window), years=years, size=1, numbers=EXACT,
            share=EXACT.full(1, "0.25"),
        )  # fmt: skip


def money(*args: Any, **options: Any) -> Decimal:
    return settle(incentive(*args, **options).target[0], currency="EUR")


ALL = ("2026-01-01", "2026-12-31", "30000")


class TestWindowIncentive:
    def test_counts_a_joiner_by_days(self):
        assert money([("2026-03-16", "2026-12-31", "30000")]) == D("23917.81")

    def test_weighs_a_change_by_days(self):
        assert money([("2026-01-01", "2026-08-31", "30000"), ("2026-09-01", "2026-12-31", "36000")]) == D(
            "32005.48"
        )

    def test_scales_part_time_and_dedication_where_the_plan_does(self):
        half = [("2026-07-01", "2026-12-31", "30000")]

        assert money(half, fte="0.8", dedication="0.5", proration={"dedication": "prorate"}) == D("6049.32")
        assert money(half, fte="0.8", dedication="0.5") == D("12098.63")
        assert money(half, fte="0.8", dedication="0.5", proration={"part_time": "ignore"}) == D("15123.29")

    def test_takes_leave_off(self):
        quarter = [("2026-01-01", "2026-02-14", "30000"), ("2026-02-15", "2026-12-31", "30000")]
        found = incentive(quarter, periods=4, leave=(0,))

        assert found.target[0] == D(3750)
        assert (found.present[0], found.whole) == (D(45), D(90))

    def test_keeps_leave_where_the_plan_says_so(self):
        quarter = [("2026-01-01", "2026-02-14", "30000"), ("2026-02-15", "2026-12-31", "30000")]
        kept = incentive(quarter, periods=4, leave=(0,), proration={"leave": "no_change"})
        average = incentive(quarter, periods=4, leave=(0,), proration={"leave": "history_average"})

        assert (kept.target[0], kept.present[0]) == (D(7500), D(90))
        assert (average.target[0], average.leave[0], average.present[0]) == (D(3750), D(3750), D(45))

    @pytest.mark.parametrize(
        ("spread", "paid"),
        [
            ({"spread": "even"}, "7500.00"),
            ({"spread": "days"}, "7561.64"),
            ({"spread": "weights", "weights": ["0.2", "0.2", "0.2", "0.4"]}, "12000.00"),
        ],
    )
    def test_spreads_the_year_by_the_named_rule(self, spread, paid):
        assert money([ALL], periods=4, period=3, target_incentive=spread) == D(paid)

    def test_reads_a_share_of_base_salary(self):
        assert money([ALL], target_incentive={"source": "share_of_base", "share": "0.25"}) == D("30000.00")

    def test_adds_the_periods_of_a_window(self):
        assert money([ALL], periods=4, period=2, window="year_to_date") == D("22500.00")
        assert money([("2026-01-01", "2028-12-31", "30000")], window="multi_year", years=3) == D("90000.00")

    @pytest.mark.parametrize(
        ("partial", "paid"),
        [("counts", "25000.00"), ("does_not_count", "22500.00"), ("counts_from_half", "25000.00")],
    )
    def test_counts_full_months(self, partial, paid):
        joiner = [("2026-03-16", "2026-12-31", "30000")]

        assert money(joiner, proration={"basis": "full_months", "partial_month": partial}) == D(paid)

    def test_counts_working_days_without_holidays(self):
        # January 2026 has 22 working days, one of them New Year; from the 19th there are 10.
        joiner = [("2026-01-19", "2026-12-31", "12000")]

        assert money(joiner, periods=12, proration={"basis": "working_days"}) == settle(
            D(1000) * 10 / 21, currency="EUR"
        )

    def test_pays_the_whole_period_where_incentive_is_not_prorated(self):
        assert money([("2026-03-16", "2026-12-31", "30000")], proration={"of": ["target"]}) == D("30000.00")

    @given(cut=st.integers(1, 364), basis=st.sampled_from(["calendar_days", "working_days", "full_months"]))
    def test_is_not_changed_by_splitting_a_span(self, cut, basis):
        split = date(2026, 1, 1) + timedelta(days=cut)
        parts = [("2026-01-01", str(split - timedelta(days=1)), "30000"), (str(split), "2026-12-31", "30000")]

        assert money(parts, proration={"basis": basis}) == D("30000.00")

    @given(
        st.sampled_from([2024, 2025, 2026, 2028]),
        st.sampled_from([1, 2, 4, 12]),
        st.sampled_from(["even", "days"]),
    )
    def test_periods_sum_to_the_year(self, number, periods, spread):
        whole = [(f"{number}-01-01", f"{number}-12-31", "30000")]
        parts = [
            incentive(
                whole, number=number, periods=periods, period=i, target_incentive={"spread": spread}
            ).target[0]
            for i in range(periods)
        ]

        assert settle(sum(parts), currency="EUR") == D("30000.00")
