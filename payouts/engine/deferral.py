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
from kamcomp.columns import Column, is_exact
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)
WHOLE = Decimal(1)


class SharesNotWhole(Refusal):
    """The shares of a schedule do not sum to exactly 1."""


class ShareOutOfRange(Refusal):
    """A share is below 0 or above 1."""


@dataclass(frozen=True, kw_only=True)
class Banked:
    """What a bank paid, and the balance left (which may be below zero)."""

    paid: Column
    balance: Column


@dataclass(frozen=True, kw_only=True)
class Held:
    """An amount in two parts that sum to it: paid now, and held back."""

    now: Column
    held: Column


@dataclass(frozen=True, kw_only=True)
class Released:
    """What is released now, and what waits: a row a payee, a column a period ahead."""

    now: Column
    waiting: Column


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
            "The bank pays %(pay_share)s of its balance: it takes more than 0 and at most 1.",
            pay_share=pay_share,
        )
    trace.step("bank before", balance, unit=currency)
    trace.step("earned", earned, unit=currency)
    filled = balance + earned
    positive = np.where(filled > 0, filled, filled - filled)
    paid = money.settle(positive * pay_share.numerator / pay_share.denominator, currency=currency)
    left = filled - paid
    trace.step(
        "paid from bank",
        paid,
        unit=currency,
        because=lambda: Sentence("%(pay_share)s of the positive balance", pay_share=pay_share),
    )
    trace.step("bank after", left, unit=currency, inputs=("bank before", "earned", "paid from bank"))
    return Banked(paid=paid, balance=left)


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
        because=lambda: Sentence(
            "%(share)s of %(amount)s",
            share=share,
            amount=amount[0] if len(amount) == 1 else Word("the amount"),
        ),
    )
    trace.step("paid now", amount - held, unit=currency, inputs=("held back",))
    return Held(now=amount - held, held=held)


@money.exactly
def instalments(
    *, amount: Column, shares: Sequence[Decimal | float], currency: str, trace: Trace = NO_TRACE
) -> tuple[Column, ...]:
    """
    Return amounts in instalments that sum to them, by largest remainder, ties to the earlier one.

    Shape: a column of n payees, settled, and as many columns as shares. Units: money in
    `currency`; shares are ratios.
    Source: docs/reference/formulas.md, "Deferral".

    :raises SharesNotWhole: if the shares do not sum to exactly 1.
    :raises ShareOutOfRange: if a share is below 0 or above 1.
    """
    if is_exact(amount):
        _check_whole(shares, what=Word("instalment shares"))
    parts = money.split_columns(
        totals=amount,
        payee=np.arange(len(amount)),
        parts=[amount * share for share in shares],
        currency=currency,
    )
    for number, (share, part) in enumerate(zip(shares, parts, strict=True), start=1):
        trace.step(
            f"instalment {number}",
            part,
            unit=currency,
            because=Sentence("%(share)s of what is held back", share=share),
        )
    return tuple(parts)


def released(
    *, waiting: Column, parts: Sequence[Column], wait: int, currency: str, trace: Trace = NO_TRACE
) -> Released:
    """
    Return what a period releases of what earlier ones held back, and what waits for the next ones.

    Shape: `waiting` has a row a payee and a column a period ahead, this period's first;
    `parts` are columns of n payees, held back now, the first of which is released `wait`
    periods from now, each further one a period later. Units: money in `currency`.
    Source: docs/reference/formulas.md, "Deferral".
    """
    ahead = max(waiting.shape[1] - 1, wait + len(parts) - 1 if parts else 0)
    schedule = np.zeros((len(waiting), ahead), dtype=waiting.dtype)
    schedule[...] = ZERO if waiting.dtype == object else 0.0
    schedule[:, : max(waiting.shape[1] - 1, 0)] = waiting[:, 1:]
    for number, part in enumerate(parts):
        schedule[:, wait - 1 + number] += part
    now = waiting[:, 0] if waiting.shape[1] else schedule.sum(axis=1) * 0
    trace.step("released", now, unit=currency, because="held back in earlier periods")
    trace.step("still held back", schedule.sum(axis=1) + 0 * now, unit=currency, inputs=("released",))
    return Released(now=now, waiting=schedule)


def _check_share(share: Decimal | float) -> None:
    if not 0 <= share <= 1:
        raise ShareOutOfRange("The share is %(share)s: it takes 0 to 1.", share=share)


def _check_whole(shares: Sequence[Decimal | float], *, what: str) -> None:
    for share in shares:
        _check_share(share)
    if sum(shares) != WHOLE:
        raise SharesNotWhole(
            "The %(what)s sum to %(total)s, not to 1: change a share.", what=what, total=sum(shares)
        )
