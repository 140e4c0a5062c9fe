"""
What drawn costs come to: quantiles, the chance that a budget is exceeded, a histogram, and stated levels.

Rule: docs/reference/formulas.md, "Simulation". Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kamcomp.columns import FAST
from payouts.engine.evaluation import evaluate
from payouts.engine.simulation.draws import Floats
from payouts.engine.simulation.frame import Draws, Stands, StatedDraws, nodes_of
from payouts.engine.simulation.kernel import Drawn, PoolDrawn, Simulation
from plans.engine.inputs import Inputs, ResultKey, Stated
from plans.engine.plan import Axis, Gate, Goal, Matrix, Modifier, Plan, Reading
from plans.engine.reading import FINAL, result_key
from plans.engine.tree import leaf_window
from scorecards.engine.attainment import AttainmentRule

LEVELS = (0.5, 1.0, 1.5)
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Draws that cost from `low` up to before `high`."""

    low: float
    high: float
    draws: int


@dataclass(frozen=True, kw_only=True)
class CostFigures:
    """
    What a year costs: in a low, a middling and a high draw of ten, on average, at stated results, against a budget.

    Units: money of the plan's currency; `over_budget` is a share of the draws, None without a budget.
    """

    low: float
    middle: float
    high: float
    mean: float
    people: float
    pools: float
    over_budget: float | None
    levels: Mapping[float, float]
    bars: Sequence[Bar]


def cost_figures(
    *, drawn: Drawn, levels: Mapping[float, float], budget: float | None, bars: int = 24
) -> CostFigures:
    """Return the figures of drawn costs; `levels` are what a year costs at stated results."""
    cost = drawn.cost
    low, middle, high = np.quantile(cost, QUANTILES)
    over = None if budget is None else float((cost > budget).mean())
    return CostFigures(
        low=float(low), middle=float(middle), high=float(high), mean=float(cost.mean()),
        people=float(drawn.people.mean()), pools=float(drawn.pools.mean()), over_budget=over,
        levels=levels, bars=histogram(cost=cost, bars=bars),
    )  # fmt: skip


def histogram(*, cost: Floats, bars: int) -> list[Bar]:
    """Return how many draws cost how much: so many bars of one width from the least to the most."""
    if not len(cost):
        return []
    counts, edges = np.histogram(cost, bins=bars)
    return [
        Bar(low=float(low), high=float(high), draws=int(count))
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def readings_of(*, plan: Plan) -> dict[ResultKey, Reading]:
    """Return which results the tree of a plan reads, each with the first reading of it, goals before gates."""
    found: dict[ResultKey, Reading] = {}
    rules: list[tuple[ResultKey, Reading]] = []
    for node in (plan.incentive, *nodes_of(plan.incentive)):
        window, _years = leaf_window(node)
        leaves: list[Goal | Axis] = (
            [node] if isinstance(node, Goal) else [node.x, node.y] if isinstance(node, Matrix) else []
        )
        for leaf in leaves:
            found.setdefault(result_key(leaf, window=window), leaf)
        others: list[Modifier | Gate] = [*node.modifiers, *([node.gate] if node.gate else [])]
        rules += [(result_key(rule, window=window), rule) for rule in others]
    for key, rule in rules:
        found.setdefault(key, rule)
    return found


def rule_of(reading: Reading) -> AttainmentRule | None:
    """Return how a reading attains its target; None where it reads the raw value."""
    return reading.attainment.rule if str(reading.reads) == "attainment" else None


def level_costs(*, plan: Plan, frame: Inputs, pools: Sequence[PoolDrawn]) -> dict[float, float]:
    """
    Return what the year costs if every measure ends at half, at all and at one and a half of its target.

    Judged objectives stand at the same; what has no target stays as it is in the frame. Nothing is drawn.
    Source: docs/reference/formulas.md, "Simulation".
    """
    readings = readings_of(plan=plan)
    found = {}
    for level in LEVELS:
        stands = {
            key: Stands(readings=np.full((1, len(base.subjects)), level), rule=rule or AttainmentRule.RATIO)
            for key, base in frame.results.items()
            if key in readings and (rule := rule_of(readings[key]) or _held(base.target)) is not None
        }
        at_level = replace(frame, ratings={code: _at(each, level) for code, each in frame.ratings.items()})
        draws: Draws = StatedDraws(count=1, stands=stands)
        drawn = Simulation(plan=plan, frame=at_level, draws=draws, pools=pools).drawn(plan=plan)
        found[level] = float(drawn.cost[0])
    return found


def _held(target: Stated | None) -> AttainmentRule | None:
    """Return how a raw value is set at a level: as a ratio of its target, where everybody has one."""
    if target is None or not (target.state == FINAL).all():
        return None
    return AttainmentRule.RATIO


def _at(stated: Stated, level: float) -> Stated:
    value = np.full(len(stated.value), level)
    return Stated(value=value, state=np.full(len(value), FINAL, dtype=np.int8))


def blocked_payees(*, plan: Plan, frame: Inputs) -> dict[str, str]:
    """Return who cannot be paid on a frame, each with the first reason, by payee."""
    outcome = evaluate(plan=plan, inputs=frame, numbers=FAST)
    found: dict[str, str] = {}
    for problem in outcome.problems:
        found.setdefault(frame.payees[int(frame.payee[problem.row])], problem.detail)
    return found
