"""Late facts of locked periods: every payout and pool that depends on them, to the cent, once, in the open period."""

from decimal import Decimal

import pytest
from psycopg2.extras import DateRange

from kamcomp.approvals.models import Finding
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.visibility import Viewer
from payouts.choices import AdjustmentKind, AdjustmentStatus, DisputeKind
from payouts.exports.statement_pdf import share_funding
from payouts.models import Adjustment, Allocation, ClawbackCase, LedgerEntry, Payout, PayoutLine
from payouts.selectors.disputes import Subject
from payouts.selectors.pool_sheet import pool_sheet
from payouts.selectors.run_console import run_console
from payouts.services import late_facts as services
from payouts.services.adjustments import (
    TakenLater,
    adjustment_approve,
    adjustment_propose,
    adjustment_reject,
    adjustment_reverse,
)
from payouts.services.approvals import run_approve
from payouts.services.disputes import dispute_open, dispute_uphold
from payouts.services.locks import run_lock
from payouts.services.pools import PoolsCannotBeFunded
from payouts.services.reviews import run_review
from payouts.services.verify import verify_run
from plans.models import Assignment
from teams.choices import AccountStatus
from tests.faults.together import together
from tests.payouts.books import allocated, locked
from tests.payouts.crowd import START
from tests.payouts.quarters import POOL, after, calculated, closed, pool_of, quarters, sold

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def correct(made, code, *, at="2026-Q2"):
    return services.late_facts(period=made.periods[code], by=made.user("maren"), at=after(made, at))


def approve_all(made, found, *, at="2026-Q2"):
    for adjustment in found.proposed:
        adjustment_approve(adjustment_id=adjustment.pk, by=made.user("jonas"), at=after(made, at))


def told(found):
    return {
        (
            adjustment.person.employee_id if adjustment.person else "pool",
            adjustment.corrects_period.code,
        ): str(adjustment.amount)
        for adjustment in found.proposed
    }


def paid(made, person, code):
    return Payout.objects.get(
        person__employee_id=person, period=made.periods[code], run__is_current=True
    ).amount


def reverse(made, adjustment, *, at):
    back = adjustment_reverse(adjustment_id=adjustment.pk, reason="Exited", by=made.user("maren"), at=at)
    adjustment_approve(adjustment_id=back.pk, by=made.user("jonas"), at=at)


def pay_findings(made, run, role):
    viewer = Viewer(made.user("jonas").pk, frozenset({role}), after(made, "2026-Q2").date())
    found = run_console(run=run, viewer=viewer).findings
    return [finding.message for finding in found if finding.rule == "payout_late_facts"]


