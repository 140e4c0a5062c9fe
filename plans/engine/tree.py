"""
The plan tree: from leaf results to the share of target incentive each person earns.

Everything is weighted: a leaf's result times its weight, a branch the sum of its
children, so a branch's own result is that sum over its weight. At every node the same
order holds: curve or children, hurdle, modifiers, gate, cap. Each leaf, and each rule of
a branch that changed something, gives one line, and the lines sum to the plan. Pure.
Rule: docs/reference/formulas.md, "The plan tree".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from kamcomp.columns import Column
from kamcomp.money import without_tail
from kamcomp.sentences import Sentence
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import Accumulation, Policy, Window
from plans.engine.curve import curve_value
from plans.engine.grid import grid_value
from plans.engine.order import capped, changes
from plans.engine.plan import (
    Axis,
    Branch,
    Gate,
    Goal,
    Incentive,
    Matrix,
    Milestone,
    Modifier,
    Node,
    Objectives,
)
from plans.engine.reading import (
    FINAL,
    WINDOW_OF,
    Computation,
    Known,
    Read,
    carried_read,
    policy_ratio,
    read_once,
)

TimeSpan = tuple[Window, int]


@dataclass(frozen=True)
class Line:
    """
    A weighted contribution to the plan: of a leaf, or of a rule at a branch or the plan.

    `effect` is leaf, hurdle, modifier, gate or cap; `span` the window it is owed over;
    `ratio` the leaf's own result before its weight (None for a rule).
    """

    code: str
    effect: str
    span: TimeSpan
    weighted: Column
    ratio: Column | None = None


@dataclass(frozen=True)
class NodeResult:
    """A node's weighted value by the window it is owed over, and the lines that sum to it."""

    parts: Mapping[TimeSpan, Column]
    lines: tuple[Line, ...]

    @property
    def total(self) -> Column:
        """Return the weighted value over all windows."""
        return sum_of(tuple(self.parts.values()))


def sum_of(columns: tuple[Column, ...]) -> Column:
    """Return the sum of columns, in their order."""
    total = columns[0]
    for column in columns[1:]:
        total = total + column
    return total


def tree_result(*, root: Incentive, computation: Computation, trace: Trace = NO_TRACE) -> NodeResult:
    """
    Return the whole tree's result: the share of target incentive earned, with its lines.

    Shape: columns of the computation's rows. Units: ratios of target incentive.
    Source: docs/reference/formulas.md, "The plan tree".
    """
    with trace.within("plan"):
        return _branch_result(root, "PLAN", computation, trace)


def leaf_window(node: Incentive | Node) -> TimeSpan:
    """Return the window a node measures and owes over, with its number of years."""
    return WINDOW_OF[node.accumulation], node.years


def leaf_read(*, goal: Goal, computation: Computation) -> Read:
    """Return what a goal reads, before its curve: read once, as the tree reads it."""
    window, years = leaf_window(goal)
    return _read(goal, goal.code, window, years, computation, NO_TRACE)


def _node_result(node: Node, computation: Computation, trace: Trace) -> NodeResult:
    if computation.known is None or trace.recording:
        return _computed(node, computation, trace)
    known = computation.known.get(node)
    if known is None:
        before = len(computation.problems)
        result = _computed(node, computation, trace)
        computation.known[node] = Known(result, tuple(computation.problems[before:]))
        return result
    computation.problems.extend(known.problems)
    found: NodeResult = known.result
    return found


def _computed(node: Node, computation: Computation, trace: Trace) -> NodeResult:
    with trace.within(f"{node.kind} {node.code}"):
        if isinstance(node, Branch):
            return _branch_result(node, node.code, computation, trace)
        return _leaf_result(node, computation, trace)


def _leaf_result(
    leaf: Goal | Matrix | Objectives | Milestone, computation: Computation, trace: Trace
) -> NodeResult:
    window, years = span = leaf_window(leaf)
    if not _is_due(leaf, computation):
        ratio = computation.numbers.zeros(computation.inputs.size)
        trace.step(
            f"{leaf.code} ratio",
            ratio,
            unit="ratio",
            because=lambda: Sentence("due at the end of %(years)s years", years=leaf.years),
        )
    else:
        ratio = _leaf_ratio(leaf, window, years, computation, trace)
        done = changes(
            node=leaf.code, scale=computation.numbers.number(1), value=ratio, modifiers=leaf.modifiers, gate=leaf.gate,
            cap=leaf.cap, interim_cap=leaf.interim_cap, window=window, years=years,
            computation=computation, trace=trace,
        )  # fmt: skip
        ratio = done[-1].after if done else ratio
    weighted = ratio * leaf.weight
    trace.step(
        f"{leaf.code} weighted",
        weighted,
        unit="weighted ratio",
        inputs={"ratio": ratio, "weight": leaf.weight},
    )
    return NodeResult(parts={span: weighted}, lines=(Line(leaf.code, "leaf", span, weighted, ratio),))


