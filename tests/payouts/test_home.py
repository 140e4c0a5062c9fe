"""The start page: what waits for whom, read from the facts, off the list once it is done."""

from datetime import date

import pytest
from django.test import Client

from kamcomp import visibility
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from payouts.choices import AdjustmentKind, RunStatus
from payouts.models import Adjustment, Pool, Run
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.pools import pool_approve, pool_return
from payouts.services.reviews import review_confirm, review_object
from tests.payouts.company import AT, START, D, calculated_run, company
from tests.payouts.test_allocations import funded

pytestmark = pytest.mark.django_db


def page_of(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client.get("/").content.decode()


class TestPools:
    @pytest.fixture
    def made(self):
        made = funded()
        Pool.objects.update(closes_on=date(2099, 12, 31))
        return made

    def test_wait_for_their_kam_with_what_is_left(self, made):
        page = page_of(made, "ingrid")

        assert "1 thing waits for you" in page
        assert "Allocate the pool of" in page
        assert "€30,160.00 is not allocated" in page

    def test_wait_no_more_for_the_kam_once_the_window_is_over(self, made):
        Pool.objects.update(closes_on=date(2020, 12, 31))

        assert "Allocate the pool of" not in page_of(made, "ingrid")

    def test_wait_for_nobody_else(self, made):
        assert "Allocate the pool of" not in page_of(made, "priya")
        assert "Allocate the pool of" not in page_of(made, "anders")

    def test_wait_for_who_decides_once_handed_in_and_come_back_with_the_reason(self, made):
        self.hand_in(made)
        of_approver, of_kam = page_of(made, "anders"), page_of(made, "ingrid")
        pool_return(
            pool_id=Pool.objects.get().pk, reason="Logistics <b>too</b>", by=made.user("anders"), at=AT
        )

        assert "Decide on the pool of" in of_approver
        assert "Nothing waits for you" in of_kam
        assert "Sent back: Logistics &lt;b&gt;too&lt;/b&gt;" in page_of(made, "ingrid")

    def test_approved_lead_on_to_the_runs_approval_by_who_did_not_prepare_it(self, made):
        self.hand_in(made)
        pool_approve(pool_id=Pool.objects.get().pk, by=made.user("anders"), at=AT)

        assert "Approve run 2026-Q3" in page_of(made, "jonas")
        assert "Approve run 2026-Q3" not in page_of(made, "maren")

    def hand_in(self, made):
        pool = Pool.objects.get()
        allocation_guideline(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pool.refresh_from_db()
        allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)


class TestReviews:
    @pytest.fixture
    def made(self):
        made = company()
        calculated_run(made)
        return made

    def test_wait_for_the_kam_until_a_word_is_given(self, made):
        before = page_of(made, "ingrid")
        review_confirm(
            run_id=made.runs["2026-Q3"].pk, account_id=made.account.pk, by=made.user("ingrid"), at=AT
        )

        assert "Review Meridian" in before
        assert "Review Meridian" not in page_of(made, "ingrid")

    def test_of_a_run_wait_for_somebody_who_did_not_start_it(self, made):
        assert "Review run 2026-Q3" in page_of(made, "anders")
        assert "Review run 2026-Q3" not in page_of(made, "maren")

    def test_count_the_objections(self, made):
        review_object(
            run_id=made.runs["2026-Q3"].pk,
            account_id=made.account.pk,
            reason="An invoice is missing",
            by=made.user("ingrid"),
            at=AT,
        )

        assert "1 objection is open" in page_of(made, "anders")


class TestRuns:
    def test_are_to_be_started_for_a_period_that_pays_somebody(self):
        made = company()

        page = page_of(made, "maren")

        assert "Run 2026-Q3" in page
        assert "Run 2026-Q4" not in page

    def test_with_errors_are_to_be_seen_to(self):
        made = company()
        run = Run.objects.create(
            calendar=made.calendar,
            period=made.quarters["2026-Q3"],
            number=1,
            status=RunStatus.CALCULATING,
            is_current=True,
            started_by=made.user("olga"),
            engine_format=1,
            known_at=AT,
        )
        Run.objects.filter(pk=run.pk).update(status=RunStatus.WITH_ERRORS)

        assert "See to run 2026-Q3" in page_of(made, "maren")


class TestAdjustments:
    def test_wait_for_a_second_person(self):
        made = company()
        Adjustment.objects.create(
            period=made.quarters["2026-Q4"],
            person=made.people["PM"],
            kind=AdjustmentKind.GOODWILL,
            amount=D("10.00"),
            currency="EUR",
            reason="Thanks",
            proposed_by=made.user("maren"),
        )

        assert "Decide on 1 correction" in page_of(made, "jonas")
        assert "Decide on 1 correction" not in page_of(made, "maren")


class TestDates:
    def test_are_those_that_concern_the_reader(self, monkeypatch):
        made = company()
        monkeypatch.setattr(visibility.timezone, "localdate", lambda: date(2026, 10, 1))

        of_payee, of_admin = page_of(made, "priya"), page_of(made, "maren")

        assert "Pay day of 2026-Q3" in of_payee
        assert "Results of 2026-Q3 are complete" not in of_payee
        assert "Results of 2026-Q3 are complete" in of_admin


class TestSetup:
    def test_ticks_from_facts_until_the_first_run(self):
        made = company()
        before = page_of(made, "maren")
        calculated_run(made)

        assert before.count(">done<") == 5
        assert before.count(">not yet<") == 1
        assert "To the first run" not in page_of(made, "maren")


class TestQueries:
    @pytest.mark.parametrize("name", ["ingrid", "anders", "jonas", "maren", "priya", "all"])
    def test_are_few(self, name, django_assert_max_num_queries):
        made = company()
        calculated_run(made)
        made.users["all"] = user_make(username="all", roles=[Role.KAM, Role.PAYEE], since=START, by=None)

        client = Client()
        client.force_login(made.user(name))

        with django_assert_max_num_queries(12):
            assert "To do" in client.get("/").content.decode()
