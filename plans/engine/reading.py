"""
Readings: from stored results to the number a node's curve, gate or table is read at.

A reading names a metric, whose result, over which window, and whether the raw value or
the attainment is read. Rows without a readable result come out with a state; what they
then pay is the node's policy, and `block` is a named problem for that payee, never a
silent zero. Pure.
Rule: docs/reference/formulas.md, "Reading a result" and "Missing results and zero targets".
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from kamcomp.columns import Column, NumberSystem, RowState
from kamcomp.sentences import Sentence, Word
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import Accumulation, Policy, ProrationOf, Reads, Window
from plans.engine.inputs import Inputs, Ints, ResultKey, Results, Stated
from plans.engine.parameter import Parameter, Value
from plans.engine.plan import Plan, Reading
from plans.engine.proration import WindowIncentive, plan_prorates, window_incentive
from scorecards.engine.attainment import attainment, bounded, readable

READ_BY = tuple(each.name for each in fields(Reading))
FINAL, MISSING, ZERO_TARGET = int(RowState.FINAL), int(RowState.MISSING), int(RowState.ZERO_TARGET)
NOT_ELIGIBLE = int(RowState.NOT_ELIGIBLE)
WINDOW_OF = {
    Accumulation.PERIOD: Window.PERIOD,
    Accumulation.YEAR_TO_DATE: Window.YEAR_TO_DATE,
    Accumulation.MULTI_YEAR: Window.MULTI_YEAR,
}


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be paid: the node that could not be computed, a stable code, a sentence."""

    row: int
    node: str
    code: str
    detail: str


@dataclass(frozen=True)
class Known:
    """What a node came to (a result of the tree), and the problems found on the way."""

    result: Any
    problems: tuple[Problem, ...]


@dataclass
class Computation:
    """
    One evaluation of a plan: its plan and inputs in one number system, and the problems found.

    Where `known` is given, what nodes came to is remembered in it, and a node that is the same record is not
    computed again: of a plan in which one curve changed, that goal and the branches above it are. Who gives it,
    and `reads` or `incentives`, answers for the rest of the plan and the inputs being the same.
    """

    plan: Plan
    inputs: Inputs
    numbers: NumberSystem
    problems: list[Problem] = field(default_factory=list)
    incentives: dict[tuple[Window, int], WindowIncentive] = field(default_factory=dict)
    reads: dict[tuple[Any, ...], Read] = field(default_factory=dict)
    known: dict[Any, Known] | None = None

    def block(self, rows: npt.NDArray[Any], *, node: str, code: str, detail: str) -> None:
        """Note that these rows cannot be paid, and why."""
        self.problems.extend(Problem(row=int(row), node=node, code=code, detail=detail) for row in rows)

    def incentive(self, window: Window, *, years: int = 1, trace: Trace = NO_TRACE) -> WindowIncentive:
        """Return target incentive and presence over a window (computed once)."""
        key = (window, years)
        if key not in self.incentives:
            share = self.plan.target_incentive.share
            self.incentives[key] = window_incentive(
                plan=self.plan,
                spans=self.inputs.spans,
                calendar=self.inputs.calendar,
                window=window,
                years=years,
                size=self.inputs.size,
                share=None if share is None else self.value(share, node="PLAN"),
                numbers=self.numbers,
                trace=trace,
            )
        return self.incentives[key]

    def value(self, value: Value, *, node: str) -> Column:
        """Return a literal, or each row's personal parameter; rows without it are blocked."""
        if not isinstance(value, Parameter):
            return np.full(self.inputs.size, value, dtype=object if self.numbers.exact else np.float64)
        known = self.inputs.parameters.get(value.parameter)
        if known is None:
            rows, column = np.arange(self.inputs.size), self.numbers.zeros(self.inputs.size)
        else:
            rows, column = np.flatnonzero(known.state != FINAL), self.numbers.convert(known.value)
        self.block(
            rows,
            node=node,
            code="parameter_missing",
            detail=Sentence(
                "The assignment names no %(parameter)s, which %(node)s reads.",
                parameter=repr(value.parameter),
                node=node,
            ),
        )
        return column


