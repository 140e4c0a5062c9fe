"""
The payment section of a plan document: what happens to a settled payout before it is paid.

The rules the words stand for are in payouts/engine/draw.py, deferral.py and clawback.py.
Rule: docs/reference/formulas.md, "Draws and guarantees", "Deferral" and "Clawback".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from plans.engine.parameter import Value

ONE = Decimal(1)


class AtEnd(StrEnum):
    """What becomes of a draw's balance when its recovery ends."""

    OWED = "owed"
    FORGIVEN = "forgiven"


@dataclass(frozen=True, kw_only=True)
class Draw:
    """An advance a period: recoverable from later earnings, or not. Periods count from the assignment's first."""

    amount: Value
    recoverable: bool = True
    periods: int | None = None
    recovery_rate: Decimal = ONE
    recovery_delay: int = 0
    recovery_end: int | None = None
    at_end: AtEnd = AtEnd.OWED


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """The least a period pays, for the first so many periods of the assignment."""

    amount: Value
    periods: int | None = None


@dataclass(frozen=True, kw_only=True)
class Deferral:
    """A share of each payout goes to the person's bank, which pays one part in `pay_one_in` of it a year."""

    share: Decimal
    pay_one_in: int = 3


@dataclass(frozen=True, kw_only=True)
class Holdback:
    """
    A share of each payout is held back and released from so many periods later on.

    The first of `instalments` is released then, each further one a period after the one
    before; they are shares of what was held and sum to 1.
    """

    share: Decimal
    periods: int = 1
    instalments: tuple[Decimal, ...] = (ONE,)


@dataclass(frozen=True, kw_only=True)
class Clawback:
    """How far back an overpayment reaches, and the most of each later payout that recovers it."""

    months: int = 12
    per_payout_at_most: Decimal = ONE


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What happens to a settled payout before it is paid."""

    deferral: Deferral | None = None
    draw: Draw | None = None
    guarantee: Guarantee | None = None
    holdback: Holdback | None = None
    clawback: Clawback | None = None
