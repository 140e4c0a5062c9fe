"""A point of a curve is dragged: new figures of a simulated year, and of four quarters replayed, beside bare NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.engine import inputs_of, plan_of_goals
from benchmarks.harness import Asked, Figure, at_most, django_up, median, spread

TITLE = "A point of a curve is dragged"
ABOUT = (
    "1,000 people of 125 accounts, six goals of each person's own results against a curve of three points. Simulated: "
    "1,000 draws of all results; then one point of one curve moves, and what people are paid in every draw, the "
    "quantiles of cost, the chance to reach threshold, target and most of each measure and pay against performance "
    "are computed again. Bare NumPy does the same arithmetic on columns that lie ready (np.interp of the goal that "
    "moved, a sum of six weighted columns, sums by draw, counts, a histogram), and has no tree, no gates and no "
    "states. Replayed: four quarters of the same people, settled, with what each quarter brings; bare is np.interp "
    "of their columns only. By the clock, in turns; people and draws are these whatever else is asked for."
)
PEOPLE, DRAWS, MOVED, TENTHS = 1_000, 1_000, 2, 14


def measure(asked: Asked) -> list[Figure]:
    """Return milliseconds of a simulated and of a replayed answer, and their ratios to bare NumPy."""
    django_up()
    turns = max(asked.pairs, 5) * 2
    made, drawing = _timed(simulation)
    _first, whole = _timed(lambda: made.drawn(plan=curve_moved(0), workers=2))
    bare = Bare(made)
    ours, one, theirs = [], [], []
    for turn in range(1, turns + 1):
        plan, height = curve_moved(turn), 2 + turn / 100
        ours.append(_timed(lambda plan=plan: figures(made, plan, workers=2))[1])  # type: ignore[misc]
        plan = curve_moved(turn + turns)
        one.append(_timed(lambda plan=plan: figures(made, plan, workers=1))[1])  # type: ignore[misc]
        theirs.append(_timed(lambda height=height: bare.figures(height))[1])  # type: ignore[misc]
    past, barely = _replayed(turns)
    return [
        Figure(what="drawing 6,000,000 results, once a scenario", value=f"{drawing:,.0f} ms"),
        Figure(what="the first look at them, all six goals", value=f"{whole:,.0f} ms"),
        at_most("a point moved: 1,000 people x 1,000 draws x 6 goals, two threads", ours, 500, unit="ms", digits=0),
        at_most("the same on one thread", one, 500, unit="ms", digits=0),
        Figure(what="bare NumPy, one thread", value=f"{spread(theirs, digits=0)} ms"),
        at_most("one thread / bare NumPy", [a / b for a, b in zip(one, theirs, strict=True)], 3),
        at_most("a point moved: 1,000 people x 4 quarters replayed", past, 300, unit="ms", digits=1),
        Figure(what="- of them bare NumPy's arithmetic on whole columns", value=f"{median(barely):,.1f} ms"),
    ]  # fmt: skip


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    done = act()
    return done, (time.perf_counter() - started) * 1000


def simulation() -> Any:
    """Return six goals of a thousand people, drawn a thousand times."""
    from payouts.engine.simulation.draws import Distribution
    from payouts.engine.simulation.frame import inputs_of_year
    from payouts.engine.simulation.kernel import Simulation
    from payouts.engine.simulation.scenario import Scenario, Source, scenario_draws

    plan, frame = plan_of_goals(), inputs_of_year(inputs=inputs_of(PEOPLE))
    scenario = Scenario(
        source=Source.STATED, draws=DRAWS, seed=20_261_122, together=0.2,
        distributions={f"X{n}": Distribution(spread=0.15) for n in range(6)},
        correlations={("X0", "X1"): 0.5},
    )  # fmt: skip
    accounts = [f"A{n // 8}" for n in range(PEOPLE)]
    draws = scenario_draws(scenario=scenario, plan=plan, frame=frame, accounts=accounts, past=())
    return Simulation(plan=plan, frame=frame, draws=draws)


def curve_moved(hundredths: int) -> Any:
    """Return the plan with the last point of one curve so many hundredths higher."""
    plan = plan_of_goals()
    goals = list(plan.incentive.children)
    curve = goals[MOVED].curve
    height = curve.points[-1].payout + Decimal(hundredths) / 100
    points = (*curve.points[:-1], replace(curve.points[-1], arriving=height, payout=height))
    goals[MOVED] = replace(goals[MOVED], curve=replace(curve, points=points))
    return replace(plan, incentive=replace(plan.incentive, children=tuple(goals)))


def figures(made: Any, plan: Any, *, workers: int) -> Any:
    """Return all figures that the screen shows of a drawn plan."""
    from payouts.engine.simulation.figures import cost_figures

    return cost_figures(drawn=made.drawn(plan=plan, workers=workers), levels={}, budget=25_000_000.0)


class Bare:
    """The same arithmetic on columns that lie ready, by NumPy alone."""

    def __init__(self, made: Any) -> None:
        plan = plan_of_goals()
        goals = plan.incentive.children
        self.weights = [float(goal.weight) for goal in goals]
        self.xs = np.array([float(point.x) for point in goals[MOVED].curve.points])
        self.readings = np.concatenate([_reading(block, goals[MOVED].code) for block in made.blocks])
        self.weighted = [
            np.concatenate([block.known[node].result.total for block in made.blocks])
            for node in made.blocks[0].known
        ]
        self.incentive = np.tile(next(iter(made.once.incentives.values())).target, DRAWS)
        self.places = np.concatenate([next(iter(block.performance.values()))[0] for block in made.blocks])
        self.counts = np.bincount(self.places, minlength=TENTHS)

    def figures(self, height: float) -> Any:
        """Return quantiles, chances and pay by performance with the last point at a height."""
        ratio = np.interp(self.readings, self.xs, np.array([0.5, 1.0, height]), left=0.0)
        self.weighted[MOVED] = ratio * self.weights[MOVED]
        total = self.weighted[0]
        for column in self.weighted[1:]:
            total = total + column
        cost = (total * self.incentive).reshape(DRAWS, PEOPLE).sum(axis=1)
        reached = [np.count_nonzero(ratio >= limit - 1e-9) for limit in (1e-8, 1.0, height)]
        by_performance = np.bincount(self.places, weights=total, minlength=TENTHS)
        return np.quantile(cost, (0.1, 0.5, 0.9)), reached, ratio.sum(), by_performance, (cost > 2.5e7).mean()


def _reading(block: Any, code: str) -> Any:
    return next(read.value for key, read in block.reads.items() if code in key)


def _replayed(turns: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of four quarters replayed, and of the bare arithmetic of their columns."""
    from kamcomp.columns import FAST
    from payouts.engine.simulation.past import PastPeriod, past_costs

    fast = FAST.of(inputs_of(PEOPLE))
    quarters = [PastPeriod(name=str(n), fiscal_year=2026, inputs=fast) for n in range(4)]
    xs = np.array([0.8, 1.0, 1.5])
    columns = [
        each.numerator / each.target.value for each in fast.results.values() if each.target is not None
    ]
    past, bare = [], []
    for turn in range(turns):
        plan = curve_moved(turn)
        past.append(_timed(lambda plan=plan: past_costs(plan=plan, periods=quarters))[1])  # type: ignore[misc]
        ys = np.array([0.5, 1.0, 2 + turn / 100])
        bare.append(
            _timed(
                lambda ys=ys: [  # type: ignore[misc]
                    sum(np.interp(column, xs, ys, left=0.0) * 0.15 for column in columns).sum()
                    for _quarter in quarters
                ]
            )[1]
        )
    return past, bare
