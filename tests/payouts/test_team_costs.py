"""What an account's team cost of what it sold (M27), known when the period is paid."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.models import Adjustment, PayoutLine, Pool
from payouts.selectors.variable_paid import variable_paid
from payouts.services.late_facts import late_facts
from payouts.services.runs import database_clock
from scorecards.models import Result, Transaction
from scorecards.services import results_compute
from teams.models import AccountNode, PayPackage, StrategicAccount
from tests.payouts.books import approved, locked
from tests.payouts.company import AT, LATER, START, calculated_run, company
from tests.payouts.quarters import after, closed, quarters, sold

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def made():
    made = company()
    Transaction.objects.create(
        source_id="T1", date=date(2026, 8, 1), node=made.account.node, revenue=500_000, currency="EUR"
    )
    return made


def cost(made, *, code="2026-Q3", window="period"):
    rows = Result.objects.current().filter(metric__code="M27", period=made.quarters[code], window=window)
    return rows.get().value if rows else None


def paid(made, code="2026-Q3"):
    sums = variable_paid(period=made.quarters[code], known_at=timezone.now())
    return {period.code: sums.get((made.account.node_id, period.pk)) for period in made.quarters.values()}


class TestTeamCostsMeasure:
    def test_is_base_and_variable_pay_over_revenue(self, made):
        locked(made, calculated_run(made))

        # Base 60,000/365 x (92 days x dedications 1 + 1 + 0.6 + 0.15 + 0.25 + 1, and 60 days x 0.4)
        # = 60,000/365 x 392 = 64,438.356164...; paid 6,457.50 and a pool of 30,160.00; of 500,000.
        assert f"{cost(made):.12f}" == "0.202111712329"

    def test_is_not_known_before(self, made):
        approved(made, calculated_run(made))
        results_compute(period=made.quarters["2026-Q3"], by=made.user("maren"), at=database_clock())

        assert cost(made) is None

    def test_stays_when_results_are_computed_without_what_was_paid(self, made):
        locked(made, calculated_run(made))
        before = cost(made)

        results_compute(period=made.quarters["2026-Q3"], by=made.user("maren"), at=database_clock())

        assert cost(made) == before

    def test_is_of_the_year_so_far_only_when_all_of_it_is_paid(self, made):
        locked(made, calculated_run(made))

        assert cost(made, window="year_to_date") is None


class TestVariablePaid:
    def test_is_that_of_locked_periods(self, made):
        run = calculated_run(made)
        assert set(paid(made).values()) == {None}

        locked(made, run)

        assert paid(made)["2026-Q3"] == D("36617.50")
        assert paid(made)["2026-Q4"] is None

    def test_shares_what_names_no_account_in_proportion(self, made):
        run = calculated_run(made, amounts={"KAM": "6000.00"})
        other = StrategicAccount.objects.create(
            node=AccountNode.objects.create(code="GAG", name="Gag", currency="EUR"),
            programme_start=START, plan_currency="EUR",
        )  # fmt: skip
        for number, account, part in ((2, other, "3000.00"), (3, None, "-3000.00")):
            PayoutLine.objects.create(
                payout=run.payouts.get(),
                number=number,
                period=run.period,
                leaf="X",
                account=account,
                amount=D(part),
            )

        locked(made, run)

        # 6,000 and 3,000 earned, 3,000 of it taken by a rule: two thirds of the 6,000 paid, and one.
        sums = variable_paid(period=run.period, known_at=timezone.now())
        assert sums[made.account.node_id, run.period.pk] == D("4000") + D("30160")
        assert sums[other.node_id, run.period.pk] == D("2000")

    def test_counts_a_correction_to_the_account_of_the_payout_it_corrects(self, made):
        run = calculated_run(made)
        locked(made, run)
        Adjustment.objects.create(
            period=made.quarters["2026-Q4"], person=made.people["KAM"], kind=AdjustmentKind.CORRECTION,
            amount=D("100.00"), currency="EUR", reason="Late", corrects_payout=run.payouts.get(),
            corrects_period=run.period, status=AdjustmentStatus.APPROVED, proposed_by=made.user("maren"),
            decided_by=made.user("jonas"), decided_at=AT,
        )  # fmt: skip
        second = calculated_run(made, period="2026-Q4", amounts={"KAM": "10.00"})
        locked(made, second, at=LATER)

        assert paid(made, "2026-Q4")["2026-Q4"] == D("110.00") + Pool.objects.get(run=second).funded

    def test_counts_what_a_personal_ceiling_cut(self, made):
        PayPackage.objects.filter(person=made.people["KAM"]).update(ceiling=6000)

        locked(made, calculated_run(made))

        assert paid(made)["2026-Q3"] == D("36160.00")


@pytest.mark.django_db(transaction=True)
class TestLateFacts:
    def test_move_the_cost_of_a_locked_period(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        invoice = {"date": date(2026, 2, 1), "node": made.account.node, "revenue": 400_000, "currency": "EUR"}
        Transaction.objects.create(source_id="T1", **invoice)
        closed(made, "2026-Q1")
        rows = Result.objects.current().filter(metric__code="M27", window="period", node=made.account.node)
        before = rows.get().value
        Transaction.objects.create(source_id="T2", **invoice)

        late_facts(period=made.periods["2026-Q2"], by=made.user("maren"), at=after(made, "2026-Q2"))

        assert f"{rows.get().value:.15f}" == f"{before / 2:.15f}"
