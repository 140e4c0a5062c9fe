"""
A payout curve as a drawing: its points as a path in a fixed box, with the figures of its axes.

The table of points is the truth, the drawing is its picture: nothing is computed here that pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from plans.engine.conventions import Above, Below, CurveShape
from plans.engine.curve import slope_points
from plans.engine.plan import Curve, CurvePoint, SlopeCurve

WIDTH, HEIGHT = Decimal(420), Decimal(180)
LEFT, RIGHT, TOP, BOTTOM = Decimal(44), Decimal(12), Decimal(12), Decimal(26)
MARGIN = Decimal("0.12")
ZERO, ONE = Decimal(0), Decimal(1)
Corner = tuple[Decimal, Decimal]
Place = tuple[str, str]
"""A place in the box, as SVG writes it: with a point in every language."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A figure on an axis, and where it stands."""

    place: str
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The path of a curve, its points, and the figures of both axes; all places are in the box."""

    path: str
    dots: Sequence[Place]
    across: Sequence[Mark]
    up: Sequence[Mark]
    target: Place | None

    width, height = str(WIDTH), str(HEIGHT)
    left, ground, right, top = str(LEFT), str(HEIGHT - BOTTOM), str(WIDTH - RIGHT), str(TOP)


def points_of(curve: Curve | SlopeCurve) -> Sequence[CurvePoint]:
    """Return the points of a curve, also of one given by slopes."""
    return curve.points if isinstance(curve, Curve) else slope_points(curve)


@money.exactly
def drawing(curve: Curve | SlopeCurve, *, of_target: bool = True) -> Drawing:
    """Return the drawing of a curve, with a line at the target where it is read against one."""
    points = points_of(curve)
    first, last = points[0].x, points[-1].x
    wide = (last - first) or ONE
    low, high = max(ZERO, first - wide * MARGIN * 2) if first >= 0 else first, last + wide * MARGIN
    corners = corners_of(curve, points, low, high)
    most = max([ONE, *(y for _x, y in corners)]) * Decimal("1.08")

    def place(x: Decimal, y: Decimal) -> Place:
        return (
            _shown(LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT)),
            _shown(HEIGHT - BOTTOM - y / most * (HEIGHT - TOP - BOTTOM)),
        )

    placed = [place(x, y) for x, y in corners]
    return Drawing(
        path="M" + " L".join(f"{x} {y}" for x, y in placed),
        dots=[place(point.x, point.payout) for point in points],
        across=[Mark(place=place(point.x, ZERO)[0], value=point.x) for point in _apart(points, wide)],
        up=[Mark(place=place(low, value)[1], value=value) for value in _heights(points)],
        target=place(ONE, ZERO) if of_target and low < ONE < high else None,
    )


def corners_of(
    curve: Curve | SlopeCurve, points: Sequence[CurvePoint], low: Decimal, high: Decimal
) -> list[Corner]:
    """Return the corners of a curve's line from `low` to `high`."""
    stepped = isinstance(curve, Curve) and curve.shape is CurveShape.STEP
    start = points[0].arriving if curve.below is Below.FIRST else ZERO
    corners = [(low, start)]
    for number, point in enumerate(points):
        before = corners[-1][1] if number == 0 or stepped else point.arriving
        corners += [(point.x, before), (point.x, point.payout)]
    if curve.above is Above.ZERO:
        return [*corners, (points[-1].x, ZERO), (high, ZERO)]
    end = points[-1].payout
    if curve.above is Above.EXTEND and len(points) > 1:
        before, last = points[-2], points[-1]
        end += (last.arriving - before.payout) / (last.x - before.x) * (high - last.x)
    return [*corners, (high, end)]


def _apart(points: Sequence[CurvePoint], wide: Decimal) -> list[CurvePoint]:
    """Return the points whose figures have room beside each other."""
    found: list[CurvePoint] = []
    for point in points:
        if not found or point.x - found[-1].x >= wide * Decimal("0.13"):
            found.append(point)
    return found


def _heights(points: Sequence[CurvePoint]) -> list[Decimal]:
    most = max(point.payout for point in points)
    found: list[Decimal] = []
    for value in sorted({ZERO, *(point.payout for point in points)}):
        if not found or value - found[-1] >= (most or ONE) * Decimal("0.13"):
            found.append(value)
    return found


def _shown(value: Decimal) -> str:
    return f"{money.to_decimals(value, 1):f}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A few results as a small line: its path in a box of 80 by 24, and its last point."""

    path: str
    dot: Place
    first: str
    last: str


@money.exactly
def small_line(values: Sequence[tuple[str, Decimal]]) -> Line | None:
    """Return the small line of results with their periods; None for fewer than two."""
    if len(values) < 2:
        return None
    least, most = min(value for _p, value in values), max(value for _p, value in values)
    tall, step = (most - least) or ONE, Decimal(74) / (len(values) - 1)
    places = [
        (_shown(3 + step * number), _shown(21 - (value - least) / tall * 18 if most > least else Decimal(12)))
        for number, (_period, value) in enumerate(values)
    ]
    return Line(
        path="M" + " L".join(f"{x} {y}" for x, y in places),
        dot=places[-1],
        first=values[0][0],
        last=values[-1][0],
    )
