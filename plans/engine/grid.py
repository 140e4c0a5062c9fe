"""
The matrix of two metrics: a grid of payouts, read between its lines.

Pure. Rule: docs/reference/formulas.md, "Matrix".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kamcomp.columns import Column
from kamcomp.sentences import Sentence
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import GridReading


def grid_value(
    *,
    xs: Sequence[Any],
    ys: Sequence[Any],
    grid: Sequence[Sequence[Any]],
    reading: GridReading,
    x: Column,
    y: Column,
    trace: Trace = NO_TRACE,
) -> Column:
    """
    Return the payout of each row on the grid; outside it the nearest edge counts.

    `bilinear`: with t and u the shares of the way across the cell,
    z00 (1-t)(1-u) + z10 t (1-u) + z01 (1-t) u + z11 t u. `step`: the payout at the highest
    grid position reached on both axes.

    Shape: x, y and the result are columns of n rows; `grid[i][j]` belongs to xs[i], ys[j].
    Units: ratios. Not rounded. Source: docs/reference/formulas.md, "Matrix".
    """
    across, along = _clamped(x, xs), _clamped(y, ys)
    at_x, at_y = _cell(across, xs), _cell(along, ys)
    value = np.full_like(x, 0 * grid[0][0])
    for i in range(len(xs)):
        for j in range(len(ys)):
            here = (at_x == i) & (at_y == j)
            if here.any():
                value[here] = _in_cell(xs, ys, grid, reading, i, j, across[here], along[here])
    trace.step(
        "matrix",
        value,
        unit="ratio",
        because=lambda: Sentence("%(reading)s on the grid", reading=reading),
        inputs={"x": x, "y": y},
    )
    return value


def _clamped(position: Column, lines: Sequence[Any]) -> Column:
    low = np.where((position < lines[0]).astype(bool), lines[0], position)
    return np.where((low > lines[-1]).astype(bool), lines[-1], low)


def _cell(position: Column, lines: Sequence[Any]) -> Column:
    passed: Column = np.sum([(position >= line).astype(np.int64) for line in lines], axis=0)
    return passed - 1


def _in_cell(
    xs: Sequence[Any],
    ys: Sequence[Any],
    grid: Sequence[Sequence[Any]],
    reading: GridReading,
    i: int,
    j: int,
    x: Column,
    y: Column,
) -> Any:
    if reading is GridReading.STEP:
        return grid[i][j]
    right, up = min(i + 1, len(xs) - 1), min(j + 1, len(ys) - 1)
    low = _between(xs, i, right, x, grid[i][j], grid[right][j])
    high = _between(xs, i, right, x, grid[i][up], grid[right][up])
    return low if up == j else (low * (ys[up] - y) + high * (y - ys[j])) / (ys[up] - ys[j])


def _between(lines: Sequence[Any], low: int, high: int, position: Column, left: Any, right: Any) -> Any:
    if low == high:
        return np.full_like(position, left)
    return (left * (lines[high] - position) + right * (position - lines[low])) / (lines[high] - lines[low])
