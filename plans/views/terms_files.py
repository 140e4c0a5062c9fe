"""
The tables of a version's terms as files: each curve, each grid and each table of rates, as its page shows them.

Each is named by its kind and its place on the page, from 1 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from kamcomp.pages.parts import Parts, part_column, part_sheet
from kamcomp.pages.tables import Kind
from plans.views.reading import GridTable, PlanRead

CURVE_COLUMNS = (
    part_column("goal"),
    part_column("result", kind=Kind.RATIO),
    part_column("pays", kind=Kind.RATIO),
    part_column("just_before", kind=Kind.RATIO),
)
GRID_COLUMNS = (
    part_column("grid"),
    part_column("down", kind=Kind.RATIO),
    part_column("across", kind=Kind.RATIO),
    part_column("pays", kind=Kind.RATIO),
)
RATE_COLUMNS = (part_column("name"), part_column("since"), part_column("to"), part_column("rate"))


def terms_parts(read: PlanRead) -> Parts:
    """Return the tables of a version's terms by name, each made when it is asked for."""
    curves = [
        [
            {"goal": curve.name, "result": result, "pays": pays, "just_before": before}
            for result, pays, before in curve.points
        ]
        for curve in read.curves
    ]
    rates = [
        [{"name": table.name, "since": since, "to": to, "rate": rate} for since, to, rate in table.rows]
        for table in read.rates
    ]
    return {
        **_named("curve", CURVE_COLUMNS, curves),
        **_named("grid", GRID_COLUMNS, [_cells(grid) for grid in read.grids]),
        **_named("rate", RATE_COLUMNS, rates),
    }


def _cells(grid: GridTable) -> list[dict[str, Any]]:
    return [
        {"grid": grid.name, "down": down, "across": across, "pays": cell}
        for down, cells in grid.rows
        for across, cell in zip(grid.columns, cells, strict=True)
    ]


def _named(kind: str, columns: Any, tables: Sequence[Sequence[Any]]) -> Parts:
    names = {f"{kind}-{number}": rows for number, rows in enumerate(tables, start=1)}
    return {name: partial(part_sheet, title=name, columns=columns, rows=rows) for name, rows in names.items()}
