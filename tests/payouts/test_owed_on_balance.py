"""
What a person owes on balance: no payment is smaller by it, and every page and book says so to the cent.

A quarter paid at 120 % is corrected to 100 %; the plan recovers a tenth of each later payout.
"""

from decimal import Decimal

import pytest
from django.db.models import Sum

from kamcomp.approvals.models import Finding
from kamcomp.identity.choices import Role
from kamcomp.visibility import Viewer, visible
from payouts.choices import AdjustmentKind
from payouts.models import Allocation, ClawbackCase, LedgerEntry, Payout, PayoutLine, RegisterRow
from payouts.selectors.accruals import accruals
from payouts.selectors.archive import statement_archive
from payouts.selectors.ceilings import ceiling_effects
from payouts.selectors.closing import run_closing
from payouts.selectors.executive.costs import period_costs
from payouts.selectors.reconciliation import run_reconciled
from payouts.selectors.statements import statement, statement_periods
from payouts.selectors.variable_paid import variable_paid
from payouts.services.adjustments import adjustment_approve, adjustment_propose
from payouts.services.clawbacks import clawback_open
from payouts.services.late_facts import late_facts
from payouts.services.locks import run_lock
from payouts.services.reviews import CorrectionsAfterRun, run_review
from payouts.services.verify import verify_run
from teams.models import Employment, PayPackage, Person
from tests.payouts.books import allocated, approved
from tests.payouts.quarters import after, calculated, closed, quarters, sold

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
TENTH = {"clawback": {"months": 12, "per_payout_at_most": "0.10"}}


@pytest.fixture
def made():
    """Return two quarters sold; the first is closed at 120 % and corrected to 100 %, in the second."""
    made = sold_too_well()
    correct(made, "2026-Q2")
    return made


def sold_too_well():
    made = quarters(payment=TENTH)
    for account in (0, 1):
        sold(made, "2026-Q1", 1_100_000, account=account)
        sold(made, "2026-Q2", 1_000_000, account=account)
    closed(made, "2026-Q1")
    sold(made, "2026-Q1", 1_000_000)
    return made


def correct(made, code):
    at = after(made, code)
    found = late_facts(period=made.periods[code], by=made.user("maren"), at=at)
    for adjustment in found.proposed:
        adjustment_approve(adjustment_id=adjustment.pk, by=made.user("jonas"), at=at)
    of_people = [each for each in found.proposed if each.person]
    return {(each.person.employee_id, each.corrects_period.code): each.amount for each in of_people}


def finance(made):
    return Viewer(made.user("jonas").pk, frozenset({Role.FINANCE}), after(made, "2026-Q2").date())


def shown(made, code, person=None):
    return statement(person=person or made.people[0], period=made.periods[code], viewer=finance(made))


def row_of(made, run):
    return RegisterRow.objects.get(run=run, person=made.people[0])


def payable(run, **of):
    entries = LedgerEntry.objects.filter(posting__run=run, account="payable", **of)
    return -entries.aggregate(total=Sum("amount"))["total"]


