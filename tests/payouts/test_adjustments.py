"""Adjustments: proposed by one, decided by another, posted with the lock; what is owed on balance becomes a case."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.models import Adjustment, ClawbackCase, LedgerEntry, Payout
from payouts.selectors.adjustments import adjustments_after_run
from payouts.services import adjustments, clawbacks
from payouts.services.reviews import run_review
from tests.payouts.books import balances, locked
from tests.payouts.company import AT, LATER, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal
EUR = "EUR"


@pytest.fixture
def made():
    return company(payment={"clawback": {"months": 12, "per_payout_at_most": "0.25"}})


def propose(made, amount="142.50", *, by="maren", person="PM", reason="An invoice of July", **changes):
    return adjustments.adjustment_propose(
        **{
            "period": made.quarters["2026-Q4"],
            "kind": AdjustmentKind.CORRECTION,
            "amount": D(amount),
            "currency": EUR,
            "reason": reason,
            "person": made.people[person],
            "plan_version": made.version,
            "by": made.user(by),
            "at": AT,
            **changes,
        }
    )


def approve(made, adjustment, *, by="jonas", at=AT):
    return adjustments.adjustment_approve(adjustment_id=adjustment.pk, by=made.user(by), at=at)


def open_cases():
    return [str(case.recoverable) for case in ClawbackCase.objects.filter(closed_at=None)]


class TestAdjustmentPropose:
    @pytest.mark.parametrize(
        ("changes", "refusal", "words"),
        [
            ({"reason": " "}, adjustments.AdjustmentReasonMissing, "Say why: an adjustment is shown"),
            ({"amount": "0"}, adjustments.AdjustmentAmountUnsound, "0 EUR is not an amount to adjust by"),
            ({"amount": "0.005"}, adjustments.AdjustmentAmountUnsound, "give whole minor units"),
            ({"kind": AdjustmentKind.CEILING}, adjustments.RuleMakesThese, "made when a run is approved"),
        ],
    )
    def test_is_refused_when_unsound(self, made, changes, refusal, words):
        with pytest.raises(refusal, match=words):
            propose(made, **changes)

    def test_is_refused_for_oneself(self, made):
        made.user("priya").role_grants.update(role="finance")

        with pytest.raises(adjustments.OwnAdjustment, match="priya cannot propose or decide"):
            propose(made, by="priya")

    def test_goes_to_an_open_period(self, made):
        locked(made, calculated_run(made))

        with pytest.raises(adjustments.AdjustmentPeriodClosed, match="2026-Q3 is locked"):
            propose(made, period=made.quarters["2026-Q3"])
        with pytest.raises(adjustments.AdjustmentPeriodClosed, match="2027-Q2 is future"):
            propose(made, period=made.quarters["2027-Q2"])

    def test_comes_before_the_review(self, made):
        run_review(run_id=calculated_run(made).pk, by=made.user("anders"), at=AT)

        with pytest.raises(
            adjustments.PeriodUnderReview, match="is allocating, so the figures of 2026-Q3 stand"
        ):
            propose(made, period=made.quarters["2026-Q3"])


class TestAdjustmentApprove:
    def test_is_a_second_persons(self, made):
        proposed = propose(made, by="olga")

        with pytest.raises(adjustments.ProposerCannotDecide, match="olga proposed Late fact 142.50"):
            approve(made, proposed, by="olga")

    def test_is_decided_once(self, made):
        proposed = propose(made)
        approve(made, proposed)

        with pytest.raises(adjustments.AdjustmentDecided, match="is approved already"):
            approve(made, proposed, by="anders")

    @pytest.mark.parametrize("at", [AT, AT.replace(year=2036)], ids=["clock behind", "clock ahead"])
    def test_came_after_a_run_if_the_databases_clock_says_so(self, made, at):
        adjustment = approve(made, propose(made, period=made.quarters["2026-Q3"]), at=at)
        run = calculated_run(made)

        run.known_at = adjustment.decision_recorded_at - timedelta(seconds=1)
        assert adjustments_after_run(run=run).get() == adjustment
        run.known_at = adjustment.decision_recorded_at
        assert not adjustments_after_run(run=run).exists()

    def test_is_posted_with_the_lock(self, made):
        approve(made, propose(made, period=made.quarters["2026-Q3"]))
        run = calculated_run(made)

        locked(made, run)

        adjustment = Adjustment.objects.get()
        assert (adjustment.status, adjustment.run) == (AdjustmentStatus.POSTED, run)
        entries = LedgerEntry.objects.filter(adjustment=adjustment)
        assert sorted((entry.account, str(entry.amount)) for entry in entries) == [
            ("expense", "142.500000"),
            ("payable", "-142.500000"),
        ]


class TestAdjustmentReject:
    def test_keeps_both_reasons_and_pays_nothing(self, made):
        rejected = adjustments.adjustment_reject(
            adjustment_id=propose(made).pk, reason="It was counted", by=made.user("jonas"), at=AT
        )

        assert rejected.status == AdjustmentStatus.REJECTED
        assert rejected.reason == "An invoice of July - rejected: It was counted"

    def test_needs_a_reason(self, made):
        with pytest.raises(adjustments.AdjustmentReasonMissing, match="Say why it is rejected"):
            adjustments.adjustment_reject(
                adjustment_id=propose(made).pk, reason="", by=made.user("jonas"), at=AT
            )


class TestAdjustmentReverse:
    def test_nets_to_nothing_with_two_rows_and_no_change(self, made):
        first = approve(made, propose(made, period=made.quarters["2026-Q3"]))
        kept = Adjustment.objects.filter(pk=first.pk).values().get()

        second = adjustments.adjustment_reverse(
            adjustment_id=first.pk, reason="Booked twice", by=made.user("maren"), at=AT
        )
        approve(made, second)

        assert Adjustment.objects.filter(pk=first.pk).values().get() == kept
        assert (second.amount, second.reason) == (
            D("-142.50"),
            "Reverses 142.50 EUR of 2026-Q3: Booked twice",
        )
        assert open_cases() == []
        run = calculated_run(made)
        locked(made, run)
        of_pm = LedgerEntry.objects.filter(
            posting__run=run, person=made.people["PM"], adjustment__isnull=False
        )
        assert sum(entry.amount for entry in of_pm if entry.account == "payable") == 0
        assert Adjustment.objects.count() == 2

    def test_is_made_once_unless_it_was_rejected(self, made):
        first = approve(made, propose(made))

        def reverse():
            return adjustments.adjustment_reverse(
                adjustment_id=first.pk, reason="Booked twice", by=made.user("maren"), at=AT
            )

        second = reverse()
        with pytest.raises(adjustments.AdjustmentReversed, match="would take the amount twice"):
            reverse()

        adjustments.adjustment_reject(
            adjustment_id=second.pk, reason="Not twice", by=made.user("jonas"), at=AT
        )
        assert reverse().reverses == first

    def test_is_for_what_was_decided(self, made):
        with pytest.raises(adjustments.AdjustmentDecided, match="is proposed: only what is decided"):
            adjustments.adjustment_reverse(
                adjustment_id=propose(made).pk, reason="No", by=made.user("maren"), at=AT
            )


class TestWhatIsOwedOnBalance:
    def test_opens_a_case_with_the_plans_terms(self, made):
        approve(made, propose(made, "-300.00"))

        case = ClawbackCase.objects.get()
        assert (case.recoverable, case.per_payout_at_most) == (D("300.00"), D("0.25"))
        assert (case.created_by, case.approved_by) == (made.user("maren"), made.user("jonas"))

    def test_is_what_remains_after_other_amounts_of_the_period(self, made):
        approve(made, propose(made, "100.00"))
        approve(made, propose(made, "-300.00"))
        assert open_cases() == ["200.000000"]

        approve(made, propose(made, "50.00"))
        assert open_cases() == ["150.000000"]

        approve(made, propose(made, "400.00"))
        assert open_cases() == []

    def test_is_a_claim_in_the_books_and_not_taken_from_the_payout(self, made):
        approve(made, propose(made, "-300.00", person="KAM", period=made.quarters["2026-Q3"]))
        run = calculated_run(made)

        locked(made, run)

        assert balances(run) == {
            ("expense", EUR): D("36317.50"),
            ("recoverable", EUR): D("300.00"),
            ("payable", EUR): D("-36617.50"),
        }

    def test_a_correction_decided_after_the_run_read_the_books_asks_for_a_new_run(self, made):
        run = calculated_run(made)
        approve(made, propose(made, "-300.00", period=made.quarters["2026-Q3"]), at=timezone.now())

        with pytest.raises(
            Exception, match="Adjustments of 2026-Q3 were decided after .* was calculated .1.: run again"
        ):
            run_review(run_id=run.pk, by=made.user("anders"), at=AT)


class TestClawbackOpen:
    def take_back(self, made, recomputed="5000.00", *, at=LATER):
        return clawbacks.clawback_open(
            payout=Payout.objects.select_related("run", "period__calendar", "plan_version", "person").get(),
            recomputed=D(recomputed),
            cause="The order was cancelled",
            by=made.user("maren"),
            at=at,
        )

    def test_proposes_what_was_paid_too_much(self, made):
        locked(made, calculated_run(made))

        proposed = self.take_back(made)

        assert (proposed.amount, proposed.due, proposed.posted_before) == (
            D("-1457.50"),
            D("5000.00"),
            D("6457.50"),
        )
        approve(made, proposed, at=LATER)
        assert open_cases() == ["1457.500000"]

    def test_is_refused_where_nothing_was_paid_too_much(self, made):
        locked(made, calculated_run(made))

        with pytest.raises(clawbacks.NothingOverpaid, match="is not less than the 6457.50"):
            self.take_back(made, "7000.00")

    def test_is_refused_beyond_the_look_back(self, made):
        locked(made, calculated_run(made))

        with pytest.raises(
            clawbacks.LookBackPassed, match="was paid on 2026-10-30; 12 months back from 2027-11-01"
        ):
            self.take_back(made, at=LATER.replace(month=11, day=1))

    def test_is_refused_before_the_lock(self, made):
        calculated_run(made)

        with pytest.raises(clawbacks.PayoutNotLocked, match="is not locked"):
            self.take_back(made)

    def test_is_refused_where_the_plan_has_no_clawback(self):
        made = company()
        locked(made, calculated_run(made))

        with pytest.raises(clawbacks.ClawbackNotInPlan, match="Growth v1 has no clawback terms"):
            self.take_back(made)
