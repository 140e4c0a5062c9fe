"""
Pay that waits: banks, instalments and holdbacks.

What is earned and what is paid now are two amounts; the difference is kept by name and
sums to the whole to the cent. A bank pays a part of its positive balance and takes
negative years (malus) before anything was paid. The rules are written down in
docs/reference/formulas.md, "Deferral".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)
WHOLE = Decimal(1)


class SharesNotWhole(Refusal):
    """The shares of a schedule do not sum to exactly 1."""


class ShareOutOfRange(Refusal):
    """A share is below 0 or above 1."""


@dataclass(frozen=True, kw_only=True)
class Banked:
    """What a bank paid, what malus took, and the balance left (which may be below zero)."""

    paid: Column
    forfeited: Column
    balance: Column


@dataclass(frozen=True, kw_only=True)
class Held:
    """An amount in two parts that sum to it: paid now, and held back."""

    now: Column
    held: Column


@money.exactly
def deferral_bank(
    *, balance: Column, earned: Column, pay_share: Fraction, currency: str, trace: Trace = NO_TRACE
) -> Banked:
    """
    Return what a deferral bank pays this year and keeps.

    Balance + earned, where earned may be below zero (malus); of a balance above zero
    the share is paid, settled; a balance below zero pays nothing and waits.

    Shape: columns of n payees, settled. Units: money in `currency`; `pay_share` is an exact
    ratio such as Fraction(1, 3), because a third has no decimal.
    Source: docs/reference/formulas.md, "Deferral".

    :raises ShareOutOfRange: if the share is not above 0 and at most 1.
    """
    if not 0 < pay_share <= 1:
        raise ShareOutOfRange(
            f"The bank pays {pay_share} of its balance: it takes more than 0 and at most 1."
        )
    trace.step("bank before", balance, unit=currency)
    trace.step("earned", earned, unit=currency)
    filled = balance + earned
    positive = np.where(filled > 0, filled, filled - filled)
    paid = money.settle(positive * pay_share.numerator / pay_share.denominator, currency=currency)
    left = filled - paid
    trace.step("paid from bank", paid, unit=currency, because=f"{pay_share} of the positive balance")
    trace.step("bank after", left, unit=currency, inputs=("bank before", "earned", "paid from bank"))
    return Banked(paid=paid, forfeited=paid - paid, balance=left)


@money.exactly
def malus(*, balance: Column, share: Decimal | float, currency: str, trace: Trace = NO_TRACE) -> Banked:
    """
    Return the bank after a named cause forfeits a share of what has not been paid yet.

    Shape: a column of n balances, settled; below zero nothing is forfeited.
    Units: money in `currency`; `share` is a ratio.
    Source: docs/reference/formulas.md, "Deferral".

    :raises ShareOutOfRange: if the share is not between 0 and 1.
    """
    _check_share(share)
    positive = np.where(balance > 0, balance, balance - balance)
    forfeited = money.settle(positive * share, currency=currency)
    trace.step("forfeited", forfeited, unit=currency, because=f"{share} of the unpaid balance")
    trace.step("bank after", balance - forfeited, unit=currency, inputs=("forfeited",))
    return Banked(paid=forfeited - forfeited, forfeited=forfeited, balance=balance - forfeited)


@money.exactly
def holdback(*, amount: Column, share: Decimal | float, currency: str, trace: Trace = NO_TRACE) -> Held:
    """
    Return an amount in two parts: the share held back, settled, and the rest paid now.

    Shape: columns of n payees, settled. Units: money in `currency`; `share` is a ratio.
    Source: docs/reference/formulas.md, "Deferral".

    :raises ShareOutOfRange: if the share is not between 0 and 1.
    """
    _check_share(share)
    held = money.settle(amount * share, currency=currency)
    trace.step(
        "held back",
        held,
        unit=currency,
        because=f"{share} of {amount[0] if len(amount) == 1 else 'the amount'}",
    )
    trace.step("paid now", amount - held, unit=currency, inputs=("held back",))
    return Held(now=amount - held, held=held)


@money.exactly
def instalments(
    *, amount: Decimal, shares: Sequence[Decimal], currency: str, trace: Trace = NO_TRACE
) -> tuple[Decimal, ...]:
    """
    Return an amount in instalments that sum to it, by largest remainder, ties to the earlier one.

    Shape: one amount; as many instalments as shares. Units: money in `currency`; shares are ratios.
    Source: docs/reference/formulas.md, "Deferral".

    :raises SharesNotWhole: if the shares do not sum to exactly 1.
    :raises ShareOutOfRange: if a share is below 0 or above 1.
    """
    _check_whole(shares, what="instalment shares")
    parts = money.split(amount, list(shares), currency=currency, keys=range(len(shares)))
    for number, (share, part) in enumerate(zip(shares, parts, strict=True), start=1):
        trace.step(f"instalment {number}", part, unit=currency, because=f"{share} of {amount}")
    return tuple(parts)


def _check_share(share: Decimal | float) -> None:
    if not 0 <= share <= 1:
        raise ShareOutOfRange(f"The share is {share}: it takes 0 to 1.")


def _check_whole(shares: Sequence[Decimal], *, what: str) -> None:
    for share in shares:
        _check_share(share)
    if sum(shares, ZERO) != WHOLE:
        raise SharesNotWhole(f"The {what} sum to {sum(shares, ZERO)}, not to 1: change a share.")
