"""From the payout to what is paid now: the page's sections on deferral, draws, guarantees and clawback."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracle.basics import DIGITS, ONE, settled, value_of
from tests.oracle.facts import Payee, Sheet


def paid_now(plan: dict[str, Any], sheet: Sheet, payee: Payee, payout: int) -> tuple[int, int, int, int]:
    """Return what is paid now of a payout, and the balances of bank, draw and clawback after it."""
    digits, terms, now = DIGITS[plan["currency"]], plan.get("payment", {}), payout
    bank, draw, owed = (
        int(balance.fraction * 10**digits) for balance in (payee.bank, payee.draw, payee.recoverable)
    )
    if deferral := terms.get("deferral"):
        banked = half_up(now * deferral["share"]) if now > 0 else now
        filled = bank + banked
        paid = half_up(Fraction(max(0, filled), int(deferral.get("pay_one_in", 3))))
        now, bank = now - banked + paid, filled - paid
    if holdback := terms.get("holdback"):
        now -= half_up(now * holdback["share"])
    number = period_number(sheet, payee)
    if (floor := terms.get("guarantee") or terms.get("draw")) and number >= 1:
        amount = settled(value_of(floor["amount"], payee.stints[0]), digits)
        periods = floor.get("periods")
        if periods is not None and number > periods:
            amount = 0
        if "draw" in terms and floor.get("recoverable", True):
            now, draw = drawn(floor, number, now, amount, draw)
        else:
            now = max(now, amount)
    if clawback := terms.get("clawback"):
        taken = min(owed, half_up(now * clawback["per_payout_at_most"]))
        now, owed = now - taken, owed - taken
    return now, bank, draw, owed


def drawn(terms: dict[str, Any], number: int, earned: int, amount: int, balance: int) -> tuple[int, int]:
    """Return the pay under a recoverable draw and the balance after it."""
    advanced, recovered = max(0, amount - earned), 0
    end = terms.get("recovery_end")
    if number > terms.get("recovery_delay", 0) and (end is None or number <= end):
        recovered = min(balance, half_up(terms.get("recovery_rate", ONE) * max(0, earned - amount)))
    left = balance + advanced - recovered
    if terms.get("at_end") == "forgiven" and number == end:
        left = 0
    return earned + advanced - recovered, left


def half_up(units: Fraction) -> int:
    """Return a number of minor units, not below zero, rounded half up."""
    return int(units + Fraction(1, 2))


def period_number(sheet: Sheet, payee: Payee) -> int:
    """Return the number of the sheet's period, counted from the first that the payee's spans touch."""
    since = min(span.since for stint in payee.stints for span in stint.spans)
    starts = [first for periods in sheet.years for first, _ in periods]
    current = starts.index(sheet.periods[sheet.period][0])
    return current - max(number for number, first in enumerate(starts) if first <= since) + 1