class TestOwedOnBalance:
    def test_is_the_same_on_every_page_before_and_after_the_lock(self, made):
        first = run_of(made, "2026-Q1")
        run = calculated(made, "2026-Q2")
        approved(made, run, at=after(made, "2026-Q2"))

        # 5,000.005 at 100 %, a tenth of it recovered; the 1,000.00 corrected away are owed, and stay for later.
        before = shown(made, "2026-Q2")
        assert (before.earned, before.corrections, before.owed, before.total) == (
            D("4500.01"), D("-1000.00"), D("1000.00"), D("4500.01"),
        )  # fmt: skip
        assert row_of(made, run).payable == D("4500.01")
        closing_before = run_closing(run=run, on=after(made, "2026-Q2").date()).sums[0].total

        run = run_lock(run_id=run.pk, by=made.user("jonas"), at=after(made, "2026-Q2"))

        said = shown(made, "2026-Q2")
        assert said.total == row_of(made, run).payable == payable(run, person=made.people[0]) == D("4500.01")
        assert said.year_total == D("6000.01") + D("4500.01")
        archive = statement_archive(person_id=made.people[0].pk, viewer=finance(made))
        assert {row.code: row.total for row in archive} == {"2026-Q1": D("6000.01"), "2026-Q2": D("4500.01")}
        # Of all people: what is open at the end of June, what is still to be paid, and what the books owe.
        (reconciled,) = run_reconciled(run=run)
        june = [row for row in accruals(fiscal_year=2026) if row.month.month == 6]
        assert sum(row.balance for row in june) == reconciled.closing == payable(first) + payable(run)
        # A pool hands out all it has here, so that what is paid is what the period costs.
        (cost,) = period_costs(runs=[run], currency="EUR").values()
        assert cost.cost == closing_before == payable(run)
        paid = variable_paid(period=made.periods["2026-Q2"], known_at=after(made, "2026-Q2"))
        of_quarters = [amount for (_node, key), amount in paid.items() if key == made.periods["2026-Q2"].pk]
        assert sum(of_quarters) == payable(run)
        assert [finding.sentence for finding in verify_run(run=run).findings] == []

    def test_leaves_no_more_room_below_a_personal_ceiling(self, made):
        PayPackage.objects.filter(person=made.people[0]).update(ceiling="10000")
        run = calculated(made, "2026-Q2")

        (effect,) = ceiling_effects(run=run)

        # 6,000.01 were paid in the first quarter and 4,500.01 would be now.
        assert (effect.total, effect.amount) == (D("10500.02"), D("-500.02"))

    def test_in_a_currency_of_nothing_paid_leaves_the_ceiling_as_it_is(self):
        made = quarters(pool=None)
        for code in ("2026-Q1", "2026-Q2"):
            for account in (0, 1):
                sold(made, code, 1_000_000, account=account)
        at = after(made, "2026-Q1")
        owed = adjustment_propose(
            period=made.periods["2026-Q1"], kind=AdjustmentKind.TRUE_UP, amount=D("-300.00"), currency="USD",
            reason="Relocation", person=made.people[0], by=made.user("maren"), at=at,
        )  # fmt: skip
        adjustment_approve(adjustment_id=owed.pk, by=made.user("jonas"), at=at)
        closed(made, "2026-Q1")
        PayPackage.objects.filter(person=made.people[0]).update(ceiling="9000")

        (effect,) = ceiling_effects(run=calculated(made, "2026-Q2"))

        # Two quarters of 5,000.01 each; nothing was paid in the other currency.
        assert (effect.total, effect.amount, effect.mixed) == (D("10000.02"), D("-1000.02"), False)

    def test_of_a_payout_that_recovered_is_claimed_from_what_was_due_then(self, made):
        run = closed(made, "2026-Q2")

        claimed = clawback_open(
            payout=run.payouts.get(person=made.people[0]), recomputed=D("4000.00"), cause="A cancelled order",
            by=made.user("maren"), at=after(made, "2026-Q3"),
        )  # fmt: skip

        # 5,000.01 were due, 500.00 of it recovered and 4,500.01 paid.
        assert (claimed.amount, claimed.posted_before) == (D("-1000.01"), D("5000.01"))

    def test_is_not_recovered_further_than_it_goes_when_the_review_comes(self, made):
        run, at = calculated(made, "2026-Q2"), after(made, "2026-Q2")
        agreed = adjustment_propose(
            period=run.period, kind=AdjustmentKind.GOODWILL, amount=D("800.00"), currency="EUR", reason="Agreed",
            person=made.people[0], plan_version=made.version, by=made.user("maren"), at=at,
        )  # fmt: skip
        adjustment_approve(adjustment_id=agreed.pk, by=made.user("jonas"), at=at)

        # The run took 500.00 of 1,000.00, and 200.00 are left to be taken.
        with pytest.raises(CorrectionsAfterRun, match="Adjustments of 2026-Q2 were decided after"):
            run_review(run_id=run.pk, by=made.user("anders"), at=at)

        closed(made, "2026-Q2")
        assert shown(made, "2026-Q2").total == D("4800.01")

    def test_is_not_recovered_a_second_time_by_a_late_fact(self, made):
        closed(made, "2026-Q2")
        sold(made, "2026-Q2", 1_100_000)

        proposed = correct(made, "2026-Q3")

        # 6,000.01 less 5,000.01: the 500.00 recovered were due too, and nobody takes a tenth of the difference.
        assert proposed["E00001", "2026-Q2"] == D("1000.00")
        assert correct(made, "2026-Q3") == {}
        sold(made, "2026-Q2", 900_000)
        # 3,750.00 at 90 %, less the 6,000.01 that are posted by now.
        assert correct(made, "2026-Q3")["E00001", "2026-Q2"] == D("-2250.01")
        assert ClawbackCase.objects.filter(person=made.people[0], closed_at=None).count() == 2


