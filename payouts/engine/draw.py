"""
Draws and guarantees: pay that does not wait for results.

A recoverable draw is an advance: what it adds to earnings is a balance that later
earnings repay. A non-recoverable draw and a guarantee top earnings up to an amount and
leave no balance. The rules are written down in docs/reference/formulas.md, "Draws and
guarantees".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace

AT_END = ("owed", "forgiven")


class DrawUnsound(Refusal):
    """The terms of a draw contradict themselves."""


class DrawInputNegative(Refusal):
    """Earnings, a draw or a balance below zero met a draw, which has no meaning for them."""


@dataclass(frozen=True, kw_only=True)
class DrawTerms:
    """
    The terms of a recoverable draw; periods are counted from 1, the draw's first.

    `periods` is how many periods the draw is paid (None: as long as the plan runs);
    `recovery_rate` is the share of what is earned above the draw that repays;
    recovery starts after `recovery_delay` periods and ends with period `recovery_end`;
    what is left then is "owed" or "forgiven".
    """

    periods: int | None = None
    recovery_rate: Decimal = Decimal(1)
    recovery_delay: int = 0
    recovery_end: int | None = None
    at_end: str = "owed"

    def __post_init__(self) -> None:
        if not 0 < self.recovery_rate <= 1:
            raise DrawUnsound(
                "The recovery rate is %(recovery_rate)s: it is more than 0 and at most 1.",
                recovery_rate=self.recovery_rate,
            )
        if self.at_end not in AT_END:
            raise DrawUnsound(
                "What is left at the end is '%(at_end)s': it takes owed or forgiven.", at_end=self.at_end
            )
        if self.recovery_end is not None and self.recovery_end <= self.recovery_delay:
            raise DrawUnsound(
                "Recovery ends with period %(recovery_end)s, before it starts.",
                recovery_end=self.recovery_end,
            )


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a period pays under a draw, how it came about, and the balance still owed."""

    pay: Column
    advanced: Column
    recovered: Column
    forgiven: Column
    balance: Column


@money.exactly
def recoverable_draw(
    *,
    earned: Column,
    draw: Column,
    balance: Column,
    number: int,
    terms: DrawTerms,
    currency: str,
    trace: Trace = NO_TRACE,
) -> Drawn:
    """
    Return what a period pays under a recoverable draw.

    Earned less than the draw: the draw is paid, and the shortfall is added to the
    balance. Earned more: the excess times the recovery rate repays the balance, at most
    all of it. After the draw's last period earnings above zero repay. Pay = earned +
    advanced - recovered, so nothing but the balance is ever taken back.

    Shape: columns of n payees, settled. Units: money in `currency`; `number` counts periods from 1.
    Source: docs/reference/formulas.md, "Draws and guarantees".

    :raises DrawInputNegative: if a row of earned, draw or balance is below zero.
    """
    _not_negative(earned=earned, draw=draw, balance=balance)
    paid_draw = draw if terms.periods is None or number <= terms.periods else draw - draw
    trace.step("earned", earned, unit=currency)
    trace.step(
        "draw",
        paid_draw,
        unit=currency,
        because=lambda: Sentence(
            "period %(number)s of %(periods)s", number=number, periods=terms.periods or Word("the plan")
        ),
    )
    trace.step("balance before", balance, unit=currency)
    advanced = _above_zero(paid_draw - earned)
    recovering = number > terms.recovery_delay and (
        terms.recovery_end is None or number <= terms.recovery_end
    )
    excess = _above_zero(earned - paid_draw)
    recovered = balance - balance
    if recovering:
        recovered = np.minimum(balance, money.settle(excess * terms.recovery_rate, currency=currency))
    left = balance + advanced - recovered
    forgiven = left if terms.at_end == "forgiven" and number == terms.recovery_end else left - left
    pay = earned + advanced - recovered
    trace.step("advanced", advanced, unit=currency, inputs=("draw", "earned"))
    trace.step(
        "recovered", recovered, unit=currency, because=_recovery(number, terms), inputs=("balance before",)
    )
    trace.step("pay", pay, unit=currency, because="earned + advanced - recovered", inputs=("earned",))
    trace.step("balance after", left - forgiven, unit=currency)
    return Drawn(pay=pay, advanced=advanced, recovered=recovered, forgiven=forgiven, balance=left - forgiven)


@money.exactly
def guaranteed(
    *,
    earned: Column,
    guarantee: Column,
    number: int,
    periods: int | None,
    currency: str,
    trace: Trace = NO_TRACE,
) -> Column:
    """
    Return the greater of earnings and a guarantee or non-recoverable draw.

    After its last period (`periods`, None: as long as the plan runs) earnings are paid
    as they are. No balance arises.

    Shape: columns of n payees, settled. Units: money in `currency`; `number` counts periods from 1.
    Source: docs/reference/formulas.md, "Draws and guarantees".

    :raises DrawInputNegative: if a row of earned or guarantee is below zero.
    """
    _not_negative(earned=earned, guarantee=guarantee)
    trace.step("earned", earned, unit=currency)
    if periods is not None and number > periods:
        trace.step(
            "pay",
            earned,
            unit=currency,
            because=lambda: Sentence("the guarantee ended with period %(periods)s", periods=periods),
        )
        return earned
    pay = np.maximum(earned, guarantee)
    trace.step(
        "guarantee",
        guarantee,
        unit=currency,
        because=lambda: Sentence(
            "period %(number)s of %(periods)s", number=number, periods=periods or Word("the plan")
        ),
    )
    trace.step("pay", pay, unit=currency, because="the greater of the two", inputs=("earned", "guarantee"))
    return pay


def _recovery(number: int, terms: DrawTerms) -> str:
    if number <= terms.recovery_delay:
        return Sentence("recovery starts after period %(period)s", period=terms.recovery_delay)
    if terms.recovery_end is not None and number > terms.recovery_end:
        return Sentence("recovery ended with period %(period)s", period=terms.recovery_end)
    return Sentence(
        "%(rate)s of what is earned above the draw, at most the balance", rate=terms.recovery_rate
    )


def _above_zero(column: Column) -> Column:
    return np.where(column > 0, column, column - column)


def _not_negative(**columns: Column) -> None:
    for name, column in columns.items():
        below = np.flatnonzero(column < 0)
        if len(below):
            raise DrawInputNegative(
                "Row %(below)s: %(name)s is %(column)s; a draw takes nothing below zero (a negative due is "
                "carried before).",
                below=below[0],
                name=name,
                column=column[below[0]],
            )
