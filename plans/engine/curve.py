"""
Payout curves: the share of target incentive that a reading earns.

Points joined by straight lines or steps, with jumps, and named rules below the first
and above the last point; or slopes in payout points per point of attainment. The same
curves serve as the factor tables of modifiers. Pure.
Rule: docs/reference/formulas.md, "Payout curve".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from kamcomp.columns import Column
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace, decimal_text
from plans.engine.conventions import Above, Below, CurveShape
from plans.engine.plan import Curve, CurvePoint, SlopeCurve


class CurveNotIncreasing(Refusal):
    """The points of a curve are none, or do not run strictly upward."""


def curve_value(*, curve: Curve | SlopeCurve, reading: Column, trace: Trace = NO_TRACE) -> Column:
    """
    Return what each reading earns on a curve.

    A straight line is y0 + (x - x0) (y1 - y0) / (x1 - x0); a step holds the highest point
    reached. At a jump the value from x on counts at x itself. Below the first point
    nothing is earned (`zero`) or its arriving value (`first`); from the last point on its
    value holds (`cap`), falls to nothing beyond it (`zero`), or the last line goes on (`extend`).

    Shape: `reading` and the result are columns of n rows, of the number system of `curve`.
    Rows without a reading are selected away before.
    Units: ratios, or whatever the curve's points say. Not rounded.
    Source: docs/reference/formulas.md, "Payout curve".

    :raises CurveNotIncreasing: if there are no points, or they do not run upward.
    """
    points = curve_points(curve=curve)
    check_increasing(points)
    passed = points_passed(points=points, reading=reading)
    value = _outside(curve, points, reading, passed)
    linear = isinstance(curve, SlopeCurve) or curve.shape is CurveShape.LINEAR
    for number, (low, high) in enumerate(pairwise(points), start=1):
        on_segment = passed == number
        if not on_segment.any():
            continue
        if linear:
            value[on_segment] = _on_line(low, high, reading[on_segment])
        else:
            value[on_segment] = low.payout
    trace.step(
        "curve",
        value,
        unit="ratio",
        inputs={"reading": reading},
        because=lambda: branches(curve, points, passed),
    )
    return value


def curve_points(*, curve: Curve | SlopeCurve) -> tuple[CurvePoint, ...]:
    """Return the points of a curve, whichever way it is written."""
    return curve.points if isinstance(curve, Curve) else slope_points(curve)


def points_passed(*, points: Sequence[CurvePoint], reading: Column) -> Column:
    """Return how many points of a curve each reading has reached: which part of it the reading is on."""
    passed: Column = sum((reading >= point.x).astype(np.int64) for point in points)
    return passed


def check_increasing(points: Sequence[CurvePoint]) -> None:
    """
    Check that there are points and that they run strictly upward.

    :raises CurveNotIncreasing: naming the first point that does not.
    """
    if not points:
        raise CurveNotIncreasing("A curve needs at least one point.")
    for low, high in pairwise(points):
        if not low.x < high.x:
            raise CurveNotIncreasing(
                "%(high)s comes after %(low)s: points run strictly upward.",
                high=_percent(high.x),
                low=_percent(low.x),
            )


def slope_points(curve: SlopeCurve) -> tuple[CurvePoint, ...]:
    """Return the points of a curve given by slopes, walked up and down from the point it runs through."""
    xs = [curve.slopes[0].since, *(slope.to for slope in curve.slopes)]
    rises = [(slope.to - slope.since) * slope.slope for slope in curve.slopes]
    heights = [sum(rises[:i], 0 * curve.through.x) for i in range(len(xs))]
    offset = curve.through.payout - _height_at(curve, heights)
    return tuple(
        CurvePoint(x, height + offset, height + offset) for x, height in zip(xs, heights, strict=True)
    )


def branches(curve: Curve | SlopeCurve, points: Sequence[CurvePoint], passed: Column) -> str:
    """Return, for each row, which part of the curve it is on, as a sentence."""
    return Listing((_branch(curve, points, int(number)) for number in passed), "; ")


def _height_at(curve: SlopeCurve, heights: Sequence[Any]) -> Any:
    for slope, height in zip(curve.slopes, heights, strict=False):
        if slope.since <= curve.through.x <= slope.to:
            return height + (curve.through.x - slope.since) * slope.slope
    raise CurveNotIncreasing("The point a curve by slopes runs through lies outside its slopes.")


def _on_line(low: CurvePoint, high: CurvePoint, reading: Column) -> Column:
    rise, run = high.arriving - low.payout, high.x - low.x
    line: Column = low.payout + (reading - low.x) * rise / run
    return line


def _outside(
    curve: Curve | SlopeCurve, points: Sequence[CurvePoint], reading: Column, passed: Column
) -> Column:
    """Return a column holding what rows below the first and from the last point on earn."""
    nothing = 0 * points[0].payout
    value = np.full_like(reading, nothing)
    if curve.below is Below.FIRST:
        value[passed == 0] = points[0].arriving
    beyond = passed == len(points)
    if curve.above is Above.EXTEND:
        value[beyond] = points[-1].payout + (reading[beyond] - points[-1].x) * _last_rise(points) / _last_run(
            points
        )
    else:
        value[beyond] = points[-1].payout
    if curve.above is Above.ZERO:
        value[(reading > points[-1].x).astype(bool)] = nothing
    return value


def _last_rise(points: Sequence[CurvePoint]) -> object:
    return points[-1].arriving - points[-2].payout


def _last_run(points: Sequence[CurvePoint]) -> object:
    return points[-1].x - points[-2].x


def _branch(curve: Curve | SlopeCurve, points: Sequence[CurvePoint], number: int) -> str:
    if number == 0:
        rule = Word("earns nothing") if curve.below is Below.ZERO else Word("earns the first point's value")
        return Sentence("below the first point %(point)s: %(rule)s", point=_percent(points[0].x), rule=rule)
    if number == len(points):
        last = _percent(points[-1].x)
        return Sentence("from the last point %(point)s on: %(above)s", point=last, above=Word(curve.above))
    low, high = _percent(points[number - 1].x), _percent(points[number].x)
    if isinstance(curve, Curve) and curve.shape is CurveShape.STEP:
        return Sentence("on the step from %(low)s and %(high)s", low=low, high=high)
    return Sentence("between %(low)s and %(high)s", low=low, high=high)


def _percent(ratio: Any) -> str:
    hundredfold = ratio * 100
    return (
        f"{decimal_text(hundredfold.normalize())}%"
        if hasattr(hundredfold, "normalize")
        else f"{hundredfold:g}%"
    )