class TestLocalLaw:
    def test_that_blocks_a_deduction_lets_no_run_take_it_and_the_claim_stands(self):
        made = sold_too_well()
        Employment.objects.filter(person=made.people[0]).update(jurisdiction="AU-NSW")
        correct(made, "2026-Q2")

        run = closed(made, "2026-Q2")

        # 5,000.005 at 100 %: nothing of it is taken there, and a tenth of 5,000.505 from the colleague elsewhere.
        said = shown(made, "2026-Q2")
        assert (said.total, said.owed) == (D("5000.01"), D("1000.00"))
        (taken,) = PayoutLine.objects.filter(payout__run=run, leaf="clawback")
        assert (taken.payout.person, taken.amount) == (made.people[2], D("-500.05"))
        cases = ClawbackCase.objects.filter(closed_at=None).order_by("person__employee_id")
        assert list(cases.values_list("recoverable", "per_payout_at_most")) == [
            (D(1000), D(0)),
            (D("1000.10"), D("0.10")),
        ]
        kept = Finding.objects.get(rule="E42", subject_id=str(said.adjustments[0].pk))
        assert kept.message.startswith("Australia: 1,000.00 may not be deducted from E00001.")
        assert [finding.sentence for finding in verify_run(run=run).findings] == []


class TestAManager:
    def test_sees_no_statement_whose_corrections_they_may_not_see(self, made):
        person = made.people[0]
        person.manager = Person.objects.create(employee_id="BOSS", user=made.user("anders"))
        person.save()
        run = calculated(made, "2026-Q2")
        approved(made, run, at=after(made, "2026-Q2"))
        watching = Viewer(made.user("anders").pk, frozenset({Role.KAM}), after(made, "2026-Q2").date())

        assert visible(Payout.objects.filter(run=run, person=person), to=watching).exists()
        assert shown(made, "2026-Q2").corrections == D("-1000.00")
        assert statement(person=person, period=made.periods["2026-Q2"], viewer=watching) is None
        assert [each.code for each in statement_periods(person_id=person.pk, viewer=watching)] == ["2026-Q1"]


class TestOnlyAnAdjustment:
    def test_has_a_statement_too(self, made):
        alone = Person.objects.create(employee_id="GONE", cost_centre="CC9")
        at = after(made, "2026-Q2")
        values = {
            "kind": AdjustmentKind.GOODWILL,
            "amount": D("75.00"),
            "currency": "EUR",
            "reason": "Agreed",
        }
        proposed = adjustment_propose(
            period=made.periods["2026-Q2"], person=alone, by=made.user("maren"), at=at, **values
        )
        adjustment_approve(adjustment_id=proposed.pk, by=made.user("jonas"), at=at)
        run = calculated(made, "2026-Q2")
        assert shown(made, "2026-Q2", alone) is None, "nothing is shown before the review"

        allocated(made, run, at=at)

        assert [each.code for each in statement_periods(person_id=alone.pk, viewer=finance(made))] == [
            "2026-Q2"
        ]
        assert shown(made, "2026-Q2", alone).total == D("75.00")
        watching = Viewer(made.user("anders").pk, frozenset({Role.EXECUTIVE}), at.date())
        said = statement(person=made.people[0], period=made.periods["2026-Q2"], viewer=watching)
        assert said is None, "who sees corrections and no payouts would see a part of it"
        sharer = made.people[2]
        assert visible(Allocation.objects.filter(person=sharer, amount__gt=0), to=watching).exists()
        assert shown(made, "2026-Q2", sharer).shares
        assert statement(person=sharer, period=made.periods["2026-Q2"], viewer=watching) is None
        assert list(statement_periods(person_id=sharer.pk, viewer=watching)) == []
        assert list(statement_archive(person_id=sharer.pk, viewer=watching)) == []
        assert [row.total for row in statement_archive(person_id=alone.pk, viewer=finance(made))] == [
            D("75.00")
        ]


def run_of(made, code):
    return made.periods[code].runs.get(is_current=True)
