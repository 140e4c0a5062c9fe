"""The console of a run in the browser: who is offered what, whom it waits for, and progress from the table."""

import pytest
from django.test import Client
from django.urls import reverse

from payouts.choices import ChunkStatus, RunStatus
from payouts.models import Pool, Run, RunChunk
from payouts.services import allocations, pools
from payouts.services.reviews import review_object, review_settle
from tests.payouts.company import AT, calculated_run, company

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    return company()


@pytest.fixture
def run(made):
    return calculated_run(made)


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def show(made, name, run):
    return browser(made, name).get(reverse("payouts:run-show", args=[run.pk]))


def act(made, name, run, what, **data):
    url = reverse("payouts:run-act", args=[run.pk, what])
    return browser(made, name).post(url, data, follow=True).content.decode()


class TestRunShow:
    def test_shows_stages_totals_and_teams(self, made, run):
        page = show(made, "maren", run).content.decode()

        assert "2026-Q3, run no. 1" in page
        assert "Results in" in page
        assert str(made.account) in page
        assert "Nothing is open" in page

    def test_offers_the_review_to_another_than_the_starter(self, made, run):
        assert "Review and fund the pools" not in show(made, "maren", run).content.decode()
        assert "other than" in show(made, "maren", run).content.decode()
        assert "Review and fund the pools" in show(made, "anders", run).content.decode()

    def test_is_not_there_for_kams_and_payees(self, made, run):
        for name in ("ingrid", "priya"):
            client = browser(made, name)
            assert client.get(reverse("payouts:run-list")).status_code == 404
            assert show(made, name, run).status_code == 404
            assert client.post(reverse("payouts:run-act", args=[run.pk, "review"])).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made, run, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(20):
            client.get(reverse("payouts:run-show", args=[run.pk]))

    def test_names_no_person_to_an_executive(self, made, run):
        page = show(made, "anders", run).content.decode()

        assert "?format=xlsx" not in page
        url = reverse("payouts:run-show", args=[run.pk]) + "?format=xlsx"
        assert browser(made, "anders").get(url).status_code == 404


class TestRunAct:
    def test_leads_from_review_to_lock(self, made, run):
        reviewed = act(made, "anders", run, "review")
        assert "results and pool funding are fixed" in reviewed
        pool = Pool.objects.get()
        allocations.allocation_guideline(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pool.refresh_from_db()
        allocations.allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pools.pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AT)

        assert "It can be locked now" in act(made, "jonas", run, "approve")
        assert "Type 2026-Q3 to lock it" in act(made, "jonas", run, "lock", confirm="2026-Q2")
        run.refresh_from_db()
        assert run.status == RunStatus.APPROVED
        assert "2026-Q3 is locked" in act(made, "jonas", run, "lock", confirm="2026-Q3")
        run.refresh_from_db()
        assert run.status == RunStatus.LOCKED

    def test_says_why_an_act_is_refused(self, made, run):
        assert "started" in act(made, "maren", run, "review")
        assert "is for Finance" in act(made, "anders", run, "approve")
        run.refresh_from_db()
        assert run.status == RunStatus.CALCULATED

    def test_keeps_a_reason_that_comes_after_somebody_else_s(self, made, run):
        word = {"run_id": run.pk, "account_id": made.account.pk, "at": AT}
        review_object(**word, reason="An invoice is missing", by=made.user("ingrid"))
        assert 'name="reason"' in show(made, "anders", run).content.decode()
        review_settle(**word, reason="It was found", by=made.user("maren"))

        url = reverse("payouts:run-act", args=[run.pk, "settle"])
        typed = {"account": str(made.account.pk), "reason": "Compared with <the ledger>"}
        answer = browser(made, "anders").post(url, typed)

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "has no open objection" in page
        assert "Compared with &lt;the ledger&gt;" in page
        assert f"{reverse('payouts:run-show', args=[run.pk])}?table=teams" in page

    def test_knows_no_other_act(self, made, run):
        url = reverse("payouts:run-act", args=[run.pk, "delete"])

        assert browser(made, "maren").post(url).status_code == 404


class TestRunStart:
    def test_leads_to_the_run(self, made):
        answer = browser(made, "maren").post(
            reverse("payouts:run-start"), {"period": str(made.quarters["2026-Q3"].pk)}
        )

        assert answer["Location"] == reverse("payouts:run-show", args=[Run.objects.get().pk])

    def test_says_why_not(self, made):
        answer = browser(made, "anders").post(
            reverse("payouts:run-start"), {"period": str(made.quarters["2026-Q3"].pk)}, follow=True
        )

        assert "Starting a run is for" in answer.content.decode()
        assert not Run.objects.exists()

    def test_answers_404_to_nonsense(self, made):
        client = browser(made, "maren")

        assert client.post(reverse("payouts:run-start"), {"period": "x"}).status_code == 404


class TestRunProgress:
    def test_asks_again_while_workers_are_at_it_and_then_reloads(self, made):
        maren = browser(made, "maren")
        maren.post(reverse("payouts:run-start"), {"period": str(made.quarters["2026-Q3"].pk)})
        run = Run.objects.get()
        url = reverse("payouts:run-progress", args=[run.pk])

        running = maren.get(url)
        RunChunk.objects.filter(run=run).update(status=ChunkStatus.FAILED)
        Run.objects.filter(pk=run.pk).update(status=RunStatus.FAILED, error="The preparation failed.")
        ended = maren.get(url)

        assert 'hx-trigger="every 1s"' in running.content.decode()
        assert 'role="progressbar"' in running.content.decode()
        assert "HX-Refresh" not in running
        assert "hx-trigger" not in ended.content.decode()
        assert ended["HX-Refresh"] == "true"
        assert (
            "The preparation failed."
            in maren.get(reverse("payouts:run-show", args=[run.pk])).content.decode()
        )


class TestRunList:
    def test_lists_runs_and_offers_a_start_to_starters(self, made, run):
        page = browser(made, "maren").get(reverse("payouts:run-list")).content.decode()

        assert reverse("payouts:run-show", args=[run.pk]) in page
        assert "Start a run" in page
        assert "Start a run" not in browser(made, "anders").get(reverse("payouts:run-list")).content.decode()

    def test_costs_few_queries(self, made, run, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(12):
            client.get(reverse("payouts:run-list"))
