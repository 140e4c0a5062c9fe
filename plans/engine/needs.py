"""
What a plan needs to be computed: which results, ratings, stages and personal parameters.

Selectors and the calculator ask this before they look for facts, so that exactly what
the plan reads is fetched, and what is missing can be named. Pure.
Rule: docs/reference/formulas.md, "Reading a result".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plans.engine.inputs import ResultKey
from plans.engine.parameter import Parameter
from plans.engine.plan import (
    Commission,
    Goal,
    Incentive,
    Matrix,
    Milestone,
    MoneyLeaf,
    Node,
    Objectives,
    Plan,
    Reading,
    UnitBonus,
)
from plans.engine.reading import WINDOW_OF, result_key


@dataclass(frozen=True)
class ResultNeed:
    """A result that a node reads: its key, over how many years, and the code of the node."""

    key: ResultKey
    years: int
    node: str


def results_needed(plan: Plan) -> tuple[ResultNeed, ...]:
    """Return every result a plan reads, in the order of the plan; one key may be read by several nodes."""
    needs = []
    for code, node in plan_nodes(plan):
        window = WINDOW_OF[node.accumulation]
        for reading in node_readings(node):
            needs.append(ResultNeed(result_key(reading, window=window), node.years, code))
    return tuple(needs)


def plan_nodes(plan: Plan) -> Iterator[tuple[str, Incentive | Node | MoneyLeaf]]:
    """Yield every node with its code, the root as PLAN, in the order of the document."""
    yield "PLAN", plan.incentive
    yield from _below(plan.incentive)
    for leaf in plan.commissions:
        yield leaf.code, leaf


def ratings_needed(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the (leaf, item) pairs of objectives whose rating the plan reads."""
    return tuple(
        (code, item.code)
        for code, node in plan_nodes(plan)
        if isinstance(node, Objectives)
        for item in node.items
    )


def milestones_needed(plan: Plan) -> tuple[str, ...]:
    """Return the codes of the milestone leaves whose stage the plan reads."""
    return tuple(code for code, node in plan_nodes(plan) if isinstance(node, Milestone))


def parameters_needed(plan: Plan) -> tuple[str, ...]:
    """Return the names of the personal parameters the plan reads, in rising order."""
    names = set(_parameters(plan))
    if plan.proration.leave == "history_average":
        names.add("history_average")
    return tuple(sorted(names))


def reads_credits(plan: Plan) -> bool:
    """Tell whether the plan has a commission, which reads credits."""
    return any(isinstance(leaf, Commission) for leaf in plan.commissions)


def _below(node: Any) -> Iterator[tuple[str, Node]]:
    for child in getattr(node, "children", ()):
        yield child.code, child
        yield from _below(child)


def node_readings(node: Incentive | Node | MoneyLeaf) -> Iterator[Reading]:
    """Yield what a node itself reads of results: its own, its axes, its gate and its modifiers."""
    if isinstance(node, Goal | UnitBonus):
        yield node
    if isinstance(node, Matrix):
        yield from (node.x, node.y)
    if isinstance(node, Commission) and node.axis_reading is not None:
        yield node.axis_reading
    if node.gate is not None:
        yield node.gate
    yield from node.modifiers


def _parameters(value: Any) -> Iterator[str]:
    if isinstance(value, Parameter):
        yield value.parameter
    elif isinstance(value, tuple):
        for item in value:
            yield from _parameters(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _parameters(getattr(value, field.name))
