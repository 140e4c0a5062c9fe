"""Overtime owed on a bonus: docs/reference/formulas.md, "Overtime on a bonus"."""

from __future__ import annotations

from decimal import Decimal

import pytest

from payouts.engine.overtime import HoursMissing, OvertimeMethodUnknown, overtime_true_up

D = Decimal
QUARTER = [D(46)] * 4 + [D(40)] * 9


def owed(hours=QUARTER, *, method, bonus="1300.00", **rest):
    return overtime_true_up(bonus=D(bonus), weekly_hours=hours, method=method, currency="USD", **rest)


class TestOvertimeTrueUp:
    def test_spreads_the_bonus_over_weeks(self):
        assert owed(method="equal_weeks") == D("26.09")

    def test_spreads_the_bonus_over_hours(self):
        assert owed(method="hours_worked") == D("28.68")

    @pytest.mark.parametrize("method", ["equal_weeks", "hours_worked"])
    def test_is_nothing_without_overtime(self, method):
        assert owed([D(40)] * 13, method=method) == 0

    def test_follows_published_method_for_one_week(self):
        # 29 CFR 778.110(b): a bonus of 46 dollars in a week of 46 hours adds 1 dollar to the regular rate;
        # half of it again for the 6 hours over 40 is 3.00.
        assert owed([D(46)], method="equal_weeks", bonus="46.00") == D("3.00")
        assert owed([D(46)], method="hours_worked", bonus="46.00") == D("3.00")

    def test_lets_a_week_of_no_hours_carry_its_part(self):
        assert owed([D(46), D(0)], method="equal_weeks", bonus="92.00") == D("3.00")
        assert owed([D(46), D(0)], method="hours_worked", bonus="92.00") == D("6.00")

    def test_refuses_another_method(self):
        with pytest.raises(OvertimeMethodUnknown, match="'average': it takes equal_weeks or hours_worked"):
            owed(method="average")

    @pytest.mark.parametrize("hours", [[], [D(0), D(0)], [D(40), D(-1)]])
    def test_refuses_missing_hours(self, hours):
        with pytest.raises(HoursMissing):
            owed(hours, method="equal_weeks")
