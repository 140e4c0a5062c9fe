"""Payout curves and matrices, from the page's sections "Payout curve" and "Matrix"."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.oracle.basics import ZERO


def height(curve: dict[str, Any], x: Fraction) -> Fraction:
    """Return a payout curve at x."""
    points = _points(curve)
    below, above = curve.get("below", "zero"), curve.get("above", "cap")
    if x < points[0][0]:
        return points[0][1] if below == "first" else ZERO
    last = points[-1]
    if x == last[0]:
        return last[2]
    if x > last[0]:
        if above == "zero":
            return ZERO
        if above == "cap":
            return last[2]
        before = points[-2]
        return last[2] + (x - last[0]) * (last[1] - before[2]) / (last[0] - before[0])
    place = max(number for number, point in enumerate(points) if point[0] <= x)
    low, high = points[place], points[place + 1]
    if curve.get("shape", "linear") == "step":
        return low[2]
    return low[2] + (x - low[0]) * (high[1] - low[2]) / (high[0] - low[0])


def _points(curve: dict[str, Any]) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Return (x, arriving, payout) of every point, those of slopes too."""
    if "points" in curve:
        return [(point[0], point[1], point[-1]) for point in curve["points"]]
    slopes = curve["slopes"]
    heights = [(slopes[0]["from"], ZERO)]
    for slope in slopes:
        heights.append((slope["to"], heights[-1][1] + (slope["to"] - slope["from"]) * slope["slope"]))
    through_x, through_y = curve["through"][0], curve["through"][-1]
    for (x0, y0), (x1, y1) in pairwise(heights):
        if x0 <= through_x <= x1:
            lift = through_y - (y0 + (through_x - x0) * (y1 - y0) / (x1 - x0))
            return [(x, y + lift, y + lift) for x, y in heights]
    raise AssertionError("the point lies outside its slopes")


def grid_height(matrix: dict[str, Any], x: Fraction, y: Fraction) -> Fraction:
    """Return a matrix at (x, y)."""
    xs, ys, z = matrix["x"]["at"], matrix["y"]["at"], matrix["grid"]
    x, y = min(max(x, xs[0]), xs[-1]), min(max(y, ys[0]), ys[-1])
    if matrix.get("reading", "bilinear") == "step":
        return z[max(i for i, at in enumerate(xs) if at <= x)][max(j for j, at in enumerate(ys) if at <= y)]
    i = min(max(i for i, at in enumerate(xs) if at <= x), len(xs) - 2)
    j = min(max(j for j, at in enumerate(ys) if at <= y), len(ys) - 2)
    t, u = (x - xs[i]) / (xs[i + 1] - xs[i]), (y - ys[j]) / (ys[j + 1] - ys[j])
    return (
        z[i][j] * (1 - t) * (1 - u)
        + z[i + 1][j] * t * (1 - u)
        + z[i][j + 1] * (1 - t) * u
        + z[i + 1][j + 1] * t * u
    )