def _is_due(leaf: Incentive | Node, computation: Computation) -> bool:
    if leaf.accumulation is not Accumulation.MULTI_YEAR:
        return True
    return computation.inputs.calendar.ends(years=leaf.years)


def _branch_result(node: Incentive | Branch, code: str, computation: Computation, trace: Trace) -> NodeResult:
    children = [_node_result(child, computation, trace) for child in node.children]
    lines = [line for child in children for line in child.lines]
    parts = _summed(children)
    if node.hurdle:
        limited = _over_hurdle(node, children, computation, trace)
        lines += list(_rule_lines(code, "hurdle", parts, limited))
        parts = limited
    window, years = leaf_window(node)
    modifiers, gate = _rules_read_now(node, computation)
    value = sum_of(tuple(parts.values()))
    for change in changes(
        node=code, scale=node.weight, value=value, modifiers=modifiers, gate=gate,
        cap=node.cap, interim_cap=node.interim_cap, window=window, years=years, computation=computation, trace=trace,
    ):  # fmt: skip
        reshaped = _reshaped(parts, change.before, change.after)
        lines += list(_rule_lines(code, change.effect, parts, reshaped))
        parts, value = reshaped, change.after
    trace.step(f"{code} weighted", value, unit="weighted ratio", inputs={"weight": node.weight})
    if trace.recording and node.weight:
        trace.step(
            f"{code} result", value / node.weight, unit="ratio", because="weighted sum over the weight"
        )
    return NodeResult(parts=parts, lines=tuple(lines))


def _rules_read_now(
    node: Incentive | Branch, computation: Computation
) -> tuple[tuple[Modifier, ...], Gate | None]:
    """Return a branch's modifiers and gate, without those that read over years that have not ended yet."""
    if _is_due(node, computation):
        return node.modifiers, node.gate
    modifiers = tuple(each for each in node.modifiers if each.window not in (None, Window.MULTI_YEAR))
    gate = node.gate if node.gate and node.gate.window not in (None, Window.MULTI_YEAR) else None
    return modifiers, gate


def _summed(children: list[NodeResult]) -> dict[TimeSpan, Column]:
    parts: dict[TimeSpan, Column] = {}
    for child in children:
        for span, column in child.parts.items():
            parts[span] = parts[span] + column if span in parts else column
    return parts


def _over_hurdle(
    node: Incentive | Branch, children: list[NodeResult], computation: Computation, trace: Trace
) -> dict[TimeSpan, Column]:
    """Return the parts with every child limited, on the rows where any child is under the hurdle."""
    hurdle = node.hurdle
    assert hurdle is not None
    missed = np.zeros(computation.inputs.size, dtype=bool)
    for child, result in zip(node.children, children, strict=True):
        missed |= (without_tail(result.total) < hurdle.at_least * child.weight).astype(bool)
    trace.step(
        "hurdle missed",
        missed,
        unit="yes or no",
        because=lambda: Sentence("a child under %(at_least)s", at_least=hurdle.at_least),
    )
    limited = []
    for child, result in zip(node.children, children, strict=True):
        held = capped(value=result.total, limit=hurdle.limit * child.weight)
        after = np.where(missed, held, result.total)
        limited.append(NodeResult(parts=_reshaped(result.parts, result.total, after), lines=()))
    return _summed(limited)


def _reshaped(parts: Mapping[TimeSpan, Column], before: Column, after: Column) -> dict[TimeSpan, Column]:
    """Return the parts of a value that became another, each window in proportion."""
    if len(parts) == 1:
        return dict.fromkeys(parts, after)
    changed = (before != after).astype(bool) & (before != 0).astype(bool)
    reshaped = {}
    for span, column in parts.items():
        reshaped[span] = column.copy()
        reshaped[span][changed] = column[changed] * after[changed] / before[changed]
    return reshaped


def _rule_lines(
    code: str, effect: str, before: Mapping[TimeSpan, Column], after: Mapping[TimeSpan, Column]
) -> Iterator[Line]:
    for span in before:
        yield Line(code, effect, span, after[span] - before[span])


def _leaf_ratio(leaf: Node, window: Window, years: int, computation: Computation, trace: Trace) -> Column:
    if isinstance(leaf, Goal):
        return _goal_ratio(leaf, window, years, computation, trace)
    if isinstance(leaf, Matrix):
        return _matrix_ratio(leaf, window, years, computation, trace)
    if isinstance(leaf, Objectives):
        return _objectives_ratio(leaf, computation, trace)
    assert isinstance(leaf, Milestone)
    return _milestone_ratio(leaf, computation, trace)


def _goal_ratio(goal: Goal, window: Window, years: int, computation: Computation, trace: Trace) -> Column:
    read = _read(goal, goal.code, window, years, computation, trace)
    rows = read.state == FINAL
    if rows.all():
        earned = curve_value(curve=goal.curve, reading=read.value, trace=trace)
    else:
        earned = computation.numbers.zeros(len(rows))
        if rows.any():
            earned[rows] = curve_value(curve=goal.curve, reading=read.value[rows], trace=trace)
    return _with_policy(goal, read, earned, goal.code, computation, trace)


