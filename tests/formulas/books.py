"""How the worked tables of the books are computed: through the services, on a company in the database."""

from __future__ import annotations

from decimal import Decimal

from payouts.choices import AdjustmentKind, LineKind
from payouts.models import ClawbackCase, Payout, PayoutLine
from payouts.services.adjustments import adjustment_approve, adjustment_propose
from tests.formulas.page import Row, document, number, numbers, works_out
from tests.payouts.books import balances, locked
from tests.payouts.company import AT, calculated_run, company

SECTIONS = {"What is owed on balance", "Postings"}


@works_out("What is owed on balance", "adjustments")
def owed(row: Row) -> Decimal:
    made = company(payment={"clawback": {}})
    for amount in numbers(row["adjustments"]):
        proposed = adjustment_propose(
            period=made.quarters["2026-Q4"],
            kind=AdjustmentKind.CORRECTION,
            amount=amount,
            currency="EUR",
            reason="An invoice of July",
            person=made.people["PM"],
            plan_version=made.version,
            by=made.user("maren"),
            at=AT,
        )
        adjustment_approve(adjustment_id=proposed.pk, by=made.user("jonas"), at=AT)
    return sum((case.recoverable for case in ClawbackCase.objects.filter(closed_at=None)), Decimal(0))


@works_out("Postings", "payout", "terms", "account")
def posted(row: Row) -> Decimal:
    made = company()
    run = calculated_run(made, amounts={"KAM": str(number(row["payout"]))})
    payout = Payout.objects.get(run=run)
    for place, (term, amount) in enumerate(document(row["terms"]).items(), start=2):
        PayoutLine.objects.create(
            payout=payout,
            number=place,
            period=run.period,
            kind=LineKind.TERMS,
            leaf=term,
            account=made.account,
            amount=Decimal(amount),
        )
    locked(made, run)
    return balances(run)[row["account"], "EUR"]
