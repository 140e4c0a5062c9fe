"""Figures that watch pay: docs/reference/formulas.md, "Controls"."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kamcomp.money import to_decimals
from payouts.engine.controls import (
    CostYear,
    NothingToCompareWith,
    RepsDiffer,
    cost_of_sales,
    cost_of_sales_ratio,
    credited_ratio,
    exception_rate,
    extra_return,
    growth_ratio,
    package_mix,
    rep_changes,
)

D = Decimal
BEFORE = CostYear(base=D(500_000), variable=D(140_000), revenue=D(12_000_000), profit=D(2_400_000))
AFTER = CostYear(base=D(500_000), variable=D(190_000), revenue=D(12_200_000), profit=D(2_380_000))


def percent(ratio):
    return to_decimals(ratio * 100, 2)


class TestCostOfSales:
    def test_shows_pay_that_outruns_what_it_brings(self):
        found = cost_of_sales(before=BEFORE, after=AFTER)

        assert (percent(found.before), percent(found.after)) == (D("5.33"), D("5.66"))
        assert [percent(g) for g in (found.cost_growth, found.revenue_growth, found.profit_growth)] == [
            D("7.81"),
            D("1.67"),
            D("-0.83"),
        ]
        assert found.extra_return == D("-0.4")
        assert found.outruns

    def test_does_not_outrun_when_revenue_grows_faster(self):
        better = CostYear(base=D(500_000), variable=D(190_000), revenue=D(13_200_000), profit=D(2_380_000))

        assert not cost_of_sales(before=BEFORE, after=better).outruns

    def test_has_no_return_on_pay_that_did_not_change(self):
        assert extra_return(before=BEFORE, after=BEFORE) is None

    def test_has_no_profit_growth_from_a_loss(self):
        loss = CostYear(base=D(1), variable=D(1), revenue=D(10), profit=D(-3))

        assert cost_of_sales(before=loss, after=AFTER).profit_growth is None

    def test_is_no_ratio_without_revenue(self):
        with pytest.raises(NothingToCompareWith, match="The revenue is 0"):
            cost_of_sales_ratio(base=D(1), variable=D(1), revenue=D(0))

    def test_is_no_growth_from_nothing(self):
        with pytest.raises(NothingToCompareWith, match="profit before is -1"):
            growth_ratio(before=D(-1), after=D(1), what="profit")


class TestExceptionRate:
    def test_counts_lines_and_money(self):
        found = exception_rate(lines=240, exception_lines=7, paid=D(1_020_000), exception_paid=D(6_300))

        assert (percent(found.of_lines), percent(found.of_money)) == (D("2.92"), D("0.62"))

    def test_needs_lines(self):
        with pytest.raises(NothingToCompareWith, match="number of lines is 0"):
            exception_rate(lines=0, exception_lines=0, paid=D(1), exception_paid=D(0))


class TestRepChanges:
    def test_are_zero_for_a_rep_who_keeps_the_credit(self):
        deal, rate = D(500_000), D("0.03")

        assert rep_changes(
            without_plan={"r1": deal * rate}, with_plan={"r1": deal * rate}, currency="EUR"
        ) == {"r1": D(0)}

    def test_name_the_rep_who_loses(self):
        changes = rep_changes(
            without_plan={"r1": D(15000), "r2": D(10)},
            with_plan={"r1": D(14000), "r2": D(10)},
            currency="EUR",
        )

        assert changes == {"r1": D(-1000), "r2": D(0)}

    def test_refuse_to_compare_different_reps(self):
        with pytest.raises(RepsDiffer, match="r2"):
            rep_changes(without_plan={"r1": D(1), "r2": D(1)}, with_plan={"r1": D(1)}, currency="EUR")


class TestCreditedRatio:
    def test_counts_overlay_credit_on_top(self):
        assert credited_ratio(credited=D(500_000) + D(500_000), booked=D(500_000)) == D(2)


class TestPackageMix:
    def test_adds_up_to_target_total_cash(self):
        mix = package_mix(base=D(120_000), incentive=D(30_000), leverage=D("2.5"), currency="EUR")

        assert mix.target_total_cash == D(150_000)
        assert (mix.base_share, mix.incentive_share) == (D("0.8"), D("0.2"))
        assert mix.pay_at_excellence == D(195_000)
