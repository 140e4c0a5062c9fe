"""
Taking back what was paid on a result that did not hold.

Only what was paid can come back, only inside the look-back, and only a part of each
later payout at a time. Local law goes first: its limit is passed in, and the smaller
one counts. The rules are written down in docs/reference/formulas.md, "Clawback".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace


class RecoveryLimitUnsound(Refusal):
    """The part of a payout that may be taken is below 0 or above 1."""


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What one later payout gives back, what of it is paid, and what is still owed."""

    taken: Column
    paid: Column
    owed: Column


@money.exactly
def overpaid(*, paid: Column, recomputed: Column, currency: str, trace: Trace = NO_TRACE) -> Column:
    """
    Return what was paid beyond what the corrected result would have paid.

    Never more than was paid, never below zero: an underpayment is a correction.

    Shape: columns of n payees, settled. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Clawback".
    """
    trace.step("paid", paid, unit=currency)
    trace.step("on the corrected result", recomputed, unit=currency)
    difference: Column = np.minimum(paid - recomputed, paid)
    owed: Column = np.where(difference > 0, difference, difference - difference)
    trace.step("overpaid", owed, unit=currency, because="at most what was paid", inputs=("paid",))
    return owed


def look_back_from(*, found_on: date, months: int) -> date:
    """
    Return the first day that a clawback found on a date still reaches.

    The same day of the month, `months` earlier; the month's last day where it is shorter.

    Source: docs/reference/formulas.md, "Clawback".
    """
    count = found_on.year * 12 + found_on.month - 1 - months
    year, month = divmod(count, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last_day = (following - date(year, month + 1, 1)).days
    return date(year, month + 1, min(found_on.day, last_day))


@money.exactly
def recovery(
    *,
    owed: Column,
    payout: Column,
    at_most: Decimal | float,
    law_at_most: Decimal | float | None = None,
    currency: str,
    trace: Trace = NO_TRACE,
) -> Recovered:
    """
    Return what a later payout gives back of what is owed.

    At most a share of the payout, settled, and at most what is owed. Where local law
    sets a smaller share, that one counts; a law of 0 takes nothing.

    Shape: columns of n payees, settled; payouts are zero or more. Units: money in `currency`; ratios.
    Source: docs/reference/formulas.md, "Clawback".

    :raises RecoveryLimitUnsound: if a share is below 0 or above 1.
    """
    for name, share in (("plan's", at_most), ("law's", law_at_most)):
        if share is not None and not 0 <= share <= 1:
            raise RecoveryLimitUnsound(
                "The %(name)s most per payout is %(share)s: it takes 0 to 1.", name=name, share=share
            )
    limit, because = at_most, Word("the plan's share of a payout")
    if law_at_most is not None and law_at_most < at_most:
        limit, because = law_at_most, Word("local law's share of a payout")
    most = money.settle(payout * limit, currency=currency)
    taken = np.minimum(owed, most)
    trace.step("owed before", owed, unit=currency)
    trace.step(
        "recovered",
        taken,
        unit=currency,
        because=lambda: Sentence("at most %(limit)s, %(because)s", limit=limit, because=because),
        inputs=("owed before",),
    )
    trace.step("owed after", owed - taken, unit=currency)
    return Recovered(taken=taken, paid=payout - taken, owed=owed - taken)
