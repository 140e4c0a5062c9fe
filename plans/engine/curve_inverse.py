"""
A curve read the other way round: the least reading that earns a given share of target.

For sentences such as "78,000 more takes you to 110 %". Pure.
Rule: docs/reference/formulas.md, "Payout curve", "The other way round".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal, localcontext
from itertools import pairwise

from kamcomp.money import CONTEXT
from plans.engine.conventions import Above, CurveShape
from plans.engine.curve import check_increasing, slope_points
from plans.engine.plan import Curve, CurvePoint, SlopeCurve

GRAIN = Decimal("1E-10")


def curve_reached(*, curve: Curve | SlopeCurve, payout: Decimal) -> Decimal | None:
    """
    Return the least reading, from the first point on, at which a curve earns at least `payout`; None if none does.

    Units: `payout` in what the curve's points say, the reading in what the curve is read at.
    Rounded up to ten decimals, so that the curve does earn it there.
    Source: docs/reference/formulas.md, "Payout curve".

    :raises CurveNotIncreasing: if there are no points, or they do not run upward.
    """
    points = curve.points if isinstance(curve, Curve) else slope_points(curve)
    check_increasing(points)
    with localcontext(CONTEXT):
        reading = _reached(points, payout=payout, curve=curve)
        return None if reading is None else reading.quantize(GRAIN, rounding=ROUND_CEILING)


def _reached(points: Sequence[CurvePoint], *, payout: Decimal, curve: Curve | SlopeCurve) -> Decimal | None:
    if points[0].payout >= payout:
        return Decimal(points[0].x)
    linear = isinstance(curve, SlopeCurve) or curve.shape is CurveShape.LINEAR
    for low, high in pairwise(points):
        if linear and high.arriving > low.payout and high.arriving >= payout > low.payout:
            return _on_line(low, high, payout=payout)
        if high.payout >= payout:
            return Decimal(high.x)
    if curve.above is Above.EXTEND and len(points) > 1:
        low, high = points[-2:]
        if high.arriving > low.payout:
            return Decimal(high.x + (payout - high.payout) * (high.x - low.x) / (high.arriving - low.payout))
    return None


def _on_line(low: CurvePoint, high: CurvePoint, *, payout: Decimal) -> Decimal:
    rise, run = high.arriving - low.payout, high.x - low.x
    return Decimal(low.x + (payout - low.payout) * run / rise)
