"""
What a period pays of what it is due, and what later periods and corrections make of it.

A negative difference is not taken from anybody: it is carried and met by later periods.
A cap in money loses or carries what it cuts off. Late facts of a locked period become
corrections in the open one: due so far minus posted so far. All in plan currency. The
rules are written down in docs/reference/formulas.md, "Accumulation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal, Sentence, Word
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
def period_payable(*, due: Column, carried: Column, currency: str, trace: Trace = NO_TRACE) -> Payable:
    """
    Return what this period pays of what it is due, and what it carries.

    This period = due this period (under accumulation: due to date less posted so far) + the balance
    below zero carried from before. Below zero it pays nothing and carries the rest.

    Shape: columns of n payees, settled; `carried` is zero or below. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Accumulation".
    """
    difference = due + carried
    amount = np.where((difference > 0).astype(bool), difference, difference - difference)
    left = difference - amount
    because = (
        Word("due + carried")
        if not left.any()
        else Word("below zero: nothing is paid and the difference is carried")
    )
    trace.step("due this period", due, unit=currency)
    trace.step("carried from before", carried, unit=currency)
    trace.step(
        "this period",
        amount,
        unit=currency,
        because=because,
        inputs=("due this period", "carried from before"),
    )
    trace.step("carried", left, unit=currency, inputs=("this period",))
    return Payable(amount=amount, carried=left)


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
            "What becomes of the excess over the cap is '%(excess)s': it takes lost or carried.",
            excess=excess,
        )
    whole = earned + brought
    amount = np.minimum(whole, cap)
    cut = whole - amount
    trace.step(
        "within the cap",
        amount,
        unit=currency,
        because=Sentence("at most %(cap)s", cap=cap[0]) if len(cap) == 1 else Word("cap by row"),
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
            "Posted for %(unknown)s, which was not computed again: add its inputs.",
            unknown=", ".join(unknown),
        )
    found = []
    for period in due:
        correction = Correction(period=period, due=due[period], posted=posted.get(period, Decimal(0)))
        if correction.amount:
            trace.step(
                f"correction of {period}",
                correction.amount,
                unit=currency,
                because=Sentence(
                    "due %(due)s, posted so far %(posted)s", due=correction.due, posted=correction.posted
                ),
            )
            found.append(correction)
    return tuple(found)
