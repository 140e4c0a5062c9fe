"""
The drawing beside a curve's table: the curve over the histogram of real past results, the curve before, and a probe.

The table of points is the truth; nothing here pays. All places are in a fixed box, so that a page needs no script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from kamcomp import money
from plans.engine.codec import read
from plans.engine.curve import CurveNotIncreasing, curve_value
from plans.engine.plan import Curve, SlopeCurve
from plans.views.curves import Mark, Place, corners_of, points_of

WIDTH, HEIGHT = Decimal(600), Decimal(268)
LEFT, RIGHT, TOP, BOTTOM = Decimal(48), Decimal(14), Decimal(22), Decimal(34)
TALLEST = Decimal(62)
BIN = Decimal("0.05")
ZERO, ONE = Decimal(0), Decimal(1)
STEPS = tuple(
    Decimal(step) for step in ("0.05", "0.1", "0.2", "0.25", "0.5", "1", "2", "5", "10", "50", "100")
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar of the histogram."""

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What one result pays: the figures, and where they stand in the drawing."""

    result: Decimal
    pays: Decimal
    x: str
    y: str
    words_x: str
    words_y: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A curve as a drawing in its box: from `low` to `high` across, and up to `most`."""

    path: str
    area: str
    before: str
    dots: Sequence[Place]
    bars: Sequence[Bar]
    across: Sequence[Mark]
    up: Sequence[Mark]
    target: str
    probe: Probe | None
    past: int
    reached: Decimal | None
    capped: Decimal | None
    low: str
    high: str
    most: str

    width, height = str(WIDTH), str(HEIGHT)
    left, ground, right, top = str(LEFT), str(HEIGHT - BOTTOM), str(WIDTH - RIGHT), str(TOP)


def curve_of(part: Mapping[str, Any] | None) -> Curve | SlopeCurve | None:
    """Return the curve of a goal's or a factor's document, none where its points do not run upward."""
    if part is None:
        return None
    curve: Curve | SlopeCurve = read(SlopeCurve, part) if "slopes" in part else read(Curve, part)
    try:
        points = points_of(curve)
        curve_value(curve=curve, reading=np.array([points[0].x], dtype=object))
    except (CurveNotIncreasing, ArithmeticError, IndexError):
        return None
    return curve


@money.exactly
def pays(curve: Curve | SlopeCurve, result: Decimal) -> Decimal:
    """Return what one result pays on a curve, as a ratio."""
    value: Decimal = curve_value(curve=curve, reading=np.array([result], dtype=object))[0]
    return value


@money.exactly
def plot(
    curve: Curve | SlopeCurve,
    *,
    before: Curve | SlopeCurve | None = None,
    past: Sequence[Decimal] = (),
    probe: Decimal | None = None,
    of_target: bool = True,
) -> Plot:
    """Return the drawing of a curve; `past` are results that it would have been read on."""
    points = points_of(curve)
    low, high = _range(curve, before, past)
    lines = [corners_of(each, points_of(each), low, high) for each in (curve, before) if each is not None]
    heights = [y for line in lines for _x, y in line]
    most = max([ONE, *heights]) * Decimal("1.08")

    def place(x: Decimal, y: Decimal) -> Place:
        return (
            _shown(LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT)),
            _shown(HEIGHT - BOTTOM - max(y, ZERO) / most * (HEIGHT - TOP - BOTTOM)),
        )

    drawn = [" L".join(" ".join(place(x, y)) for x, y in line) for line in lines]
    ground = place(low, ZERO)[1]
    return Plot(
        path=f"M{drawn[0]}",
        area=f"M{drawn[0]} L{place(high, ZERO)[0]} {ground} L{place(low, ZERO)[0]} {ground} Z",
        before=f"M{drawn[1]}" if len(drawn) > 1 else "",
        dots=[place(point.x, point.payout) for point in points],
        bars=_bars(past, low, high, place),
        across=[Mark(place=place(value, ZERO)[0], value=value) for value in _ticks(low, high, 7)],
        up=[Mark(place=place(low, value)[1], value=value) for value in _ticks(ZERO, most, 5)],
        target=place(ONE, ZERO)[0] if of_target and low < ONE < high else "",
        probe=_probe(curve, probe, low, high, place),
        past=len(past),
        reached=_share(past, lambda each: each >= points[0].x),
        capped=_share(past, lambda each: each >= points[-1].x),
        low=f"{low:f}",
        high=f"{high:f}",
        most=f"{most:f}",
    )


def _range(
    curve: Curve | SlopeCurve, before: Curve | SlopeCurve | None, past: Sequence[Decimal]
) -> tuple[Decimal, Decimal]:
    xs = [point.x for each in (curve, before) if each is not None for point in points_of(each)]
    low, high = min(xs), max(xs)
    wide = (high - low) or ONE
    kept = [each for each in past if low - wide * 2 <= each <= high + wide * 2]
    low, high = min([low, *kept]) - wide / 4, max([high, *kept]) + wide / 4
    return (max(ZERO, low) if min(xs) >= 0 else low), high


def _bars(past: Sequence[Decimal], low: Decimal, high: Decimal, place: Any) -> list[Bar]:
    """Return the histogram of results: how many lie in each twentieth, the tallest bar at most so tall."""
    size = BIN if high - low <= 3 else (high - low) / 30
    counts: dict[Decimal, int] = {}
    for each in past:
        if low <= each < high:
            start = (each / size).to_integral_value(ROUND_FLOOR) * size
            counts[start] = counts.get(start, 0) + 1
    most, bars = max(counts.values(), default=1), []
    for start, count in sorted(counts.items()):
        left, right = (
            Decimal(place(max(start, low), ZERO)[0]),
            Decimal(place(min(start + size, high), ZERO)[0]),
        )
        tall = TALLEST * count / most
        bars.append(
            Bar(
                x=_shown(left + 1),
                y=_shown(HEIGHT - BOTTOM - tall),
                width=_shown(max(right - left - 2, ONE)),
                height=_shown(tall),
            )
        )
    return bars


def _probe(
    curve: Curve | SlopeCurve, result: Decimal | None, low: Decimal, high: Decimal, place: Any
) -> Probe | None:
    if result is None:
        return None
    paid = pays(curve, result)
    x, y = place(min(max(result, low), high), paid)
    beside = Decimal(x) - 128 if Decimal(x) > WIDTH - 160 else Decimal(x) + 10
    return Probe(
        result=result,
        pays=paid,
        x=x,
        y=y,
        words_x=_shown(beside),
        words_y=_shown(min(max(Decimal(y) + 8, TOP), HEIGHT - BOTTOM - 46)),
    )


def _share(past: Sequence[Decimal], counts: Any) -> Decimal | None:
    return Decimal(sum(1 for each in past if counts(each))) / len(past) if past else None


def _ticks(low: Decimal, high: Decimal, most: int) -> list[Decimal]:
    size = next((step for step in STEPS if (high - low) / step <= most), high - low)
    first = (low / size).to_integral_value(ROUND_FLOOR) * size
    found = [first + size * number for number in range(most + 2)]
    return [each for each in found if low <= each <= high]


def _shown(value: Decimal) -> str:
    return f"{money.to_decimals(value, 1):f}"
