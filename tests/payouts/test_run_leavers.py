"""Whoever left a plan still gets what it held back or banked, when it falls due, and nothing else."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from psycopg2.extras import DateRange

from payouts.choices import LedgerAccount
from payouts.models import LedgerEntry, Payout, Run
from payouts.selectors.leavers import period_leavers
from payouts.selectors.recalculation import Recalculation
from payouts.selectors.rederived import payout_explain
from payouts.services.verify import verify_period
from plans.models import Assignment
from scorecards.models import Target
from teams.models import PayPackage
from tests.payouts.crowd import START, Crowd, crowd, document, final
from tests.payouts.test_run_balances import QUARTERS, K, closed, commission, credited

D = Decimal
LATER = datetime(2100, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def left(made: Crowd, code: str) -> None:
    """Let the first person leave the plan with the last day of a quarter."""
    Assignment.objects.filter(person=made.people[0]).update(
        valid=DateRange(START, made.periods[code].days.upper)
    )


def paid(made: Crowd, quarters: int = 4) -> list[Payout | None]:
    """Close the first quarters; return the first person's payouts, None where there is none, each shown to follow."""
    runs = [closed(made, code) for code in QUARTERS[:quarters]]
    payouts = [Payout.objects.filter(run=run, person=made.people[0]).first() for run in runs]
    for run, payout in zip(runs, payouts, strict=True):
        assert [finding.sentence for finding in verify_period(period=run.period).findings] == []
        assert payout is None or payout.amount == sum(line.amount for line in payout.lines.all())
        assert payout is None or payout_explain(payout=payout).equal
    return payouts


def amounts(payouts: list[Payout | None]) -> list[Decimal | None]:
    return [None if payout is None else payout.amount for payout in payouts]


def on_bank() -> list[Decimal]:
    return list(
        LedgerEntry.objects.filter(account=LedgerAccount.BANK).order_by("pk").values_list("amount", flat=True)
    )


class TestHoldback:
    HELD = {"share": "0.20", "periods": 1, "instalments": ["0.60", "0.40"]}

    def test_is_released_in_its_periods_and_then_nothing(self):
        made = crowd(2, plan=commission(holdback=self.HELD), code="2026-Q1")
        credited(made, "2026-Q1", "7500.05")
        left(made, "2026-Q1")

        payouts = paid(made)

        assert amounts(payouts) == [D("6000.04"), D("900.01"), D("600.00"), None]
        assert [payout.due for payout in payouts[1:3]] == [0, 0]
        assert [(line.leaf, line.amount) for line in payouts[1].lines.all()] == [("released", D("900.01"))]
        assert on_bank() == [D("-1500.01"), D("900.01"), D("600.00")]
        assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0
        assert Payout.objects.filter(person=made.people[1]).count() == 4

    def test_waits_for_its_period(self):
        made = crowd(1, plan=commission(holdback={"share": "0.20", "periods": 2}), code="2026-Q1")
        credited(made, "2026-Q1", "7500")
        left(made, "2026-Q1")

        assert amounts(paid(made, 3)) == [6000, 0, 1500]
        assert period_leavers(period=made.periods["2026-Q4"]) == []

    def test_is_not_set_against_draws_nor_guaranteed_up(self):
        draw = {"amount": "1500", "recoverable": True, "recovery_rate": "1"}
        made = crowd(1, plan=commission(holdback=self.HELD, draw=draw), code="2026-Q1")
        credited(made, "2026-Q1", "1000")
        left(made, "2026-Q1")

        payouts = paid(made, 3)

        assert amounts(payouts) == [1500, 120, 80]
        assert period_leavers(period=made.periods["2026-Q4"]) == []
        assert [payout.closing.get("draw") for payout in payouts] == ["700.00"] * 3

    def test_takes_nothing_back_of_what_was_posted_for_the_year_to_date(self):
        goal = {
            "code": "SALES", "weight": "1", "kind": "goal", "metric": "XSALES", "curve": K,
            "accumulation": "year_to_date",
        }  # fmt: skip
        plan = document(incentive={"weight": "1", "children": [goal]}, payment={"holdback": self.HELD})
        made = crowd(1, plan=plan, code="2026-Q1")
        PayPackage.objects.update(variable_target=D(30_000))
        Target.objects.filter(metric__code="XSALES").update(superseded_at="2026-01-02T00:00Z")
        node, period = made.accounts[0].node, made.periods["2026-Q1"]
        Target.objects.create(
            metric=made.metrics["XSALES"], node=node, days=period.days, value=250_000, currency="EUR"
        )
        final(
            metric=made.metrics["XSALES"], period=period, node=node, value=D("250000"), currency="EUR",
            window="year_to_date",
        ).save()  # fmt: skip
        left(made, "2026-Q1")

        payouts = paid(made, 3)

        assert amounts(payouts) == [6000, 900, 600]
        assert period_leavers(period=made.periods["2026-Q4"]) == []
        assert [payout.carried for payout in payouts] == [0, 0, 0]
        assert [payout.closing["posted"] for payout in payouts] == ["7500.00"] * 3

    def test_is_computed_again_to_the_same_when_late_facts_are_looked_for(self):
        made = crowd(1, plan=commission(holdback=self.HELD), code="2026-Q1")
        credited(made, "2026-Q1", "7500")
        left(made, "2026-Q1")
        runs = [closed(made, code) for code in QUARTERS[:3]]
        credited(made, "2026-Q1", "1000", name="LATE")

        again = Recalculation(known_at=LATER)
        found = [each for run in runs for each in again.version_again(run=run, version=made.version)[1]]

        assert [(each.due, each.paid) for each in found] == [(6800, 6000), (1020, 900), (680, 600)]


class TestBank:
    def test_pays_its_instalments_as_long_as_they_are_a_cent(self):
        made = crowd(1, plan=commission(deferral={"share": "1", "pay_one_in": 3}), code="2026-Q1")
        credited(made, "2026-Q1", "0.10")
        left(made, "2026-Q1")

        payouts = paid(made)

        assert amounts(payouts) == [D("0.03"), D("0.02"), D("0.02"), D("0.01")]
        assert [payout.closing.get("bank") for payout in payouts] == ["0.07", "0.05", "0.03", "0.02"]
        assert on_bank() == [D("-0.07"), D("0.02"), D("0.02"), D("0.01")]

    def test_below_zero_is_left_as_it_is(self):
        made = crowd(2, plan=commission(deferral={"share": "1", "pay_one_in": 3}), code="2026-Q1")
        credited(made, "2026-Q1", "-900")
        left(made, "2026-Q1")

        assert amounts(paid(made)) == [0, None, None, None]


class TestNobodyElse:
    def test_is_taken_in_for_a_debt_or_without_anything_waiting(self):
        made = crowd(2, plan=commission(draw={"amount": "1500", "recoverable": True}), code="2026-Q1")
        left(made, "2026-Q1")

        payouts = paid(made)

        assert amounts(payouts) == [1500, None, None, None]
        assert [run.chunks.count() for run in Run.objects.order_by("created_at")] == [1, 1, 1, 1]
