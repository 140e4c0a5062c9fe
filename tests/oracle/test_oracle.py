"""
The engine against the oracle: random plans, random people, equal to the minor unit.

KAMCOMP_ORACLE_PAYOUTS says how many payouts are compared (50,000 unless told; `make oracle` takes 200,000), and
KAMCOMP_ORACLE_SEED where the seeds start, so that a nightly run can look elsewhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest

from kamcomp.columns import as_column
from tests.oracle import basics, engine, reference
from tests.oracle.drawing import drawn_sheet
from tests.oracle.facts import Figure, Payee, Result, Sheet, Span, Stint
from tests.oracle.plans import Document, plan_document

PAYOUTS = int(os.environ.get("KAMCOMP_ORACLE_PAYOUTS") or 50_000)
FIRST_SEED = int(os.environ.get("KAMCOMP_ORACLE_SEED") or 0)
PAYEES_A_PLAN = 80
CHUNKS = 4
LARGEST_EXACT = 10**12  # the page's bound for 34 digits
PLANS_A_CHUNK = -(-PAYOUTS // (CHUNKS * 70))


@dataclass
class Tally:
    """What a comparison saw: payouts, payees both sides refuse, exact half units, and the disagreements."""

    paid: int = 0
    blocked: int = 0
    beyond: int = 0
    half_units: int = 0
    half_units_of_endless_quotients: int = 0
    disagreements: list[str] = field(default_factory=list)


def drawn(seed: int, *, payees: int = PAYEES_A_PLAN) -> tuple[Document, Sheet]:
    rng = Random(seed)
    document = plan_document(rng)
    return document, drawn_sheet(rng, document, payees=payees)


def compare(seed: int, tally: Tally, *, payees: int = PAYEES_A_PLAN) -> None:
    """Compute one drawn plan on both sides and note what was seen."""
    document, sheet = drawn(seed, payees=payees)
    plan, outcome = basics.numbers(document), engine.outcome(document, sheet)
    for place, payee in enumerate(sheet.payees):
        paid = engine.figures(outcome, place, digits=basics.DIGITS[document["currency"]])
        try:
            expected = reference.answer(plan, sheet, payee)
        except basics.Blocked as blocked:
            tally.blocked += 1
            if paid is not None:
                tally.disagreements.append(told(seed, document, payee.key, f"blocked: {blocked}", paid))
            continue
        if abs(expected.exact) >= LARGEST_EXACT:
            tally.beyond += 1
            continue
        tally.paid += 1
        _count_halves(tally, expected.exact * 10 ** basics.DIGITS[document["currency"]], payee)
        if paid != expected.figures:
            tally.disagreements.append(told(seed, document, payee.key, expected, paid))


def _count_halves(tally: Tally, units: Fraction, payee: Any) -> None:
    if units.denominator == 2:
        tally.half_units += 1
        quotients = (
            result.numerator.fraction / (result.denominator or result.target).fraction
            for stint in payee.stints
            for result in stint.results.values()
            if (result.denominator or result.target) and (result.denominator or result.target).units
        )
        if any(_is_endless(quotient.denominator) for quotient in quotients):
            tally.half_units_of_endless_quotients += 1


def _is_endless(denominator: int) -> bool:
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator > 1


def told(seed: int, document: Document, payee: str, expected: Any, paid: Any) -> str:
    return f"seed {seed}, payee {payee}: the page gives {expected}, the engine {paid}\n{json.dumps(document)}"


@pytest.mark.slow
class TestOracle:
    @pytest.mark.parametrize("chunk", range(CHUNKS))
    def test_agrees_to_the_minor_unit(self, chunk):
        tally, first = Tally(), FIRST_SEED + chunk * PLANS_A_CHUNK

        for seed in range(first, first + PLANS_A_CHUNK):
            compare(seed, tally)

        assert not tally.disagreements, "\n\n".join(tally.disagreements[:3])
        assert tally.paid >= PAYOUTS / CHUNKS
        assert tally.beyond <= tally.paid / 100
        assert tally.half_units >= tally.paid / 50
        assert tally.half_units_of_endless_quotients >= tally.paid / 200


def found_within(plans: int) -> bool:
    """Return whether the oracle disagrees with the engine somewhere in so many drawn plans."""
    tally = Tally()
    for seed in range(plans):
        compare(seed, tally, payees=25)
        if tally.disagreements:
            return True
    return False


class TestPlantedErrors:
    """The oracle sees: with an error planted in the engine it disagrees, without it does not."""

    def test_are_not_there_unplanted(self):
        assert not found_within(100)

    def test_finds_settling_in_one_step(self, monkeypatch):
        def one_step(amounts: Any, *, currency: str) -> Any:
            unit = Decimal(1).scaleb(-basics.DIGITS[currency])
            return as_column([amount.quantize(unit, ROUND_HALF_UP) for amount in amounts])

        monkeypatch.setattr("payouts.engine.evaluation.settle", one_step)

        assert found_within(100)

    def test_finds_a_hurdle_that_reads_the_tail_of_a_quotient(self, monkeypatch):
        monkeypatch.setattr("plans.engine.tree.without_tail", lambda column: column)

        assert found_within(1_000)

    def test_finds_points_that_belong_to_the_segment_below(self, monkeypatch):
        from plans.engine import tree

        curve_value = tree.curve_value

        def late(*, curve: Any, reading: Any, **rest: Any) -> Any:
            return curve_value(curve=curve, reading=reading - Decimal("1e-25"), **rest)

        monkeypatch.setattr(tree, "curve_value", late)

        assert found_within(100)


class TestFound:
    """Errors that random draws meet too seldom, kept by hand."""

    @pytest.mark.parametrize(
        "cuts", ["0102 0103 0208 0209 0302", "0108 0115 0222 0301", "0111 0121 0214 0311"]
    )
    def test_a_change_of_job_inside_a_month_changes_nothing(self, cuts):
        step = {"shape": "step", "points": [["0.5", "0.5"], ["1", "1"]]}
        goal = {
            "code": "A",
            "weight": "1",
            "kind": "goal",
            "level": "individual",
            "metric": "M01",
            "curve": step,
        }
        document = drawn(0, payees=1)[0] | {
            "currency": "EUR",
            "period": "quarter",
            "target_incentive": {},
            "proration": {"basis": "full_months"},
            "incentive": {"children": [goal]},
            "commissions": [],
            "payout_cap": None,
            "payment": {},
        }
        days = [date(2026, int(cut[:2]), int(cut[2:])) for cut in cuts.split()]
        edges = [date(2026, 1, 1), *days, date(2026, 4, 1)]
        spans = tuple(
            Span(low, high, Figure(30_000), Figure(0), Figure(1), Figure(1), False)
            for low, high in pairwise(edges)
        )
        on_target = Result(Figure(100), None, Figure(100), "final", None)
        stint = Stint("s", spans, {}, {("M01", "period", "individual", ""): on_target}, {}, {}, ())
        payee = Payee("p", (stint,), *[Figure(0)] * 6)
        sheet = Sheet(years=(((edges[0], edges[-1]),),), year=0, period=0, holidays=(), payees=(payee,))

        assert engine.figures(engine.outcome(document, sheet), 0, digits=2)[0] == 3_000_000


def words_in(document: Any, under: str = "") -> Iterator[tuple[str, str]]:
    """Yield every (field, word) a document says, and (field, "") for each field it has."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key, ""
            yield from words_in(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from words_in(value, under)
    elif isinstance(document, str):
        yield under, document


SAID = {
    "kind": "goal matrix objectives milestone commission unit_bonus fixed",
    "shape": "linear step",
    "below": "zero first",
    "above": "cap extend zero",
    "rule": "ratio lower_is_better distance",
    "missing": "block neutral zero carry",
    "zero_target": "block neutral zero carry",
    "reads": "attainment value",
    "level": "individual team region company",
    "accumulation": "period year_to_date multi_year",
    "window": "period year_to_date year rolling",
    "when_short": "shorter",
    "part": "above_target",
    "reading": "bilinear step marginal whole_amount reached_on_excess interpolated",
    "bound": "at_least more_than",
    "axis": "value units attainment",
    "basis": "calendar_days working_days full_months credited_value target_incentive target_incentive_x_attainment",
    "base": "revenue margin collected contract_value",
    "per": "period deal",
    "negative": "first_rate zero",
    "counts": "above_threshold all_from_threshold",
    "leave": "prorate no_change history_average",
    "partial_month": "counts does_not_count counts_from_half",
    "spread": "even days weights",
    "source": "money share_of_base",
    "excess": "lost carried",
    "currency": "EUR USD JPY KWD",
}
HAD = (
    "slopes through gate hurdle modifiers cap interim_cap limit factor minimums rates earned_on deal_cap "
    "target_share parameter segment deferral holdback draw guarantee clawback"
)


class TestDrawing:
    def test_says_every_word_of_the_plan_language_it_knows(self):
        said = {word for seed in range(600) for word in words_in(plan_document(Random(seed)))}

        wanted = {(under, word) for under, words in SAID.items() for word in words.split()}
        assert not wanted - said
        assert not {(name, "") for name in HAD.split()} - said

    def test_is_the_same_for_the_same_seed(self):
        assert repr(drawn(7, payees=5)) == repr(drawn(7, payees=5))

    def test_gives_the_engine_rows_it_cannot_compute_too(self):
        tally = Tally()
        for seed in range(60):
            compare(seed, tally, payees=10)

        assert tally.blocked > 10
        assert np.sign(tally.paid - tally.blocked) == 1
