"""Approving and locking in the browser: what will happen in figures, whom it waits for, and the typed name."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from payouts.choices import RunStatus
from payouts.selectors.closing import largest_changes, run_closing
from payouts.selectors.ledger import run_balances
from payouts.services.ledger import postings_foreseen
from payouts.services.locks import run_lock
from payouts.services.reviews import run_review
from tests.payouts.books import allocated, approved, locked
from tests.payouts.company import AT, START, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    return company()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def close(made, run, name="jonas", **sent):
    client, url = browser(made, name), reverse("payouts:run-close", args=[run.pk])
    return client.post(url, sent, follow=True) if sent else client.get(url)


class TestRunClosing:
    def test_foresees_what_the_lock_posts(self, made):
        run = approved(made, calculated_run(made))
        foreseen = {
            (each.account.value, each.currency): each.debit - each.credit
            for each in postings_foreseen(run=run)
        }

        locked_run = run_lock(run_id=run.pk, by=made.user("jonas"), at=AT)

        posted = {(account, currency): total for account, currency, total in run_balances(run=locked_run)}
        assert posted
        assert {key: total for key, total in foreseen.items() if total} == posted

    def test_sums_what_will_be_paid_and_compares(self, made):
        before = locked(
            made, calculated_run(made, period="2026-Q2", amounts={"KAM": "5000.00", "PM": "10.00"})
        )
        run = allocated(made, calculated_run(made))

        closing = run_closing(run=run, on=AT.date())
        changes = largest_changes(run=run, before=before)

        assert closing.before == before
        assert [(each.currency, each.payouts, each.pools, each.total) for each in closing.sums] == [
            ("EUR", D("6457.50"), D("30160.00"), D("36617.50"))
        ]
        assert closing.sums[0].difference == D("6457.50") - D("5010.00")
        assert closing.is_ready
        assert [(each.before, each.now) for each in changes] == [(D("5000.00"), D("6457.50"))]


class TestRunClose:
    def test_leads_from_approval_to_lock(self, made):
        run = allocated(made, calculated_run(made))

        page = close(made, run).content.decode()
        assert "Incentives payable" in page
        assert "36,617.50" in page
        assert "It can be locked now" in close(made, run, act="approve").content.decode()

        wrong = close(made, run, act="lock", confirm="2026-Q2")
        assert wrong.status_code == 422
        assert "Type 2026-Q3 to lock it" in wrong.content.decode()
        assert 'value="2026-Q2"' in wrong.content.decode()
        assert "2026-Q3 is locked" in close(made, run, act="lock", confirm="2026-Q3").content.decode()
        run.refresh_from_db()
        assert run.status == RunStatus.LOCKED

    def test_tells_the_preparer_whom_it_waits_for(self, made):
        made.users["ole"] = user_make(
            username="ole", first_name="Ole", last_name="Ek", roles=[Role.FINANCE], since=START, by=None
        )
        run = calculated_run(made)
        type(run).objects.filter(pk=run.pk).update(started_by=made.user("jonas"))
        run = allocated(made, run)

        page = close(made, run).content.decode()
        assert "You started this run, so somebody else approves it." in page
        assert "Ole Ek" in page
        assert 'value="approve"' not in page
        assert close(made, run, act="approve").status_code == 422

    def test_says_what_is_open_and_offers_no_approval(self, made):
        run = calculated_run(made)
        run_review(run_id=run.pk, by=made.user("anders"), at=AT)

        page = close(made, run).content.decode()

        assert "disabled" in page
        assert "It can be approved as soon as nothing below is open." in page
        refused = close(made, run, act="approve")
        assert refused.status_code == 422
        assert "not approved" in refused.content.decode()

    def test_is_not_there_for_others(self, made):
        run = calculated_run(made)

        for name in ("ingrid", "priya", "anders"):
            assert close(made, run, name).status_code == 404
            assert close(made, run, name, act="approve").status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made, django_assert_max_num_queries):
        run = allocated(made, calculated_run(made))
        client = browser(made, "jonas")

        with django_assert_max_num_queries(22):
            client.get(reverse("payouts:run-close", args=[run.pk]))


class TestRunCloseNext:
    def test_leads_to_the_oldest_that_waits(self, made):
        assert browser(made, "jonas").get(reverse("payouts:run-close-next")).url == reverse(
            "payouts:run-list"
        )
        run = allocated(made, calculated_run(made))

        answer = browser(made, "jonas").get(reverse("payouts:run-close-next"))

        assert answer.url == reverse("payouts:run-close", args=[run.pk])
        assert browser(made, "priya").get(reverse("payouts:run-close-next")).status_code == 404
