"""
The laws of rolling windows: where a node may read over the last n periods, and where it may not. Pure.

Rule: docs/reference/formulas.md, "Rolling windows".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kamcomp.sentences import Sentence
from plans.engine.codec import DocumentError, pointer
from plans.engine.conventions import Accumulation, Level, ProrationOf, Reads, WhenShort, Window
from plans.engine.plan import Plan, Reading, UnitBonus
from plans.engine.proration import plan_prorates

Path = tuple[str | int, ...]
Errors = Iterator[DocumentError]
FEWEST, MOST = 2, 60


def window_errors(plan: Plan) -> Errors:
    """Return every broken law of a plan's rolling windows, in the order of the document."""
    nodes = [*_nodes(plan.incentive, ("incentive",))]
    nodes += [(("commissions", place), leaf) for place, leaf in enumerate(plan.commissions)]
    over_years = any(node.accumulation is Accumulation.MULTI_YEAR for _, node in nodes)
    for path, node in nodes:
        for place, reading in _readings(node, path):
            yield from _periods_named(reading, place)
            if reading.window is Window.ROLLING:
                yield from _may_roll(reading, place, plan=plan, over_years=over_years)


def _periods_named(reading: Reading, path: Path) -> Errors:
    if reading.window is Window.ROLLING:
        if reading.periods is None or not FEWEST <= reading.periods <= MOST:
            detail = Sentence(
                "A rolling window names how many periods it holds: %(fewest)s to %(most)s.",
                fewest=FEWEST,
                most=MOST,
            )
            yield _error((*path, "periods"), "rolling_periods", detail)
        return
    if reading.periods is not None or reading.when_short is not WhenShort.MISSING:
        name = "periods" if reading.periods is not None else "when_short"
        yield _error(
            (*path, name),
            "rolling_unused",
            Sentence("`%(name)s` is said of a rolling window only.", name=name),
        )


def _may_roll(reading: Reading, path: Path, *, plan: Plan, over_years: bool) -> Errors:
    if isinstance(reading, UnitBonus):
        detail = (
            "A unit bonus over a rolling window would pay each unit once a period: count over the period."
        )
        yield _error((*path, "window"), "rolling_pays_again", detail)
    if over_years:
        detail = (
            "A plan that measures over several years counts them from the calendar's first year, which a rolling "
            "window would move: read it over the period, the year to date or the year."
        )
        yield _error((*path, "window"), "rolling_and_years", detail)
    personal = reading.level is Level.INDIVIDUAL and reading.reads is Reads.ATTAINMENT
    if personal and plan_prorates(plan, ProrationOf.TARGET):
        detail = (
            "A person's target is prorated by presence on the plan, which does not reach back over a rolling window: "
            'read the value, or leave "target" out of `proration.of`.'
        )
        yield _error((*path, "window"), "rolling_prorated", detail)


def _nodes(node: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, node
    for place, child in enumerate(getattr(node, "children", ())):
        yield from _nodes(child, (*path, "children", place))


def _readings(node: Any, path: Path) -> Iterator[tuple[Path, Reading]]:
    """Yield what a node itself reads, each with its place in the document."""
    if isinstance(node, Reading):
        yield path, node
    for name in ("x", "y", "axis_reading", "gate"):
        reading = getattr(node, name, None)
        if isinstance(reading, Reading):
            yield (*path, name), reading
    for place, modifier in enumerate(node.modifiers):
        yield (*path, "modifiers", place), modifier


def _error(path: Path, code: str, detail: str) -> DocumentError:
    return DocumentError(pointer=pointer(path), code=code, detail=detail)
