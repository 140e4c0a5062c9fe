"""
What a period pays when results accumulate: due to date minus posted so far.

A plan measures by period, or from the start of the year. From the start of the year,
what is due to date is computed anew each period and what was posted before is taken
off, so a bad quarter corrects a good one. "Posted so far" is always in plan currency.
A negative difference is not taken from anybody: it is carried and met by later
periods. Late facts of a locked period become corrections in the open one by the same
rule. The rules are written down in docs/reference/formulas.md, "Accumulation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal
from kamcomp.trace import NO_TRACE, Trace

EXCESS = ("lost", "carried")


class CapReadingUnknown(Refusal):
    """The plan does not say what becomes of what a cap cut off."""


class CorrectionOutOfReach(Refusal):
    """Something was posted for a period that was not computed again."""


@dataclass(frozen=True, kw_only=True)
class Payable:
    """What a period pays (never below zero), and the balance below zero that later periods meet first."""

    amount: Column
    carried: Column


@dataclass(frozen=True, kw_only=True)
class Capped:
    """What a cap lets through, what it cut off, and what of that waits for a later period."""

    amount: Column
    cut: Column
    carried: Column


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The difference a late fact makes to one period: due so far minus posted so far, in plan currency."""

    period: str
    due: Decimal
    posted: Decimal

    @property
    def amount(self) -> Decimal:
        """Return what has to be posted in the open period; below zero, what was posted too much."""
        return self.due - self.posted


@money.exactly
def to_date_payable(*, due: Column, posted: Column, currency: str, trace: Trace = NO_TRACE) -> Payable:
    """
    Return what this period pays of what is due to date.

    This period = due to date - posted so far. Below zero nothing is paid, and the
    difference shows as carried: the next period's `posted` still holds it, so it is not
    subtracted twice.

    Shape: columns of n payees, settled. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Accumulation".
    """
    trace.step("due to date", due, unit=currency)
    trace.step("posted so far", posted, unit=currency)
    return _floored(due - posted, currency=currency, trace=trace, inputs=("due to date", "posted so far"))


@money.exactly
def period_payable(*, due: Column, carried: Column, currency: str, trace: Trace = NO_TRACE) -> Payable:
    """
    Return what this period pays when each period stands alone.

    This period = due this period + the balance below zero carried from before. A period
    that is due below zero (reversed credits) pays nothing and carries the rest.

    Shape: columns of n payees, settled; `carried` is zero or below. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Accumulation".
    """
    trace.step("due this period", due, unit=currency)
    trace.step("carried from before", carried, unit=currency)
    return _floored(
        due + carried, currency=currency, trace=trace, inputs=("due this period", "carried from before")
    )


def interim_ratio(
    *, ratio: Column, interim_cap: Decimal | float | None, last: bool, trace: Trace = NO_TRACE
) -> Column:
    """
    Return the ratio that counts in this period of an accumulating plan.

    Before the last period of the year the ratio stops at the interim cap, so that
    accelerators are paid on the whole year only; in the last period it does not.

    Shape: a column of n payees, of the number system of `interim_cap`. Units: ratios.
    Source: docs/reference/formulas.md, "Accumulation".
    """
    if interim_cap is None or last:
        return ratio
    counted = np.where(ratio < interim_cap, ratio, ratio - ratio + interim_cap)
    trace.step(
        "interim ratio", counted, unit="ratio", because=f"at most {interim_cap} before the last period"
    )
    return counted


@money.exactly
def capped_amount(
    *, earned: Column, cap: Column, brought: Column, excess: str, currency: str, trace: Trace = NO_TRACE
) -> Capped:
    """
    Return what a money cap lets through, and what becomes of the rest.

    Earned plus what an earlier cap cut off and carried (`brought`), at most the cap.
    What is cut off is "lost", or "carried" into the next period.

    Shape: columns of n payees. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Caps on money".

    :raises CapReadingUnknown: if `excess` is neither.
    """
    if excess not in EXCESS:
        raise CapReadingUnknown(
            f"What becomes of the excess over the cap is '{excess}': it takes lost or carried."
        )
    whole = earned + brought
    amount = np.minimum(whole, cap)
    cut = whole - amount
    trace.step(
        "within the cap",
        amount,
        unit=currency,
        because=f"at most {cap[0]}" if len(cap) == 1 else "cap by row",
    )
    trace.step("cut off by the cap", cut, unit=currency, because=excess, inputs=("within the cap",))
    return Capped(amount=amount, cut=cut, carried=cut if excess == "carried" else cut - cut)


@money.exactly
def corrections(
    *, due: Mapping[str, Decimal], posted: Mapping[str, Decimal], currency: str, trace: Trace = NO_TRACE
) -> tuple[Correction, ...]:
    """
    Return the differences that late facts make to locked periods, in period order of `due`.

    For every locked period that depends on the fact: due, computed again on today's
    facts, minus posted so far for that period, earlier corrections of it included.
    Periods without a difference are left out, so correcting twice corrects nothing.

    Shape: one payee and plan (or one pool); `due` holds every period computed again.
    Units: money in `currency`, settled.
    Source: docs/reference/formulas.md, "Corrections".

    :raises CorrectionOutOfReach: if something was posted for a period that `due` does not hold.
    """
    unknown = sorted(posted.keys() - due.keys())
    if unknown:
        raise CorrectionOutOfReach(
            f"Posted for {', '.join(unknown)}, which was not computed again: add its inputs."
        )
    found = []
    for period in due:
        correction = Correction(period=period, due=due[period], posted=posted.get(period, Decimal(0)))
        if correction.amount:
            trace.step(
                f"correction of {period}",
                correction.amount,
                unit=currency,
                because=f"due {correction.due}, posted so far {correction.posted}",
            )
            found.append(correction)
    return tuple(found)


@money.exactly
def long_term_award(
    *,
    incentive: Column,
    share: Decimal | float,
    years: int,
    ratio: Column,
    currency: str,
    trace: Trace = NO_TRACE,
) -> Column:
    """
    Return what a long-term part pays at its end: share x yearly incentive x years x ratio.

    Shape: columns of n payees; `ratio` is the curve's answer to the cumulative result.
    Units: `incentive` is money a year in `currency`, `share` a ratio; the result is settled.
    Source: docs/reference/formulas.md, "Long term".
    """
    target = incentive * share * years
    trace.step(
        "long-term target", target, unit=currency, because=f"{share} of a year's incentive x {years} years"
    )
    trace.step("result", ratio, unit="ratio")
    award = money.settle(target * ratio, currency=currency)
    trace.step("long-term award", award, unit=currency, inputs=("long-term target", "result"))
    return award


def _floored(difference: Column, *, currency: str, trace: Trace, inputs: tuple[str, ...]) -> Payable:
    zero = difference - difference
    amount = np.where(difference > 0, difference, zero)
    carried = difference - amount
    because = (
        "difference" if (carried == 0).all() else "below zero: nothing is paid and the difference is carried"
    )
    trace.step("this period", amount, unit=currency, because=because, inputs=inputs)
    trace.step("carried", carried, unit=currency, inputs=("this period",))
    return Payable(amount=amount, carried=carried)
