"""A run on stored rows and the calculator on the same company as a case document pay the same, to the cent."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from payouts.engine.calculator import calculate
from payouts.models import Payout, RunProblem
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from plans.engine.codec import DocumentInvalid
from tests.payouts.random_company import case, drawn, store

AT = datetime(2027, 1, 8, 9, tzinfo=UTC)
COMPANIES = int(os.environ.get("KAMCOMP_SMALL_COMPANIES") or 40)
FIRST_SEED = int(os.environ.get("KAMCOMP_ORACLE_SEED") or 0)
FOUND = (1041, 1052)
"""Seeds that once found a run counting the periods of a draw from the one it pays."""
pytestmark = pytest.mark.django_db(transaction=True)


def calculated(seed: int) -> dict[str, Any]:
    """Return what the calculator pays each person: due, payable and carried; None for whom it cannot."""
    try:
        answer = calculate(case(drawn(seed)))
    except DocumentInvalid:
        return {person["id"]: None for person in drawn(seed).people}
    return {
        person["person"]: None
        if "problems" in person
        else (Decimal(person["due"]), Decimal(person["payable"]), Decimal(person["closing"]["carried"]))
        for person in answer["payouts"][0]["people"]
    }


def run_paid(seed: int) -> tuple[dict[str, Any], list[str]]:
    """Return what a run pays each person of the same company, and the problems it names."""
    made = drawn(seed)
    period, users = store(made)
    run = run_request(period=period, by=users["maren"], at=AT)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert not run.chunks.exclude(status="done").exists(), run.error
    paid: dict[str, Any] = {person["id"]: None for person in made.people}
    for payout in Payout.objects.filter(run=run).select_related("person"):
        paid[payout.person.employee_id] = (payout.due, payout.amount, payout.carried)
    return paid, [f"{problem.code}: {problem.message}" for problem in RunProblem.objects.filter(run=run)]


class TestDrawnCompanies:
    def test_are_paid_mostly_and_differ(self):
        figures = [figure for seed in range(COMPANIES) for figure in calculated(seed).values()]
        paid = {figure[1] for figure in figures if figure is not None}

        assert sum(figure is not None for figure in figures) > len(figures) / 2
        assert len(paid) > len(figures) / 4
        assert None in figures


class TestRunEqualsCalculator:
    @pytest.mark.parametrize("seed", [*range(FIRST_SEED, FIRST_SEED + COMPANIES), *FOUND])
    def test_on_a_drawn_company(self, seed):
        paid, problems = run_paid(seed)

        assert paid == calculated(seed), problems
