"""
Rate tables: the four readings of one sentence about tiers.

"1 % up to 1.0 M, 1.5 % from there, 2 % from 1.5 M" pays four different amounts in four
programmes. The reading is therefore a named choice, and each is one function of the
position on the table's axis. Pure.
Rule: docs/reference/formulas.md, "Rate table".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask
from kamcomp.sentences import Sentence
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import Negative, TierBound, TierReading


def tier_amount(
    *,
    starts: Sequence[Any],
    rates: Sequence[Column],
    reading: TierReading,
    bound: TierBound,
    position: Column,
    basis: Column,
    excess_over: Any = None,
    negative: Negative = Negative.FIRST_RATE,
    trace: Trace = NO_TRACE,
) -> Column:
    """
    Return what a basis earns at a position of a rate table.

    `marginal`: each slice of the axis at its own rate, the basis in proportion to the
    slices: basis x sum(rate x slice) / position. `whole_amount`: basis x the rate reached.
    `reached_on_excess`: basis x the rate reached x (position - excess_over) / position,
    nothing at or below `excess_over`. `interpolated`: basis x the rate on the straight line
    between the tier starts, the last rate from its start on. Below the first start nothing
    is earned, except that a negative position earns the first rate on the whole basis
    (`first_rate`) or nothing (`zero`). A tier is reached at its start (`at_least`) or only
    beyond it (`more_than`).

    Shape: `position`, `basis`, each of `rates` and the result are columns of n rows.
    Units: rates are shares of the basis; the result is money like the basis. Not rounded.
    Source: docs/reference/formulas.md, "Rate table".
    """
    reached = np.zeros(len(position), dtype=np.int64)
    for start in starts:
        reached = reached + _reached(position, start, bound)
    amount = np.full_like(basis, 0 * basis[0]) if len(basis) else basis.copy()
    rows = reached > 0
    amount[rows] = _READINGS[reading](
        starts, [rate[rows] for rate in rates], reached[rows], position[rows], basis[rows],
        excess_over if excess_over is None else excess_over[rows],
    )  # fmt: skip
    returned = (position < 0).astype(bool)
    if returned.any():
        amount[returned] = (
            basis[returned] * rates[0][returned] if negative is Negative.FIRST_RATE else 0 * basis[0]
        )
    trace.step(
        "rate table",
        amount,
        unit="money",
        because=lambda: Sentence(
            "%(reading)s: tier %(reached)s of %(count)s reached (%(bound)s)",
            reading=reading,
            reached=", ".join(map(str, reached)),
            count=len(starts),
            bound=bound,
        ),
        inputs={"position": position, "basis": basis},
    )
    return amount


def _reached(position: Column, start: Any, bound: TierBound) -> Mask:
    mask: Mask = (position >= start if bound is TierBound.AT_LEAST else position > start).astype(bool)
    return mask


def _rate_reached(rates: Sequence[Column], reached: Column) -> Column:
    rate = rates[0].copy()
    for number, tier_rate in enumerate(rates, start=1):
        rate[reached == number] = tier_rate[reached == number]
    return rate


def _marginal(
    starts: Sequence[Any], rates: Sequence[Column], reached: Column, position: Column, basis: Column, _: Any
) -> Column:
    earned = 0 * rates[0] * position
    for number, (start, rate) in enumerate(zip(starts, rates, strict=True), start=1):
        inside, beyond = reached == number, reached > number
        earned[inside] = earned[inside] + rate[inside] * (position[inside] - start)
        if beyond.any():
            earned[beyond] = earned[beyond] + rate[beyond] * (starts[number] - start)
    return _in_proportion(basis, earned, position, rates[0])


def _in_proportion(basis: Column, earned: Column, position: Column, at_zero: Column) -> Column:
    """Return basis x earned / position, without a division where the basis is the position itself."""
    amount = earned.copy()
    apart = (basis != position).astype(bool)
    zero = (position == 0).astype(bool)
    divided = apart & ~zero
    amount[divided] = basis[divided] * earned[divided] / position[divided]
    amount[apart & zero] = basis[apart & zero] * at_zero[apart & zero]
    return amount


def _whole_amount(
    starts: Sequence[Any], rates: Sequence[Column], reached: Column, position: Column, basis: Column, _: Any
) -> Column:
    return basis * _rate_reached(rates, reached)


def _reached_on_excess(
    starts: Sequence[Any],
    rates: Sequence[Column],
    reached: Column,
    position: Column,
    basis: Column,
    over: Any,
) -> Column:
    amount = 0 * basis
    above = (position > over).astype(bool) & (position > 0).astype(bool)
    rate = _rate_reached(rates, reached)[above]
    excess = position[above] - over[above]
    amount[above] = _in_proportion(basis[above], excess, position[above], 0 * excess) * rate
    return amount


def _interpolated(
    starts: Sequence[Any], rates: Sequence[Column], reached: Column, position: Column, basis: Column, _: Any
) -> Column:
    rate = rates[-1].copy()
    for number, ((low, high), (low_rate, high_rate)) in enumerate(
        zip(pairwise(starts), pairwise(rates), strict=True), start=1
    ):
        here = reached == number
        climbed = position[here] - low
        rate[here] = low_rate[here] + climbed * (high_rate[here] - low_rate[here]) / (high - low)
    return basis * rate


_READINGS = {
    TierReading.MARGINAL: _marginal,
    TierReading.WHOLE_AMOUNT: _whole_amount,
    TierReading.REACHED_ON_EXCESS: _reached_on_excess,
    TierReading.INTERPOLATED: _interpolated,
}
