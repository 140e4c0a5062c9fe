"""A key account manager's accounts: the list, the review of one, and who does not get to see them."""

import pytest
from django.test import Client
from django.urls import reverse

from payouts.choices import ReviewOutcome
from payouts.models import AccountReview, Run
from payouts.services.reviews import review_settle
from tests.payouts.company import AT
from tests.visibility.two_teams import reviewed, two_teams

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return two_teams()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def address(account):
    return reverse("payouts:account-review", args=[account.pk])


def answer(made, name, **data):
    return browser(made, name).post(address(made.account), {"run": str(made.run.pk), **data})


class TestMyAccountList:
    def test_lists_what_one_holds_and_nothing_else(self, made):
        page = browser(made, "paul").get(reverse("payouts:my-account-list")).content.decode()

        assert "Kestrel" in page
        assert "Meridian" not in page

    def test_is_empty_with_words_for_who_holds_none(self, made):
        page = browser(made, "sofia").get(reverse("payouts:my-account-list")).content.decode()

        assert "You hold no account" in page

    def test_shows_which_wait_for_a_word(self, made):
        paul, url = browser(made, "paul"), reverse("payouts:my-account-list")
        before = paul.get(url, {"review": "waits"}).content.decode()
        answer(made, "paul", act="confirm")

        assert "Kestrel" in before
        assert "Kestrel" not in paul.get(url, {"review": "waits"}).content.decode()
        assert "Kestrel" in paul.get(url, {"review": "confirmed"}).content.decode()

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        paul = browser(made, "paul")

        with django_assert_max_num_queries(12):
            paul.get(reverse("payouts:my-account-list"))


class TestAccountReview:
    def test_shows_results_payouts_and_asks_the_kam(self, made):
        page = browser(made, "paul").get(address(made.account)).content.decode()

        assert "Are these figures right?" in page
        assert "Payouts for this account" in page
        assert page.count("Sofia Doe") == 2

    def test_asks_nobody_else(self, made):
        assert (
            "Are these figures right?"
            not in browser(made, "maren").get(address(made.account)).content.decode()
        )

    def test_of_a_stranger_is_not_there(self, made):
        assert browser(made, "paul").get(address(made.first.account)).status_code == 404
        assert browser(made, "rolf").get(address(made.account)).status_code == 404

    def test_shows_a_payee_no_payout_but_their_own(self, made):
        reviewed(made)

        page = browser(made, "sofia").get(address(made.account)).content.decode()

        paid = page.split('id="paid"')[1].split("</section>")[0]
        assert "Sofia Doe" in paid
        assert "Paul Doe" not in paid

    def test_confirms(self, made):
        sent = answer(made, "paul", act="confirm")

        assert sent.status_code == 302
        assert AccountReview.objects.get().outcome == ReviewOutcome.CONFIRMED

    def test_objects_with_a_reason_that_is_shown_as_itself_until_it_is_settled(self, made):
        answer(made, "paul", act="object", reason="<b>One</b> invoice is missing")
        page = browser(made, "paul").get(address(made.account)).content.decode()
        review_settle(
            run_id=made.run.pk,
            account_id=made.account.pk,
            reason="It came after the cut-off",
            by=made.user("anders"),
            at=AT,
        )

        assert "&lt;b&gt;One&lt;/b&gt; invoice is missing" in page
        assert (
            "It came after the cut-off" in browser(made, "maren").get(address(made.account)).content.decode()
        )

    def test_refuses_an_objection_without_a_reason(self, made):
        sent = answer(made, "paul", act="object", reason=" ")

        assert sent.status_code == 422
        assert "an objection needs a reason" in sent.content.decode()
        assert not AccountReview.objects.exists()

    def test_refuses_somebody_elses_word_and_keeps_what_was_typed(self, made):
        sent = answer(made, "maren", act="object", reason="Looks odd to me")

        assert sent.status_code == 422
        assert "was not the key account manager" in sent.content.decode()
        assert "You wrote: Looks odd to me" in sent.content.decode()

    def test_refuses_a_word_on_a_run_that_was_superseded_meanwhile(self, made):
        Run.objects.filter(pk=made.run.pk).update(is_current=False)

        assert answer(made, "paul", act="confirm").status_code in (404, 422)
        assert not AccountReview.objects.exists()

    def test_does_not_print_payroll_numbers(self, made):
        for name in ("paul", "maren"):
            assert "P-" not in browser(made, name).get(address(made.account)).content.decode()

    def test_of_a_period_that_is_not_there(self, made):
        assert browser(made, "paul").get(address(made.account), {"period": "1999-Q1"}).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made, django_assert_max_num_queries):
        paul = browser(made, "paul")

        with django_assert_max_num_queries(30):
            paul.get(address(made.account))
