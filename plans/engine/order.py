"""
The order at a node: modifiers, then the gate, then the cap; the same from leaf to top.

A node's result arrives here weighted (result x weight), so that a cap, a limit and "what
lies above target" are compared without a division: a cap of 1.50 on a branch that weighs
0.60 is 0.90. Each change is told apart, so that a statement can show a line for it. Pure.
Rule: docs/reference/formulas.md, "The order at a node".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask
from kamcomp.sentences import Sentence, Word
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import GatedPart, Window
from plans.engine.curve import curve_value
from plans.engine.plan import Gate, Modifier
from plans.engine.reading import FINAL, Computation, carried_read, policy_ratio, read_once


@dataclass(frozen=True)
class Change:
    """What one rule at a node changed: the value before and after, weighted."""

    effect: str
    before: Column
    after: Column


def changes(
    *,
    node: str,
    scale: Any,
    value: Column,
    modifiers: Sequence[Modifier],
    gate: Gate | None,
    cap: Any,
    interim_cap: Any,
    window: Window,
    years: int,
    computation: Computation,
    trace: Trace = NO_TRACE,
) -> list[Change]:
    """
    Return what modifiers, gate and cap do to a node's value, in that order.

    `scale` is what a ratio of 1 is worth in `value`: the node's weight, 1 for a leaf's own
    ratio or for money. An interim cap holds until the year's last period.
    """
    done: list[Change] = []
    for modifier in modifiers:
        factor = modifier_factor(
            modifier=modifier, window=window, years=years, computation=computation, trace=trace
        )
        done.append(Change("modifier", value, value * factor))
        value = done[-1].after
    if gate:
        opened = gate_open(
            gate=gate, node=node, window=window, years=years, computation=computation, trace=trace
        )
        done.append(Change("gate", value, gated(gate=gate, scale=scale, value=value, opened=opened)))
        value = done[-1].after
    for limit, holds in ((cap, True), (interim_cap, not computation.inputs.calendar.is_year_end)):
        if limit is not None and holds:
            done.append(Change("cap", value, capped(value=value, limit=limit * scale)))
            value = done[-1].after
    for change in done:
        trace.step(
            f"{node} after {change.effect}",
            change.after,
            unit="weighted ratio",
            inputs={"before": change.before},
        )
    return done


def modifier_factor(
    *, modifier: Modifier, window: Window, years: int, computation: Computation, trace: Trace = NO_TRACE
) -> Column:
    """Return the factor of each row: the modifier's table at its reading; neutral is 1, zero is 0."""
    with trace.within(f"modifier {modifier.code}"):
        read = read_once(
            reading=modifier,
            node=modifier.code,
            window=window,
            years=years,
            computation=computation,
            trace=trace,
        )
        read = carried_read(reading=modifier, read=read, window=window, computation=computation)
        factor = computation.numbers.zeros(len(read.state))
        rows = read.state == FINAL
        factor[rows] = curve_value(curve=modifier.table, reading=read.value[rows], trace=trace)
        one, zero = computation.numbers.number(1), computation.numbers.number(0)
        return policy_ratio(
            reading=modifier, read=read, earned=factor, node=modifier.code, computation=computation,
            neutral=one, closed=zero, trace=trace,
        )  # fmt: skip


def gate_open(
    *, gate: Gate, node: str, window: Window, years: int, computation: Computation, trace: Trace = NO_TRACE
) -> Mask:
    """Return for which rows the gate's condition is met; neutral is open, zero is closed."""
    with trace.within(f"gate of {node}"):
        name = f"the gate of {node}"
        read = read_once(
            reading=gate, node=name, window=window, years=years, computation=computation, trace=trace
        )
        read = carried_read(reading=gate, read=read, window=window, computation=computation)
        met = np.zeros(len(read.state), dtype=bool)
        rows = read.state == FINAL
        met[rows] = _condition(gate, read.value[rows])
        opened: Mask = policy_ratio(
            reading=gate, read=read, earned=met, node=name, computation=computation,
            neutral=True, closed=False, trace=trace,
        )  # fmt: skip
        trace.step("open", opened, unit="yes or no", because=_condition_text(gate))
        return opened


def gated(*, gate: Gate, scale: Any, value: Column, opened: Mask) -> Column:
    """Return the value with what a closed gate does to it: nothing left, limited, or reduced by a factor."""
    if opened.all():
        return value
    result, shut = value.copy(), ~opened
    part = value[shut]
    if gate.part is GatedPart.ABOVE_TARGET:
        above = (part > scale).astype(bool)
        limit = gate.otherwise.limit  # under 1 it would take back what is not gated
        over = limit * scale - scale if limit is not None and limit > 1 else scale - scale
        part[above] = scale + _closed(gate, part[above] - scale, over)
    else:
        part = _closed(gate, part, (gate.otherwise.limit or 0) * scale)
    result[shut] = part
    return result


def capped(*, value: Column, limit: Any) -> Column:
    """Return the value, at most `limit` (one number, or one for each row)."""
    over = (value > limit).astype(bool)
    return np.where(over, limit, value) if over.any() else value


def _closed(gate: Gate, part: Column, limit: Any) -> Column:
    if gate.otherwise.limit is None:
        return part * gate.otherwise.factor
    return capped(value=part, limit=limit)


def _condition(gate: Gate, value: Column) -> Mask:
    if gate.at_least is not None:
        met = value >= gate.at_least
    elif gate.more_than is not None:
        met = value > gate.more_than
    elif gate.at_most is not None:
        met = value <= gate.at_most
    else:
        met = value < gate.less_than
    return np.asarray(met).astype(bool)


def _condition_text(gate: Gate) -> str:
    for word in ("at_least", "more_than", "at_most", "less_than"):
        if (limit := getattr(gate, word)) is not None:
            return Sentence(
                "%(metric)s %(word)s %(limit)s",
                metric=gate.metric,
                word=Word(word.replace("_", " ")),
                limit=limit,
            )
    return gate.metric