def _matrix_ratio(
    matrix: Matrix, window: Window, years: int, computation: Computation, trace: Trace
) -> Column:
    reads = [_read(axis, matrix.code, window, years, computation, trace) for axis in (matrix.x, matrix.y)]
    states = [read.by_row(read.state) for read in reads]
    rows = (states[0] == FINAL) & (states[1] == FINAL)
    ratio = computation.numbers.zeros(len(rows))
    if rows.any():
        ratio[rows] = grid_value(
            xs=matrix.x.at, ys=matrix.y.at, grid=matrix.grid, reading=matrix.reading,
            x=reads[0].by_row(reads[0].value)[rows], y=reads[1].by_row(reads[1].value)[rows], trace=trace,
        )  # fmt: skip
    for axis, state in zip((matrix.x, matrix.y), states, strict=True):
        ratio = _with_policy(axis, Read(value=ratio, state=state), ratio, matrix.code, computation, trace)
    return ratio


def _objectives_ratio(leaf: Objectives, computation: Computation, trace: Trace) -> Column:
    """Return the weighted ratings; a rating that is missing, or not on the scale, follows the policy."""
    ratio = computation.numbers.zeros(computation.inputs.size)
    for item in leaf.items:
        rating, state = _rated(leaf, item.code, computation)
        judged = _judged(leaf, f"{leaf.code}/{item.code}", rating, state, computation)
        trace.step(f"objective {item.code}", judged, unit="ratio", inputs={"weight": item.weight})
        ratio = ratio + judged * item.weight
    trace.step("objectives", ratio, unit="ratio", because="sum of weight x rating")
    return ratio


def _rated(leaf: Objectives, item: str, computation: Computation) -> tuple[Column, Column]:
    stated = computation.inputs.ratings.get((leaf.code, item))
    if stated is None:
        size = computation.inputs.size
        return computation.numbers.zeros(size), np.full(size, 1, dtype=np.int8)
    rating = computation.numbers.convert(stated.value)
    on_scale = np.zeros(len(rating), dtype=bool)
    for step in leaf.scale:
        on_scale |= (rating == step).astype(bool)
    strange = np.flatnonzero((stated.state == FINAL) & ~on_scale)
    # Replays and simulations read the scale in floats.
    scale = ", ".join(f"{(Decimal(str(step)) * 100).normalize():f}%" for step in leaf.scale)
    computation.block(
        strange,
        node=leaf.code,
        code="rating_not_on_scale",
        detail=Sentence("The rating of %(item)s is not on the scale %(scale)s.", item=item, scale=scale),
    )
    return rating, stated.state


def _judged(
    leaf: Objectives | Milestone, name: str, value: Column, state: Column, computation: Computation
) -> Column:
    gone = state != FINAL
    if not gone.any():
        return value
    judged = value.copy()
    judged[gone] = computation.numbers.number(1 if leaf.missing is Policy.NEUTRAL else 0)
    if leaf.missing in (Policy.BLOCK, Policy.CARRY):
        computation.block(
            np.flatnonzero(gone),
            node=leaf.code,
            code="rating_missing",
            detail=Sentence(
                "%(name)s has no rating or stage: supply it, or name a policy on %(leaf)s.",
                name=name,
                leaf=leaf.code,
            ),
        )
    return judged


def _milestone_ratio(leaf: Milestone, computation: Computation, trace: Trace) -> Column:
    """Return the shares of the stages reached: the input is the number of the last stage reached, 0 for none."""
    size = computation.inputs.size
    stated = computation.inputs.milestones.get(leaf.code)
    stage = computation.numbers.zeros(size) if stated is None else computation.numbers.convert(stated.value)
    state = np.full(size, 1, dtype=np.int8) if stated is None else stated.state
    earned, reached = computation.numbers.zeros(size), computation.numbers.number(0)
    for number, each in enumerate(leaf.stages, start=1):
        reached = reached + each.share
        earned[(stage >= number).astype(bool)] = reached
    ratio = _judged(leaf, leaf.code, earned, state, computation)
    trace.step(
        "milestone", ratio, unit="ratio", because="shares of the stages reached", inputs={"stage": stage}
    )
    return ratio


def _read(
    reading: Goal | Axis, node: str, window: Window, years: int, computation: Computation, trace: Trace
) -> Read:
    read = read_once(
        reading=reading, node=node, window=window, years=years, computation=computation, trace=trace
    )
    return carried_read(reading=reading, read=read, window=window, computation=computation)


def _with_policy(
    reading: Goal | Axis, read: Read, earned: Column, node: str, computation: Computation, trace: Trace
) -> Column:
    one: Any = computation.numbers.number(1)
    return policy_ratio(
        reading=reading, read=read, earned=earned, node=node, computation=computation,
        neutral=one, closed=computation.numbers.number(0), trace=trace,
    )  # fmt: skip
