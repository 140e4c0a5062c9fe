"""
Ingredients from an account's own profit and loss, its inventory and what its team cost.

A profit and loss row is a statement about days; an ingredient is known when the rows
of the subject cover every day of the window, and unknown from the first day they do
not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from scorecards.engine.ingredients.values import Ingredients, Reading, absent, known, money
from scorecards.engine.windows import Window


def profit(reading: Reading) -> Ingredients:
    """Measure revenue, cost of goods sold and direct cost-to-serve in the window."""
    return _profit(reading, reading.window, suffix="")


def profit_prior(reading: Reading) -> Ingredients:
    """Measure the same a year before, over the places held at the window's end."""
    return _profit(reading, reading.window.year_before(), suffix="_prior")


def inventory(reading: Reading) -> Ingredients:
    """
    Measure cost of goods sold over the window and the average inventory held in it.

    The average over several rows is weighted by their days, so that twelve months and
    one year of the same inventory agree.
    """
    names = ("inventory_cogs", "inventory_average", "inventory_average_days")
    rows = _rows(reading, "inventory", reading.window)
    gap = _first_gap(rows, reading.window)
    if gap is not None:
        return absent(f"no inventory of {reading.subject} on {gap}", *names)
    days = money(reading, ((row.average * row.window.days, row.currency) for row in rows))
    return known(
        inventory_cogs=money(reading, ((row.cogs, row.currency) for row in rows)),
        inventory_average=days / reading.window.days,
        inventory_average_days=days,
    )


def team_pay(reading: Reading) -> Ingredients:
    """Measure the base and the variable pay of the account's team over the window."""
    rows = _rows(reading, "team_pay", reading.window)
    gap = _first_gap(rows, reading.window)
    if gap is not None:
        return absent(f"no team pay of {reading.subject} on {gap}", "team_base", "team_variable")
    return known(
        team_base=money(reading, ((row.base, row.currency) for row in rows)),
        team_variable=money(reading, ((row.variable, row.currency) for row in rows)),
    )


def _profit(reading: Reading, window: Window, *, suffix: str) -> Ingredients:
    names = tuple(f"pnl_{name}{suffix}" for name in ("revenue", "cogs", "direct_cost"))
    rows = _rows(reading, "pnl", window)
    gap = _first_gap(rows, window)
    if gap is not None:
        return absent(f"no profit and loss of {reading.subject} on {gap}", *names)
    sums = (
        money(reading, ((row.revenue, row.currency) for row in rows)),
        money(reading, ((row.cogs, row.currency) for row in rows)),
        money(reading, ((row.direct_cost, row.currency) for row in rows)),
    )
    return known(**dict(zip(names, sums, strict=True)))


def _rows(reading: Reading, kind: str, window: Window) -> list[Any]:
    """Return the rows that lie wholly within a window, at the places held at the reading's end."""
    subject = reading.subject
    table = reading.cuts.rows_at(kind)
    places = reading.cuts.perimeter(subject, on=reading.window.last)
    codes = [code for code in (places if subject.accounts else table) if code in table]
    return [
        row
        for code in codes
        for row in table[code]
        if window.since <= row.window.since
        and row.window.until <= window.until
        and reading.cuts.belongs(subject, row, code=code, on=row.window.last)
    ]


def _first_gap(rows: Iterable[Any], window: Window) -> date | None:
    """Return the first day of a window that no row covers, or None."""
    reached = window.since
    for row in sorted(rows, key=lambda row: row.window):
        if row.window.since > reached:
            return reached
        reached = max(reached, row.window.until)
    return reached if reached < window.until else None
