"""A whole year, period after period: what one period leaves behind is what the next begins with."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from payouts.engine.evaluation import Outcome
from tests.oracle import basics, engine, reference
from tests.oracle.drawing import accumulations, drawn_sheet
from tests.oracle.facts import Figure, Payee, Sheet
from tests.oracle.plans import plan_document

BALANCES = ("posted", "carried", "excess", "bank", "draw", "recoverable")
SEEDS = 250


def opened(payees: tuple[Payee, ...], outcome: Outcome | None, *, digits: int) -> tuple[Payee, ...]:
    """Return the payees with the balances a period left, none before the first; each with another's results."""
    turned = [*payees[1:], payees[0]]
    return tuple(
        replace(
            payee,
            stints=tuple(replace(stint, results=other.stints[0].results) for stint in payee.stints),
            **{name: _balance(outcome, name, place, digits) for name in BALANCES},
        )
        for place, (payee, other) in enumerate(zip(payees, turned, strict=True))
    )


def _balance(outcome: Outcome | None, name: str, place: int, digits: int) -> Figure:
    if outcome is None:
        return Figure(0)
    return Figure(int(getattr(outcome.closing, name)[place].scaleb(digits)), digits)


def disagreements(seed: int) -> list[Any]:
    rng = Random(seed)
    document = plan_document(rng)
    owed = set(accumulations(document))
    if document["proration"].get("leave") == "history_average":
        owed.add("period")  # pay for leave is owed by period
    if len(owed) > 1:
        return []  # with both, what is recognised depends on how cents were split over lines
    sheet: Sheet = drawn_sheet(rng, document, payees=10)
    digits, plan = basics.DIGITS[document["currency"]], basics.numbers(document)
    outcome, payees, found = None, sheet.payees, []
    stopped: set[int] = set()
    for period in range(len(sheet.periods)):
        payees = opened(payees, outcome, digits=digits)
        now = replace(sheet, period=period, payees=payees)
        outcome = engine.outcome(document, now)
        for place, payee in enumerate(payees):
            try:
                expected = reference.answer(plan, now, payee)
            except basics.Blocked:
                stopped.add(place)
            if place in stopped:
                continue
            paid = engine.figures(outcome, place, digits=digits)
            posted = int(outcome.closing.posted[place].scaleb(digits))
            if paid != expected.figures or posted not in (0, expected.due):
                found.append((seed, period, payee.key, expected, paid, posted))
    return found


class TestYear:
    @pytest.mark.parametrize("chunk", range(5))
    def test_pays_what_the_page_says_in_every_period(self, chunk):
        assert not [found for seed in range(chunk, SEEDS, 5) for found in disagreements(seed)][:3]
