"""
What a payout would be on other results: the same inputs with some actuals laid over them.

Nothing of it is pay: an estimate is shown, never kept. The engine that evaluates it is the
one that pays. Pure.
Rule: docs/reference/formulas.md, "Estimates".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, localcontext

import numpy as np

from kamcomp.money import CONTEXT
from plans.engine.conventions import Reads
from plans.engine.curve_inverse import curve_reached
from plans.engine.inputs import Inputs, ResultKey, Results
from plans.engine.plan import Branch, Goal, Incentive, Plan
from plans.engine.reading import FINAL, WINDOW_OF, result_key
from scorecards.engine.attainment import AttainmentRule

STEP = Decimal("0.10")
"""A next step is the next tenth of the goal's target pay."""
TAIL = Decimal("0.001")


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """The actual at which a goal earns the next step: `reading` (a ratio, or the value read) and what it earns."""

    actual: Decimal
    reading: Decimal
    ratio: Decimal


def goals(plan: Plan) -> Iterator[Goal]:
    """Yield the goals of a plan's tree, in its order."""
    yield from _goals(plan.incentive)


def _goals(node: Incentive | Branch) -> Iterator[Goal]:
    for child in node.children:
        if isinstance(child, Branch):
            yield from _goals(child)
        elif isinstance(child, Goal):
            yield child


def goal_key(goal: Goal) -> ResultKey:
    """Return which result a goal reads."""
    return result_key(goal, window=WINDOW_OF[goal.accumulation])


def inputs_with(*, plan: Plan, inputs: Inputs, actuals: Mapping[str, Decimal]) -> Inputs:
    """
    Return inputs in which the goals of the codes given have these actuals; everything that reads them reads the same.

    Units: each actual in its metric's unit. Where several goals read one result, the last one named counts.
    """
    results = dict(inputs.results)
    with localcontext(CONTEXT):
        for goal in goals(plan):
            key = goal_key(goal)
            if goal.code in actuals and key in results:
                results[key] = _with_actual(results[key], actuals[goal.code])
    return replace(inputs, results=results)


def _with_actual(results: Results, actual: Decimal) -> Results:
    count = len(results.subjects)
    ones = np.array([Decimal(1)] * count, dtype=object)
    return replace(
        results,
        numerator=ones * actual,
        denominator=None if results.denominator is None else ones,
        state=np.full(count, FINAL, dtype=np.int8),
    )


def next_step(*, goal: Goal, ratio: Decimal, target: Decimal | None, grain: Decimal) -> NextStep | None:
    """
    Return the least actual that earns a goal the next tenth of its target pay; None if nothing earns more.

    Goals whose attainment is not result over target have none here.
    Units: `ratio` is what the goal earns now; `target` and the actual in the metric's unit, the
    actual rounded up to a multiple of `grain` (less than a thousandth above it does not count).
    """
    wanted = (ratio // STEP + 1) * STEP
    reading = curve_reached(curve=goal.curve, payout=wanted)
    if reading is None:
        return None
    if goal.reads is Reads.VALUE:
        actual = reading
    elif goal.attainment.rule is AttainmentRule.RATIO and target is not None and target > 0:
        actual = reading * target
    else:
        return None
    with localcontext(CONTEXT):
        # The reading is rounded up far behind the point: that tail is no reason for one whole unit more.
        units = (actual / grain).quantize(TAIL).to_integral_value(rounding=ROUND_CEILING)
        return NextStep(actual=units * grain, reading=reading, ratio=wanted)
