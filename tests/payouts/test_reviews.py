"""The first look at a run, and its first approval."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Approval, Finding
from kamcomp.identity.selectors import RoleMissing
from payouts.choices import AdjustmentKind, PoolStatus, RunStatus
from payouts.models import Pool, RunProblem
from payouts.selectors.adjustments import AdjustmentsUndecided
from payouts.services import reviews
from payouts.services.adjustments import adjustment_propose
from payouts.services.pools import PoolsCannotBeFunded
from teams.choices import AccountStatus
from tests.payouts.company import AT, TERMS, calculated_run, company

pytestmark = pytest.mark.django_db
D = Decimal
IN_WINDOW = datetime(2026, 10, 12, 9, tzinfo=UTC)


@pytest.fixture
def made():
    return company()


@pytest.fixture
def run(made):
    return calculated_run(made)


def review(made, run, *, by="anders", at=AT):
    return reviews.run_review(run_id=run.pk, by=made.user(by), at=at)


class TestReviewObject:
    def test_stops_the_first_approval_until_it_is_settled(self, made, run):
        act = {"run_id": run.pk, "account_id": made.account.pk, "at": AT}
        reviews.review_object(reason="An invoice is missing", by=made.user("ingrid"), **act)

        with pytest.raises(
            reviews.ObjectionsOpen, match=r"The KAM objected to Meridian in 2026-Q3 no\. 1: settle it"
        ):
            review(made, run)

        reviews.review_settle(reason="It came after the cut-off", by=made.user("anders"), **act)
        assert review(made, run).status == RunStatus.ALLOCATING
        assert Finding.objects.get(rule="account_objection").status == FindingStatus.SETTLED

    def test_is_withdrawn_by_a_confirmation(self, made, run):
        act = {"run_id": run.pk, "account_id": made.account.pk, "by": made.user("ingrid"), "at": AT}
        reviews.review_object(reason="An invoice is missing", **act)

        reviews.review_confirm(**act)

        assert review(made, run).status == RunStatus.ALLOCATING

    def test_needs_a_reason(self, made, run):
        with pytest.raises(reviews.ReasonMissing, match="Say what is wrong"):
            reviews.review_object(
                run_id=run.pk, account_id=made.account.pk, reason=" ", by=made.user("ingrid"), at=AT
            )

    def test_is_the_kams_word_alone(self, made, run):
        with pytest.raises(
            reviews.NotTheAccountsManager, match="maren was not the key account manager of Meridian"
        ):
            reviews.review_object(
                run_id=run.pk, account_id=made.account.pk, reason="No", by=made.user("maren"), at=AT
            )

    def test_comes_too_late_after_the_first_approval(self, made, run):
        review(made, run)

        with pytest.raises(reviews.ReviewClosed, match="is allocating"):
            reviews.review_confirm(run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=AT)


class TestRunReview:
    def test_fixes_the_figures_and_funds_the_pool(self, made, run):
        review(made, run)

        pool = Pool.objects.get()
        assert (pool.status, pool.funded, pool.allocator) == (
            PoolStatus.FUNDED,
            D("30160.00"),
            made.people["KAM"],
        )
        assert pool.closes_on == date(2026, 10, 24)
        shares = {share.person.employee_id: share for share in pool.allocations.select_related("person")}
        assert {name: share.guideline for name, share in shares.items() if share.eligible} == {
            "PM": D("14130.30"),
            "CSR": D("7065.15"),
            "SA": D("4607.71"),
            "BIL": D("1413.03"),
            "LOG": D("2943.81"),
        }
        assert sum(share.guideline for share in shares.values()) == D("30160.00")
        assert shares["KEN"].ineligible_reason == "left on 14 Aug 2026"
        approval = Approval.objects.get(step="run_review")
        assert (approval.digest, approval.prepared_by, approval.decided_by) == (
            run.result_digest,
            made.user("maren"),
            made.user("anders"),
        )

    def test_is_not_for_who_started_the_run(self, made, run):
        with pytest.raises(
            reviews.StarterCannotReview, match="maren started 2026-Q3 no. 1 and cannot review it"
        ):
            review(made, run, by="maren")

    def test_is_for_sales_operations(self, made, run):
        with pytest.raises(RoleMissing, match="Reviewing a run is for Compensation admin or Executive"):
            review(made, run, by="jonas")

    def test_waits_for_the_kams_while_the_window_is_open(self, made, run):
        with pytest.raises(reviews.AccountsNotSeen, match="Meridian: the KAM has not answered yet"):
            review(made, run, at=IN_WINDOW)

        reviews.review_confirm(
            run_id=run.pk, account_id=made.account.pk, by=made.user("ingrid"), at=IN_WINDOW
        )
        assert review(made, run, at=IN_WINDOW).status == RunStatus.ALLOCATING

    def test_is_refused_while_somebody_could_not_be_computed(self, made, run):
        RunProblem.objects.create(run=run, chunk=run.chunks.get(), code="missing", message="No result")

        with pytest.raises(reviews.RunHasProblems, match="could not compute 1 people"):
            review(made, run)

    def test_waits_until_every_adjustment_is_decided(self, made, run):
        adjustment_propose(
            period=run.period,
            kind=AdjustmentKind.GOODWILL,
            amount=D("10.00"),
            currency="EUR",
            reason="A promise",
            person=made.people["PM"],
            plan_version=made.version,
            by=made.user("maren"),
            at=AT,
        )

        with pytest.raises(AdjustmentsUndecided, match=r"wait for a decision: approve or reject"):
            review(made, run)

    def test_happens_once(self, made, run):
        review(made, run)

        with pytest.raises(
            reviews.RunNotCalculated, match="is allocating: only a calculated run is reviewed"
        ):
            review(made, run)

    def test_funds_nothing_for_an_account_that_is_not_active(self, made, run):
        made.account.status = AccountStatus.REVIEW
        made.account.save(update_fields=["status"])

        review(made, run)

        assert not Pool.objects.exists()

    def test_names_every_pool_that_has_no_figures(self):
        made = company(pool={**TERMS, "per_person_at_most": "0.10"})
        run = calculated_run(made)

        with pytest.raises(PoolsCannotBeFunded, match=r"Meridian: The ceilings \(most per person\) reach"):
            review(made, run)
        run.refresh_from_db()
        assert run.status == RunStatus.CALCULATED
