"""Payout curves and matrices: docs/reference/formulas.md, "Payout curve" and "Matrix"."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT, FAST
from kamcomp.money import CONTEXT
from kamcomp.trace import RecordingTrace
from plans.engine.codec import read
from plans.engine.conventions import GridReading
from plans.engine.curve import CurveNotIncreasing, curve_value
from plans.engine.grid import grid_value
from plans.engine.plan import Curve, SlopeCurve

D = Decimal
K = [["0.85", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"], ["1.20", "2.00"]]


def value(curve: Curve | SlopeCurve, *readings: str) -> list[Decimal]:
    with localcontext(CONTEXT):
        return list(curve_value(curve=curve, reading=EXACT.column(readings)))


def curve(points: list[list[str]], **options: str) -> Curve:
    return read(Curve, {"points": points, **options})


@st.composite
def rising_curves(draw: st.DrawFn) -> Curve:
    """Curves that never fall, with jumps among their points."""
    xs = sorted(draw(st.sets(st.integers(0, 200), min_size=1, max_size=6)))
    heights = sorted(draw(st.lists(st.integers(0, 300), min_size=2 * len(xs), max_size=2 * len(xs))))
    points = [
        [str(D(x) / 100), str(D(heights[2 * i]) / 100), str(D(heights[2 * i + 1]) / 100)]
        for i, x in enumerate(xs)
    ]
    return curve(points, below=draw(st.sampled_from(["zero", "first"])))


class TestCurveValue:
    def test_runs_straight_between_points_and_stops_at_the_ends(self):
        given_at = value(curve(K), "0.8499", "0.85", "0.94", "1.00", "1.04", "1.15", "1.30")

        assert given_at == [D(x) for x in ("0", "0.50", "0.80", "1.00", "1.20", "1.75", "2.00")]

    def test_goes_on_above_when_extended(self):
        assert value(curve(K, above="extend"), "1.30") == [D("2.5")]

    def test_is_not_target_a_hair_below_target(self):
        assert value(curve([["1.00", "1.00"]]), "0.999999995", "1.00") == [0, 1]

    def test_jumps_at_the_point_itself(self):
        jumping = curve([["0.80", "0", "0.50"], ["1.00", "1.00", "1.20"], ["1.20", "1.60"]])

        assert value(jumping, "0.79", "0.80", "0.90", "0.9999", "1.00", "1.10") == [
            D(x) for x in ("0", "0.50", "0.75", "0.99975", "1.20", "1.40")
        ]

    def test_holds_the_step_reached(self):
        steps = curve([["0.85", "0.50"], ["0.95", "0.80"], ["1.00", "1.00"], ["1.10", "1.25"]], shape="step")

        assert value(steps, "0.8", "0.949", "0.999", "1.00", "2") == [
            D(x) for x in ("0", "0.50", "0.80", "1.00", "1.25")
        ]

    def test_falls_where_lower_is_better(self):
        churn = curve([["0.02", "1.50"], ["0.05", "1.00"], ["0.08", "0.50"]], below="first", above="zero")

        assert value(churn, "0.01", "0.02", "0.062", "0.08", "0.081") == [
            D(x) for x in ("1.50", "1.50", "0.80", "0.50", "0")
        ]

    def test_follows_slopes_from_the_point_it_runs_through(self):
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

        assert value(slopes, "0.79", "0.80", "0.90", "1.10", "1.30") == [
            D(x) for x in ("0", "0.60", "0.80", "1.30", "1.60")
        ]

    def test_refuses_points_out_of_order(self):
        with pytest.raises(CurveNotIncreasing, match=r"80% comes after 100%"):
            value(curve([["1.00", "1.00"], ["0.80", "0.50"]]), "1")

    def test_says_which_part_of_the_curve_was_taken(self):
        trace = RecordingTrace()
        curve_value(curve=curve(K), reading=EXACT.column(["0.94"]), trace=trace)

        assert trace.tree()[0]["because"] == "between 85% and 100%"

    @given(drawn=rising_curves(), low=st.integers(0, 2500), rise=st.integers(0, 500))
    def test_never_falls_when_the_reading_rises(self, drawn, low, rise):
        first, second = value(drawn, str(D(low) / 1000), str(D(low + rise) / 1000))

        assert second >= first or (drawn.below == "first" and first == drawn.points[0].arriving > second)

    @given(drawn=rising_curves())
    def test_meets_its_points_without_a_gap(self, drawn):
        hair = D("0.000000000001")
        for low, high in zip(drawn.points, drawn.points[1:], strict=False):
            before, at = value(drawn, str(high.x - hair), str(high.x))
            slope = (high.arriving - low.payout) / (high.x - low.x)
            assert at == high.payout
            assert abs(before - (high.arriving - slope * hair)) < D("1e-25")

    @given(drawn=rising_curves(), reading=st.integers(0, 2500))
    def test_is_the_same_in_floats_to_a_billionth(self, drawn, reading):
        exact = value(drawn, str(D(reading) / 1000))[0]
        fast = curve_value(curve=FAST.of(drawn), reading=np.array([reading / 1000]))[0]

        on_a_point = any(abs(float(point.x) - reading / 1000) < 1e-12 for point in drawn.points)
        assert on_a_point or abs(float(exact) - fast) <= 1e-9 * max(1, abs(float(exact)))


class TestGridValue:
    xs, ys = EXACT.column(["0.9", "1", "1.1"]), EXACT.column(["0.9", "1", "1.1"])
    grid = ((D(0), D("0.5"), D("0.8")), (D("0.5"), D(1), D("1.4")), (D("0.8"), D("1.4"), D(2)))

    def read(self, reading: GridReading, *places: tuple[str, str]) -> list[Decimal]:
        x, y = EXACT.column([p[0] for p in places]), EXACT.column([p[1] for p in places])
        with localcontext(CONTEXT):
            return list(
                grid_value(xs=tuple(self.xs), ys=tuple(self.ys), grid=self.grid, reading=reading, x=x, y=y)
            )

    def test_weighs_the_four_corners(self):
        given_at = self.read(
            GridReading.BILINEAR, ("1", "1"), ("1.04", "0.97"), ("1.25", "1.25"), ("0.5", "1.05")
        )

        assert given_at == [D("1"), D("0.998"), D("2"), D("0.65")]

    def test_holds_the_position_reached(self):
        assert self.read(GridReading.STEP, ("1.09", "0.99"), ("1.1", "1.1"), ("0.5", "0.5")) == [
            D("0.5"),
            D(2),
            D(0),
        ]

    @given(x=st.integers(80, 120), y=st.integers(80, 120))
    def test_agrees_with_the_formula_in_rationals(self, x, y):
        place = [Fraction(min(max(v, 90), 110), 100) for v in (x, y)]
        i, j = (min(int((p - Fraction(9, 10)) * 10), 1) for p in place)
        t, u = ((p - Fraction(9 + n, 10)) * 10 for p, n in zip(place, (i, j), strict=True))
        z = [[Fraction(self.grid[i + a][j + b]) for b in (0, 1)] for a in (0, 1)]
        exact = z[0][0] * (1 - t) * (1 - u) + z[1][0] * t * (1 - u) + z[0][1] * (1 - t) * u + z[1][1] * t * u

        assert Fraction(self.read(GridReading.BILINEAR, (str(D(x) / 100), str(D(y) / 100)))[0]) == exact
