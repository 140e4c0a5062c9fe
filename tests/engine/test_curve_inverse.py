"""Curves read the other way round: docs/reference/formulas.md, "Payout curve"."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from kamcomp.money import CONTEXT
from plans.engine.codec import read
from plans.engine.curve import CurveNotIncreasing, curve_value
from plans.engine.curve_inverse import GRAIN, curve_reached
from plans.engine.plan import Curve, SlopeCurve
from tests.engine.test_curve import K, curve, rising_curves

D = Decimal


def earned(of: Curve | SlopeCurve, reading: Decimal) -> Decimal:
    with localcontext(CONTEXT):
        return curve_value(curve=of, reading=EXACT.column([reading]))[0]


class TestCurveReached:
    @pytest.mark.parametrize(
        ("payout", "reading"),
        [
            ("0.30", "0.85"),
            ("0.50", "0.85"),
            ("0.75", "0.925"),
            ("1.00", "1.00"),
            ("1.25", "1.05"),
            ("2.00", "1.20"),
        ],
    )
    def test_is_where_the_line_earns_it(self, payout, reading):
        assert curve_reached(curve=curve(K), payout=D(payout)) == D(reading)

    def test_is_nowhere_above_a_cap(self):
        assert curve_reached(curve=curve(K), payout=D("2.01")) is None

    def test_goes_on_where_the_last_line_does(self):
        assert curve_reached(curve=curve(K, above="extend"), payout=D("2.50")) == D("1.30")

    def test_of_steps_is_the_point_that_earns_it(self):
        assert curve_reached(curve=curve(K, shape="step"), payout=D("1.01")) == D("1.10")

    def test_of_a_jump_is_the_jump(self):
        jump = curve([["0.80", "0.50"], ["1.00", "0.90", "1.00"], ["1.20", "1.40"]])

        assert curve_reached(curve=jump, payout=D("0.95")) == D("1.00")

    def test_of_slopes_runs_through_their_point(self):
        slopes = read(
            SlopeCurve,
            {
                "slopes": [
                    {"from": "0.80", "to": "1.00", "slope": "2"},
                    {"from": "1.00", "to": "1.20", "slope": "3"},
                ],
                "through": ["1.00", "1.00"],
            },
        )

        assert curve_reached(curve=slopes, payout=D("1.30")) == D("1.10")

    def test_refuses_points_out_of_order(self):
        with pytest.raises(CurveNotIncreasing, match="comes after"):
            curve_reached(curve=curve([["1.00", "1"], ["0.80", "2"]]), payout=D(1))

    @given(of=rising_curves(), payout=st.integers(0, 320).map(lambda number: D(number) / 100))
    def test_earns_it_there_and_not_before(self, of, payout):
        reading = curve_reached(curve=of, payout=payout)

        if reading is None:
            assert max(earned(of, point.x) for point in of.points) < payout
        else:
            assert earned(of, reading) >= payout
            assert reading == of.points[0].x or earned(of, reading - GRAIN * 2) < payout