@dataclass(frozen=True, kw_only=True)
class Read:
    """
    What was read: a value and a state per subject, and which subject each row reads.

    `index` None means that the subjects are the rows.
    """

    value: Column
    state: npt.NDArray[np.int8]
    index: Ints | None = None

    def by_row(self, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a column over the subjects as a column over the rows."""
        return column if self.index is None else column[self.index]


def result_key(reading: Reading, *, window: Window) -> ResultKey:
    """Return which result a reading reads when its node measures over `window`."""
    word = reading.rolling.word if reading.rolling else str(reading.window or window)
    return ResultKey(reading.metric, word, str(reading.level), reading.segment or "")


def read_once(
    *,
    reading: Reading,
    node: str,
    window: Window,
    years: int,
    computation: Computation,
    trace: Trace = NO_TRACE,
) -> Read:
    """Return what `read_result` does; what was read before without a trace is not read again."""
    if trace.recording:
        return read_result(
            reading=reading, node=node, window=window, years=years, computation=computation, trace=trace
        )
    key = (*(getattr(reading, name) for name in READ_BY), node, window, years)
    if key not in computation.reads:
        computation.reads[key] = read_result(
            reading=reading, node=node, window=window, years=years, computation=computation
        )
    return computation.reads[key]


def read_result(
    *,
    reading: Reading,
    node: str,
    window: Window,
    years: int,
    computation: Computation,
    trace: Trace = NO_TRACE,
) -> Read:
    """
    Return what a node reads of its result: the attainment or the raw value, with states.

    Where nothing depends on the row (a team's result and target), the reading is made once
    per subject. A target is the result's own unless the reading names a personal one; it is
    scaled by `target_share`, and by presence where the plan prorates targets and the
    result is the person's own.

    Units: a ratio for attainment, the metric's unit for a value.
    Source: docs/reference/formulas.md, "Reading a result".
    """
    key = result_key(reading, window=window)
    results = computation.inputs.results.get(key)
    if results is None:
        return _nothing(computation)
    personal = _is_personal(reading, computation.plan)
    stated = _by_row(results) if personal or (results.index < 0).any() else results
    index = None if personal or stated is not results else results.index
    numerator, state = computation.numbers.convert(stated.numerator), stated.state.copy()
    actual = _actual(stated, numerator, state, computation.numbers)
    trace.step(f"{reading.metric} ({key.window}, {key.level})", actual, unit="metric", inputs=_given(stated))
    if reading.reads is Reads.VALUE:
        return Read(value=actual, state=state, index=index)
    target = _target(reading, stated, state, node, computation)
    actual, target = _whole_quotient(stated, numerator, actual, target, computation.numbers)
    value = _attained(reading, actual, target, state, computation, key, years, trace, personal)
    return Read(value=value, state=state, index=index)


def policy_ratio(
    *,
    reading: Reading,
    read: Read,
    earned: Column,
    node: str,
    computation: Computation,
    neutral: Any,
    closed: Any,
    trace: Trace = NO_TRACE,
) -> Column:
    """
    Return `earned` per row, with the node's policy in place of rows that have no reading.

    `neutral` pays the neutral value (a ratio or factor of 1, an open gate), `zero` pays
    `closed`, `block` names the problem. `carry` was resolved by `carried_read`.
    """
    result = read.by_row(earned)
    if (read.state == FINAL).all():
        return result
    state, result = read.by_row(read.state), result.copy()
    result[state == NOT_ELIGIBLE] = closed
    for states, policy, word in (
        (state == ZERO_TARGET, reading.zero_target, "zero_target"),
        (~np.isin(state, (FINAL, ZERO_TARGET, NOT_ELIGIBLE)), reading.missing, "result_missing"),
    ):
        rows = np.flatnonzero(states)
        if not len(rows):
            continue
        result[rows] = neutral if policy is Policy.NEUTRAL else closed
        trace.step(
            "no reading",
            result,
            unit="ratio",
            because=Sentence("%(word)s: %(policy)s", word=Word(word.replace("_", " ")), policy=Word(policy)),
        )
        if policy in (Policy.BLOCK, Policy.CARRY):
            computation.block(rows, node=node, code=word, detail=_missing_detail(reading, node, word, policy))
    return result


def carried_read(*, reading: Reading, read: Read, window: Window, computation: Computation) -> Read:
    """Return a reading in which rows under the policy `carry` hold the last known reading, where there is one."""
    if Policy.CARRY not in (reading.missing, reading.zero_target):
        return read
    results = computation.inputs.results.get(result_key(reading, window=window))
    wanted = np.zeros(len(read.state), dtype=bool)
    if reading.missing is Policy.CARRY:
        wanted |= ~np.isin(read.state, (FINAL, ZERO_TARGET, NOT_ELIGIBLE))
    if reading.zero_target is Policy.CARRY:
        wanted |= read.state == ZERO_TARGET
    if results is None or results.carried is None or not wanted.any():
        return read
    carried = results.carried if read.index is not None else _carried_by_row(results)
    rows = wanted & (carried.state == FINAL)
    value, state = read.value.copy(), read.state.copy()
    value[rows], state[rows] = computation.numbers.convert(carried.value)[rows], FINAL
    return Read(value=value, state=state, index=read.index)


def _nothing(computation: Computation) -> Read:
    size = computation.inputs.size
    return Read(value=computation.numbers.zeros(size), state=np.full(size, MISSING, dtype=np.int8))


def _is_personal(reading: Reading, plan: Plan) -> bool:
    prorated = reading.level == "individual" and plan_prorates(plan, ProrationOf.TARGET)
    return prorated or isinstance(reading.target, Parameter) or isinstance(reading.target_share, Parameter)


def _by_row(results: Results) -> Results:
    """Return results with a subject for each row, missing where the row reads none."""
    index, none = np.maximum(results.index, 0), results.index < 0
    if len(index) == len(results.subjects) and (results.index == np.arange(len(index))).all():
        return results
    if not len(results.subjects):
        size = len(results.index)
        empty = np.full(
            size, 0 * results.numerator.sum() if len(results.numerator) else 0, dtype=results.numerator.dtype
        )
        return Results(
            subjects=(), index=np.arange(size), numerator=empty, state=np.full(size, MISSING, dtype=np.int8)
        )
    state = results.state[index]
    state[none] = MISSING
    return Results(
        subjects=(),
        index=np.arange(len(index)),
        numerator=results.numerator[index],
        denominator=None if results.denominator is None else results.denominator[index],
        state=state,
        target=None if results.target is None else _taken(results.target, index),
        carried=None if results.carried is None else _carried_by_row(results),
    )


def _taken(stated: Stated, index: Ints) -> Stated:
    return Stated(value=stated.value[index], state=stated.state[index])


def _carried_by_row(results: Results) -> Stated:
    if results.carried is None or not len(results.subjects):
        size = len(results.index)
        return Stated(value=np.zeros(size, dtype=object), state=np.full(size, MISSING, dtype=np.int8))
    carried = _taken(results.carried, np.maximum(results.index, 0))
    carried.state[results.index < 0] = MISSING
    return carried


def _given(results: Results) -> dict[str, Any]:
    given: dict[str, Any] = {"numerator": results.numerator}
    return given if results.denominator is None else given | {"denominator": results.denominator}


def _actual(
    results: Results, numerator: Column, state: npt.NDArray[np.int8], numbers: NumberSystem
) -> Column:
    """Return numerator over denominator; a zero denominator makes the row not measurable, in `state`."""
    if results.denominator is None:
        return numerator
    denominator = numbers.convert(results.denominator)
    zero = (denominator == 0).astype(bool) & (state == FINAL)
    state[zero] = int(RowState.NOT_MEASURABLE)
    actual, rows = numbers.zeros(len(state)), state == FINAL
    actual[rows] = numerator[rows] / denominator[rows]
    return actual


def _whole_quotient(
    results: Results, numerator: Column, actual: Column, target: Column, numbers: NumberSystem
) -> tuple[Column, Column]:
    """
    Return actual and target of a ratio metric as numerator and target x denominator.

    Attainment is then one quotient of exact products: 9/7 against 0.9 is exactly 0.7 where lower is
    better, and not 0.7 less the tail of 9/7, which would miss a point of a curve.
    """
    if results.denominator is None:
        return actual, target
    denominator = numbers.convert(results.denominator)
    below = (denominator < 0).astype(bool)
    sign = np.where(below, numbers.number(-1), numbers.number(1))
    return numerator * sign, target * denominator * sign


def _target(
    reading: Reading, results: Results, state: npt.NDArray[np.int8], node: str, computation: Computation
) -> Column:
    """Return the target each row is held against; rows without one become missing, in `state`."""
    if isinstance(reading.target, Parameter):
        target = computation.value(reading.target, node=node)
    elif reading.target is not None:
        target = np.full(
            len(state), reading.target, dtype=results.numerator.dtype if computation.numbers.exact else float
        )
    elif results.target is None:
        state[state == FINAL] = MISSING
        return computation.numbers.zeros(len(state))
    else:
        target = computation.numbers.convert(results.target.value)
        state[(state == FINAL) & (results.target.state != FINAL)] = MISSING
    if isinstance(reading.target_share, Parameter):
        return target * computation.value(reading.target_share, node=node)
    return target if reading.target_share == 1 else target * reading.target_share


def _attained(
    reading: Reading, actual: Column, target: Column, state: npt.NDArray[np.int8],
    computation: Computation, key: ResultKey, years: int, trace: Trace, personal: bool,
) -> Column:  # fmt: skip
    prorated = personal and plan_prorates(computation.plan, ProrationOf.TARGET)
    if prorated and reading.level == "individual" and key.rolling is None:
        actual, target = _prorated(actual, target, state, computation, Window(key.window), years, trace)
    final = state == FINAL
    unreadable = final.copy()
    unreadable[final] = ~readable(rule=reading.attainment.rule, actual=actual[final], target=target[final])
    state[unreadable] = ZERO_TARGET
    final = state == FINAL
    options = reading.attainment
    if final.all():
        ratio = attainment(rule=options.rule, actual=actual, target=target, trace=trace)
        return bounded(attainment=ratio, floor=options.floor, ceiling=options.ceiling, trace=trace)
    value = computation.numbers.zeros(len(state))
    if final.any():
        ratio = attainment(rule=options.rule, actual=actual[final], target=target[final], trace=trace)
        value[final] = bounded(attainment=ratio, floor=options.floor, ceiling=options.ceiling, trace=trace)
    return value


def _prorated(
    actual: Column, target: Column, state: npt.NDArray[np.int8],
    computation: Computation, window: Window, years: int, trace: Trace,
) -> tuple[Column, Column]:  # fmt: skip
    """Return actual and target with the target scaled by presence; multiplied before it is divided."""
    incentive = computation.incentive(window, years=years)
    partial = (incentive.present != incentive.whole).astype(bool)
    if not partial.any():
        return actual, target
    absent = partial & (incentive.present == 0).astype(bool)
    state[absent] = int(RowState.NOT_ELIGIBLE)
    scaled = target.copy()
    scaled[partial] = target[partial] * incentive.present[partial] / incentive.whole
    trace.step(
        "prorated target", scaled, unit="metric", inputs={"present": incentive.present, "of": incentive.whole}
    )
    return actual, scaled


def _missing_detail(reading: Reading, node: str, word: str, policy: Policy) -> str:
    place = f"{reading.metric} ({reading.level}{', ' + reading.segment if reading.segment else ''})"
    if reading.rolling is not None:
        place = Sentence("%(place)s over %(rolling)s", place=place, rolling=str(reading.rolling))
    if word == "zero_target":
        return Sentence(
            "%(node)s reads %(place)s, whose target is zero or cannot be read: set a target, or a policy on the node.",
            node=node, place=place,
        )  # fmt: skip
    last = Word(" and there is no earlier reading to carry") if policy is Policy.CARRY else ""
    return Sentence(
        "%(node)s reads %(place)s, which has no result or target%(last)s: supply it, or name a policy on the node.",
        node=node, place=place, last=last,
    )  # fmt: skip