class TestLateFacts:
    def test_correct_every_payout_and_the_pool_by_new_less_old(self):
        made = quarters()
        sold(made, "2026-Q1", 1_100_000)
        sold(made, "2026-Q1", 1_000_000, account=1)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_150_000)

        found = correct(made, "2026-Q2")

        # A quarter of 20,000.02 at 120 %, then at 130 %; of 20,002.02 likewise; 2,000 of pool targets.
        assert told(found) == {
            ("E00001", "2026-Q1"): "500.00",
            ("E00003", "2026-Q1"): "500.05",
            ("pool", "2026-Q1"): "200.00",
        }
        assert found.notes == []
        first = Adjustment.objects.get(person=made.people[0])
        assert (first.corrects_payout.amount, first.due, first.corrects_line) == (
            D("6000.01"),
            D("6500.01"),
            1,
        )
        assert "XSALES of Mer" in first.reason
        assert len(first.input_digest) == 64
        pool = Adjustment.objects.get(pool__isnull=False)
        assert (pool.pool, pool.corrects_pool) == (pool_of(made, "2026-Q2"), pool_of(made, "2026-Q1"))

        assert told(correct(made, "2026-Q2")) == {}

    def test_asked_for_by_four_at_once_are_proposed_once(self):
        made = quarters()
        sold(made, "2026-Q1", 1_100_000)
        sold(made, "2026-Q1", 1_000_000, account=1)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_150_000)

        found = together([lambda: correct(made, "2026-Q2")] * 4)

        assert [error for error in found if isinstance(error, Exception)] == []
        assert sorted(len(each.proposed) for each in found) == [0, 0, 0, 3]
        assert Adjustment.objects.count() == 3

    def test_are_posted_with_the_open_period_and_nothing_locked_moves(self):
        made = quarters()
        for code in ("2026-Q1", "2026-Q2"):
            for account in (0, 1):
                sold(made, code, 1_000_000, account=account)
        first = closed(made, "2026-Q1")
        before = [list(rows.order_by().values_list()) for rows in _locked_rows(first)]
        sold(made, "2026-Q1", 1_050_000)
        approve_all(made, correct(made, "2026-Q2"))

        second = closed(made, "2026-Q2")

        assert [list(rows.order_by().values_list()) for rows in _locked_rows(first)] == before
        assert verify_run(run=first).equal
        assert pool_of(made, "2026-Q2").funded == D("2200.00")
        assert pool_of(made, "2026-Q2").correction == D("200.00")
        assert not Adjustment.objects.exclude(status=AdjustmentStatus.POSTED).exists()
        posted = LedgerEntry.objects.get(posting__run=second, adjustment__isnull=False, account="payable",
                                         person=made.people[0])  # fmt: skip
        assert posted.amount == D("-500.00")
        assert told(correct(made, "2026-Q3", at="2026-Q3")) == {}

    def test_take_back_as_a_claim_and_let_the_company_bear_a_smaller_pool(self):
        made = quarters(payment={"clawback": {"months": 12, "per_payout_at_most": "0.10"}})
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
            sold(made, "2026-Q2", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)

        found = correct(made, "2026-Q2")

        assert told(found) == {("E00001", "2026-Q1"): "-1000.00", ("E00003", "2026-Q1"): "-1000.10"}
        assert "The company bears 400.00" in found.notes[0]
        assert Finding.objects.get(rule="pool_late_facts").message == found.notes[0]
        approve_all(made, found)
        assert ClawbackCase.objects.get(person=made.people[0]).recoverable == 1000
        run = closed(made, "2026-Q2")
        # 5,000.005 at 100 %, a tenth of it recovered.
        assert paid(made, "E00001", "2026-Q2") == D("4500.01")
        taken = PayoutLine.objects.get(payout__run=run, payout__person=made.people[0], leaf="clawback")
        assert taken.amount == D("-500.00")

    def test_take_nothing_back_from_before_the_look_back(self):
        made = quarters(payment={"clawback": {"months": 3, "per_payout_at_most": "0.10"}})
        sold(made, "2026-Q1", 1_100_000)
        sold(made, "2026-Q1", 1_000_000, account=1)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)
        sold(made, "2026-Q1", 1_100_000, account=1)

        found = correct(made, "2026-Q2")

        # Those of the other account get their 1,000 and more; what the quarter paid is found four months after it.
        assert told(found) == {("E00002", "2026-Q1"): "1000.05", ("E00004", "2026-Q1"): "1000.15"}
        assert found.notes[0] == (
            "E00001 was paid 1000.00 EUR too much in 2026-Q1, longer ago than CROWD v1 takes back. "
            "The company bears it."
        )

    def test_take_back_an_earlier_correction_however_late_and_let_the_company_bear_the_rest_once(self):
        made = quarters(payment={"clawback": {"months": 3, "per_payout_at_most": "0.10"}}, pool=None)
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        run = closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_050_000)
        first = correct(made, "2026-Q2")
        assert told(first)["E00001", "2026-Q1"] == "500.00"
        sold(made, "2026-Q1", 950_000)

        # 5,000.01 were paid, 500.00 wait for a decision; 4,375.00 are due, and nothing is taken of what was paid.
        found = correct(made, "2026-Q2")
        assert (told(found), found.notes[0]) == (
            {},
            "A correction of 500.00 EUR for E00001, 2026-Q1 waits for a decision, but 0.00 is due on the facts known "
            "now: reject it, then ask for late facts again.",
        )
        assert pay_findings(made, run, Role.FINANCE) == found.notes
        approve_all(made, first)

        found = correct(made, "2026-Q2")
        assert told(found) == {("E00001", "2026-Q1"): "-500.00", ("E00003", "2026-Q1"): "-500.05"}
        assert found.notes[0].startswith("E00001 was paid 625.01 EUR too much in 2026-Q1")
        again = correct(made, "2026-Q2")
        assert (told(again), again.notes) == ({}, found.notes)
        assert pay_findings(made, run, Role.FINANCE) == found.notes
        assert pay_findings(made, run, Role.EXECUTIVE) == []
        sold(made, "2026-Q1", 940_000)
        assert pay_findings(made, run, Role.FINANCE) != correct(made, "2026-Q2").notes
        assert len(pay_findings(made, run, Role.FINANCE)) == len(found.notes)
        sold(made, "2026-Q1", 1_000_000)
        assert (correct(made, "2026-Q2").notes, pay_findings(made, run, Role.FINANCE)) == ([], [])

    def test_take_nothing_from_a_payee_whose_waiting_correction_was_rejected(self):
        made = quarters(payment={"clawback": {"months": 3, "per_payout_at_most": "0.10"}}, pool=None)
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_050_000)
        stale = correct(made, "2026-Q2")
        sold(made, "2026-Q1", 950_000)
        approve_all(made, correct(made, "2026-Q2"))
        for each in stale.proposed:
            adjustment_reject(
                adjustment_id=each.pk, reason="stale", by=made.user("jonas"), at=after(made, "2026-Q2")
            )
        approve_all(made, correct(made, "2026-Q2"))

        decided = Adjustment.objects.filter(person=made.people[0], status=AdjustmentStatus.APPROVED)
        assert list(decided) == []

    def test_take_back_what_an_accumulating_plan_would_settle_however_late_as_a_claim(self):
        terms = {"clawback": {"months": 3, "per_payout_at_most": "0.10"}}
        made = quarters(accumulation="year_to_date", pool=None, payment=terms)
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
            sold(made, "2026-Q2", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)
        until = made.periods["2026-Q2"].days.lower
        Assignment.objects.filter(person=made.people[2]).update(valid=DateRange(START, until))

        found = correct(made, "2026-Q2")

        # No run settles the year of somebody who is off the plan: what they were paid stays theirs.
        assert told(found) == {("E00001", "2026-Q1"): "-1000.00"}
        assert found.notes == [
            "E00003 was paid 1000.10 EUR too much in 2026-Q1, longer ago than CROWD v1 takes back. "
            "The company bears it."
        ]
        approve_all(made, found)
        closed(made, "2026-Q2")
        # To date 10,000.01, less 5,000.01 posted, a tenth of it recovered: not all of the 1,000.00 at once.
        assert paid(made, "E00001", "2026-Q2") == D("4500.00")

    def test_take_back_late_of_a_plan_that_accumulates_in_part_only_that_part(self):
        terms = {"clawback": {"months": 3, "per_payout_at_most": "0.10"}}
        made = quarters(accumulation="year_to_date", also=["period"], pool=None, payment=terms)
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)

        found = correct(made, "2026-Q2")

        assert told(found)["E00001", "2026-Q1"] == "-500.00"
        assert found.notes[0].startswith("E00001 was paid 500.00 EUR too much in 2026-Q1")
        approve_all(made, found)
        again = correct(made, "2026-Q2")
        assert (told(again), again.notes) == ({}, found.notes)

    def test_are_settled_once_where_a_plan_accumulates_in_part(self):
        made = quarters(accumulation="year_to_date", also=["period"], pool=None)
        for account in (0, 1):
            for code in ("2026-Q1", "2026-Q2"):
                sold(made, code, 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_100_000)
        found = correct(made, "2026-Q2")
        assert told(found)["E00001", "2026-Q1"] == "1000.00"
        approve_all(made, found)

        closed(made, "2026-Q2")

        # A half of 5,000.005 at 100 %, and a half of 10,000.01 at 110 % less the 3,000.01 recognised to date.
        assert paid(made, "E00001", "2026-Q2") == D("5000.00")
        assert told(correct(made, "2026-Q3", at="2026-Q3")) == {}

    def test_take_a_smaller_pool_from_the_next_where_the_plan_says_so(self):
        made = quarters(pool={**POOL, "less": "next_pool"})
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
            sold(made, "2026-Q2", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)

        found = correct(made, "2026-Q2")

        assert told(found)["pool", "2026-Q1"] == "-400.00"
        approve_all(made, found)
        closed(made, "2026-Q2")
        assert pool_of(made, "2026-Q2").funded == D("1600.00")

    def test_say_what_a_pool_cannot_take_of_what_was_adjusted_by_hand(self):
        made = quarters(pool={**POOL, "less": "next_pool"})
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
            sold(made, "2026-Q2", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_000_000)
        found = correct(made, "2026-Q2")
        at, by = after(made, "2026-Q2"), made.user("maren")
        found.proposed.append(
            adjustment_propose(
                period=made.periods["2026-Q2"], kind=AdjustmentKind.CORRECTION, amount=D(-3000), currency="EUR",
                reason="Paid elsewhere", pool=pool_of(made, "2026-Q2"), by=by, at=at,
            )
        )  # fmt: skip
        approve_all(made, found)

        run = allocated(made, calculated(made, "2026-Q2"), at=at)
        with pytest.raises(TakenLater, match="2026-Q2 is under review"):
            adjustment_reverse(adjustment_id=found.proposed[-1].pk, reason="It was not", by=by, at=at)
        run_approve(run_id=run.pk, by=made.user("jonas"), at=at)
        run_lock(run_id=run.pk, by=made.user("jonas"), at=at)

        # 2,000.00 are funded, less 400.00 of the first quarter and 3,000.00 by hand.
        assert Finding.objects.get(rule="pool_correction_left").message == (
            "Corrections take 3400.00 EUR from the pool of Mer, 2026-Q2, which holds 2000.00. The other 1400.00 "
            "are not posted. 1000.00 of it were adjusted by hand, and nothing proposes that again: adjust the next "
            "pool if it is due."
        )
        by_hand = found.proposed[-1]
        back = adjustment_reverse(
            adjustment_id=by_hand.pk, reason="It was not", by=by, at=after(made, "2026-Q3")
        )
        assert back.amount == D(2000)
        assert told(correct(made, "2026-Q3", at="2026-Q3")) == {("pool", "2026-Q1"): "-400.00"}

    def test_leave_what_the_next_pool_cannot_bear_to_the_one_after(self):
        made = quarters(pool={**POOL, "less": "next_pool"})
        for code, value in (("2026-Q1", 1_100_000), ("2026-Q2", 800_000), ("2026-Q3", 1_000_000)):
            for account in (0, 1):
                sold(made, code, value, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 800_000)

        # 120 % funded 2,400.00, and 1,000.00 are due; the second quarter's pool holds 1,000.00 at 80 %.
        found = correct(made, "2026-Q2")
        assert told(found)["pool", "2026-Q1"] == "-1400.00"
        approve_all(made, found)
        assert verify_run(run=closed(made, "2026-Q2")).equal
        second = pool_of(made, "2026-Q2")
        assert (second.funded, second.correction, pool_sheet(pool=second).untaken) == (0, D(-1000), D(400))
        assert Finding.objects.get(rule="pool_correction_left").message == (
            "Corrections take 1400.00 EUR from the pool of Mer, 2026-Q2, which holds 1000.00. The other 400.00 are "
            "not posted: late facts propose them for the next pool, or the company bears them, as the plan says."
        )

        found = correct(made, "2026-Q3", at="2026-Q3")
        assert told(found) == {("pool", "2026-Q1"): "-400.00"}
        approve_all(made, found, at="2026-Q3")
        assert verify_run(run=closed(made, "2026-Q3")).equal

        half_taken, rest = Adjustment.objects.filter(pool__isnull=False).order_by("created_at")
        at, by = after(made, "2026-Q4"), made.user("maren")
        back = adjustment_reverse(adjustment_id=half_taken.pk, reason="Not theirs", by=by, at=at)
        assert (back.amount, str(back.reason)) == (D(1000), "Reverses -1000.00 EUR of 2026-Q2: Not theirs")
        adjustment_reject(adjustment_id=back.pk, reason="It is", by=made.user("jonas"), at=at)
        assert rest.amount == D(-400)

        share = pool_of(made, "2026-Q3").allocations.first()
        assert share_funding(share).endswith("funded the pool; corrections of earlier periods changed it")

        # 1,000.00, 1,000.00 and 2,000.00 are due of the three quarters, and were spent.
        spent = [pool_of(made, code).funded for code in ("2026-Q1", "2026-Q2", "2026-Q3")]
        assert (spent, sum(spent)) == ([D(2400), D(0), D(1600)], D(4000))
        assert told(correct(made, "2026-Q4", at="2026-Q4")) == {}

    def test_say_that_a_waiting_correction_of_a_pool_is_out_of_date(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_150_000)
        first = correct(made, "2026-Q2")
        sold(made, "2026-Q1", 1_200_000)

        found = correct(made, "2026-Q2")

        # 120 % funds 2,400, 130 % would 2,600, 140 % 2,800; the payees' own corrections go on from what waits.
        assert found.notes == [
            "A correction of 200.00 EUR for the pool of Mer, 2026-Q1 waits for a decision, but 400.00 is due on the "
            "facts known now: reject it, then ask for late facts again."
        ]
        assert Finding.objects.get(rule="pool_late_facts").message == found.notes[0]
        assert ("pool", "2026-Q1") not in told(found)
        (waiting,) = [each for each in first.proposed if each.pool]
        adjustment_reject(
            adjustment_id=waiting.pk, reason="out of date", by=made.user("jonas"), at=after(made, "2026-Q2")
        )
        assert told(correct(made, "2026-Q2")) == {("pool", "2026-Q1"): "400.00"}

    @pytest.mark.parametrize(
        ("facts_follow", "expected"), [(False, {}), (True, {("pool", "2026-Q1"): "-100.00"})]
    )
    def test_count_an_upheld_dispute_of_a_share_only_where_facts_follow(self, facts_follow, expected):
        made = quarters(pool={**POOL, "less": "next_pool"})
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
        closed(made, "2026-Q1")
        at, person = after(made, "2026-Q2"), made.people[2]
        person.user = user_make(username="payee", roles=[Role.PAYEE], since=START, by=None)
        person.save(update_fields=["user"])
        case = dispute_open(
            subject=Subject(share=Allocation.objects.get(person=person)), kind=DisputeKind.DISPUTE,
            claim="A day is missing", by=person.user, at=at.replace(month=5),
        )  # fmt: skip
        upheld = dispute_uphold(
            dispute_id=case.pk, amount=D("100.00"), answer="It is", facts_follow=facts_follow,
            by=made.user("jonas"), at=at,
        )  # fmt: skip
        adjustment_approve(adjustment_id=upheld.adjustment_id, by=made.user("anders"), at=at)

        # Until the facts have come the pool has funded 100.00 too much; their payout has nothing to do with it.
        found = correct(made, "2026-Q2")

        assert (told(found), found.notes) == (expected, [])

    def test_leave_what_disputes_of_shares_and_of_a_period_alone_pay_out_of_what_is_posted_to_date(self):
        made = quarters(accumulation="year_to_date", also=["period"])
        for account in (0, 1):
            for code in ("2026-Q1", "2026-Q2"):
                sold(made, code, 1_000_000, account=account)
        run, at, person = closed(made, "2026-Q1"), after(made, "2026-Q2"), made.people[2]
        person.user = user_make(username="payee", roles=[Role.PAYEE], since=START, by=None)
        person.save(update_fields=["user"])
        payout = Payout.objects.get(run=run, person=person)
        alone = payout.lines.get(leaf="SALES2")
        for subject in (
            Subject(share=Allocation.objects.get(person=person)),
            Subject(payout=payout, line=alone),
        ):
            case = dispute_open(
                subject=subject,
                kind=DisputeKind.DISPUTE,
                claim="A day",
                by=person.user,
                at=at.replace(month=5),
            )
            upheld = dispute_uphold(
                dispute_id=case.pk,
                amount=D(100),
                answer="So it is",
                facts_follow=True,
                by=made.user("jonas"),
                at=at,
            )
            adjustment_approve(adjustment_id=upheld.adjustment_id, by=made.user("anders"), at=at)

        closed(made, "2026-Q2")

        # Half of 5,000.505 and half of 10,001.01, less the 2,500.26 posted to date.
        assert paid(made, "E00003", "2026-Q2") == D("5000.50")

    def test_of_a_pool_that_no_plan_funds_any_more_stop_the_review(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
            sold(made, "2026-Q2", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_100_000)
        approve_all(made, correct(made, "2026-Q2"))
        made.account.status = AccountStatus.EXITED
        made.account.save(update_fields=["status"])
        run, at = calculated(made, "2026-Q2"), after(made, "2026-Q2")

        with pytest.raises(
            PoolsCannotBeFunded, match="corrections of 400.00 EUR were approved for its pool, and no"
        ):
            run_review(run_id=run.pk, by=made.user("anders"), at=at)

        reverse(made, Adjustment.objects.get(pool__isnull=False), at=at)
        assert run_review(run_id=run.pk, by=made.user("anders"), at=at).status == "allocating"

    def test_of_a_pool_that_are_reversed_when_no_plan_funds_it_stop_the_review(self):
        made = quarters()
        for account in (0, 1):
            for code in ("2026-Q1", "2026-Q2", "2026-Q3"):
                sold(made, code, 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_100_000)
        approve_all(made, correct(made, "2026-Q2"))
        closed(made, "2026-Q2")
        made.account.status = AccountStatus.EXITED
        made.account.save(update_fields=["status"])
        at = after(made, "2026-Q3")
        reverse(made, Adjustment.objects.get(pool__isnull=False), at=at)
        run = calculated(made, "2026-Q3")

        with pytest.raises(PoolsCannotBeFunded, match="corrections of -400.00 EUR were approved for its"):
            run_review(run_id=run.pk, by=made.user("anders"), at=at)

        reverse(made, Adjustment.objects.get(pool__isnull=False, amount__lt=0), at=at)
        assert run_review(run_id=run.pk, by=made.user("anders"), at=at).status == "allocating"

    def test_that_go_back_to_what_was_paid_reverse_the_correction_and_say_so(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        closed(made, "2026-Q1")
        sold(made, "2026-Q1", 1_050_000)
        approve_all(made, correct(made, "2026-Q2"))
        sold(made, "2026-Q1", 1_000_000)

        found = correct(made, "2026-Q2")

        back = next(each for each in found.proposed if each.person == made.people[0])
        assert back.amount == D("-500.00")
        assert back.reason == (
            "Late facts of 2026-Q1: what was paid is right again, so its earlier corrections are reversed"
        )

    def test_follow_each_other_to_the_cent(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        closed(made, "2026-Q1")
        totals = {}
        for value in (1_070_000, 1_030_000, 1_090_000):
            sold(made, "2026-Q1", value)
            correct(made, "2026-Q2")
            totals[value] = sum(each.amount for each in Adjustment.objects.filter(person=made.people[0]))

        # 5,000.005 x (2 x attainment - 1), settled, less 5,000.01.
        assert totals == {1_070_000: D("700.00"), 1_030_000: D("300.00"), 1_090_000: D("900.00")}

    def test_of_an_accumulating_plan_move_the_first_quarter_once(self):
        made = quarters(accumulation="year_to_date", pool=None)
        for code in ("2026-Q1", "2026-Q2", "2026-Q3"):
            for account in (0, 1):
                sold(made, code, 1_000_000, account=account)
        closed(made, "2026-Q1")
        closed(made, "2026-Q2")
        assert (paid(made, "E00001", "2026-Q1"), paid(made, "E00001", "2026-Q2")) == (
            D("5000.01"),
            D("5000.00"),
        )
        sold(made, "2026-Q1", 1_100_000)

        found = correct(made, "2026-Q3", at="2026-Q3")

        # To date of Q1: 5,000.005 x 1.2. To date of Q2: 10,000.01 x 1.1, of which Q2 then pays 5,000.00.
        amounts = {key: D(amount) for key, amount in told(found).items() if key[0] == "E00001"}
        assert sum(amounts.values()) == D("11000.01") - D("10000.01")
        approve_all(made, found, at="2026-Q3")
        run = calculated(made, "2026-Q3")
        locked(made, run, at=after(made, "2026-Q3"))
        # To date of Q3: 15,000.015 x (2 x 3.1/3 - 1) = 16,000.016, less 11,000.01 posted.
        assert paid(made, "E00001", "2026-Q3") == D("5000.01")
        assert told(correct(made, "2026-Q4", at="2026-Q4")) == {}

    def test_go_to_the_open_period_only(self):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_000_000, account=account)
        closed(made, "2026-Q1")

        with pytest.raises(services.NotTheOpenPeriod, match="go to 2026-Q2, not to 2026-Q3"):
            correct(made, "2026-Q3")


def _locked_rows(run):
    return (
        Payout.objects.filter(run=run),
        PayoutLine.objects.filter(payout__run=run),
        LedgerEntry.objects.filter(posting__run=run),
    )


class TestVerifyPools:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ("UPDATE payouts_pool SET funded = funded + 0.01", "pool_differs"),
            ("UPDATE payouts_allocation SET amount = amount + 0.01", "pool_not_as_approved"),
            ("UPDATE payouts_allocation SET guideline = guideline - 0.01", "guideline_differs"),
            (
                "UPDATE payouts_pool SET inputs = jsonb_set(inputs, '{period_days}', '91')",
                "pool_inputs_differ",
            ),
            (
                "UPDATE payouts_ledgerentry SET amount = amount - 0.01 WHERE allocation_id IS NOT NULL",
                "ledger_differs",
            ),
            ("UPDATE payouts_ledgerentry SET currency = 'USD' WHERE payout_id IS NOT NULL", "ledger_differs"),
            (
                "UPDATE payouts_ledgerentry SET person_id = (SELECT max(id::text)::uuid FROM teams_person) "
                "WHERE payout_id IS NOT NULL",
                "ledger_differs",
            ),
            (
                "INSERT INTO payouts_ledgerentry"
                " (account, person_id, cost_centre, amount, currency, period_id, posting_id)"
                " SELECT account, person_id, cost_centre, amount, currency, period_id, posting_id"
                " FROM payouts_ledgerentry WHERE payout_id IS NOT NULL",
                "ledger_differs",
            ),
            (
                "UPDATE payouts_ledgerentry SET amount = amount * 2 WHERE pool_id IS NOT NULL",
                "ledger_differs",
            ),
        ],
    )
    def test_name_what_was_changed_behind_the_systems_back(self, owner_sql, change, code):
        made = quarters()
        for account in (0, 1):
            sold(made, "2026-Q1", 1_100_000, account=account)
        run = closed(made, "2026-Q1")
        assert verify_run(run=run).equal

        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute(change)

        assert code in {finding.code for finding in verify_run(run=run).findings}
