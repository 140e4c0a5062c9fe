"""
The result of a node of the plan's tree for one stint: what pool funding reads.

A branch's own result is the weighted sum of everything at and below it over its weight,
its own modifiers, gate and cap included. Pure.
Rule: docs/reference/formulas.md, "The plan tree".
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from kamcomp import money
from kamcomp.columns import EXACT
from kamcomp.refusal import Refusal, Word
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.inputs import Inputs
from plans.engine.plan import Branch, Incentive, Node, Plan
from plans.engine.reading import Computation
from plans.engine.tree import tree_result

ROOT = "PLAN"
WHOLE_PLAN = ""


class TeamResultUnknown(Refusal):
    """A node's result cannot be computed for the stint that stands for the team."""


@money.exactly
def node_ratios(
    *, plan: Plan, inputs: Inputs, nodes: Iterable[str], trace: Trace = NO_TRACE
) -> dict[str, Decimal]:
    """
    Return the result of each named node for the one stint of `inputs`; "" is the whole plan.

    Shape: `inputs` hold exactly one stint. Units: ratios, 1 is 100 %.
    Source: docs/reference/formulas.md, "The plan tree".

    :raises TeamResultUnknown: if the stint is blocked at a node in question.
    """
    computation = Computation(plan=plan, inputs=inputs, numbers=EXACT)
    result = tree_result(root=plan.incentive, computation=computation, trace=trace)
    ratios = {}
    for node in nodes:
        codes, weight = _at_and_below(plan, node)
        problem = next((problem for problem in computation.problems if problem.node in codes), None)
        if problem is not None:
            raise TeamResultUnknown(
                "The team result of %(node)s is not known: %(detail)s",
                node=node or Word("the whole plan"),
                detail=problem.detail,
            )
        total = sum((line.weighted[0] for line in result.lines if line.code in codes), Decimal(0))
        ratios[node] = total / weight
    return ratios


def _at_and_below(plan: Plan, code: str) -> tuple[frozenset[str], Decimal]:
    if code == WHOLE_PLAN:
        return frozenset({ROOT, *_codes(plan.incentive)}), plan.incentive.weight
    node = next(node for node in _nodes(plan.incentive) if node.code == code)
    return frozenset({code, *_codes(node)}), node.weight


def _codes(node: Incentive | Node) -> set[str]:
    return {each.code for each in _nodes(node)}


def _nodes(node: Incentive | Node) -> Iterable[Node]:
    for child in getattr(node, "children", ()):
        yield child
        if isinstance(child, Branch):
            yield from _nodes(child)
