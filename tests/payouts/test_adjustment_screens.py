"""Adjustments in the browser: the register, a proposal from a payout's row, a second person's decision, and hiding."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.models import Adjustment, Payout
from payouts.services import adjustments
from tests.payouts.books import locked
from tests.payouts.company import AT, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    """Return the company with its third quarter locked."""
    made = company()
    locked(made, calculated_run(made, amounts={"KAM": "6457.50", "PM": "1000.00"}))
    return made


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def payout(made, person="PM"):
    return Payout.objects.get(person=made.people[person])


def propose(made, name="maren", *, person="PM", line="?line=1", htmx=False, **typed):
    data = {"amount": "142,50", "kind": "goodwill", "reason": "The invoice of 4 July", **typed}
    headers = {"HTTP_HX_REQUEST": "true"} if htmx else {}
    url = reverse("payouts:adjustment-propose", args=[payout(made, person).pk]) + line
    return browser(made, name).post(url, data, **headers)


def decide(made, name, adjustment, act, **typed):
    url = reverse("payouts:adjustment-decide", args=[adjustment.pk])
    return browser(made, name).post(url, {"act": act, **typed})


def show(made, name, adjustment):
    return browser(made, name).get(reverse("payouts:adjustment-show", args=[adjustment.pk]))


class TestAdjustmentPropose:
    def test_proposes_for_the_row_into_the_open_period(self, made):
        answer = propose(made)

        proposed = Adjustment.objects.get()
        assert answer["Location"] == reverse("payouts:adjustment-show", args=[proposed.pk])
        assert (proposed.amount, proposed.currency, proposed.kind) == (
            D("142.50"),
            "EUR",
            AdjustmentKind.GOODWILL,
        )
        assert (proposed.corrects_payout, proposed.corrects_line) == (payout(made), 1)
        assert (proposed.period.code, proposed.corrects_period.code) == ("2026-Q4", "2026-Q3")

    def test_takes_away_with_a_minus(self, made):
        propose(made, amount="\N{MINUS SIGN}20.00")

        assert Adjustment.objects.get().amount == D("-20.00")

    def test_leads_a_dialog_to_the_page(self, made):
        answer = propose(made, htmx=True)

        assert answer.status_code == 204
        assert answer["HX-Redirect"] == reverse("payouts:adjustment-show", args=[Adjustment.objects.get().pk])

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"amount": "ten"}, "“ten” is not an amount"),
            ({"amount": "1.005,555"}, "more than 2 decimals"),
            ({"amount": "0"}, "0 EUR is not an amount to adjust by"),
            ({"reason": " "}, "This field is required"),
        ],
    )
    def test_keeps_what_was_typed_when_it_cannot_be(self, made, typed, words):
        answer = propose(made, **typed)
        page = answer.content.decode()

        assert answer.status_code == 422
        assert words in page
        assert (typed.get("amount") or "142,50") in page
        assert (typed.get("reason") or "The invoice of 4 July") in page
        assert not Adjustment.objects.exists()

    def test_is_there_for_those_who_propose_and_for_nobody_else(self, made):
        seen = {
            name: browser(made, name)
            .get(reverse("payouts:adjustment-propose", args=[payout(made).pk]))
            .status_code
            for name in ("maren", "jonas", "anders", "ingrid", "priya")
        }

        assert seen == {"maren": 200, "jonas": 200, "anders": 404, "ingrid": 404, "priya": 404}


class TestAdjustmentDecide:
    @pytest.fixture
    def proposed(self, made):
        propose(made)
        return Adjustment.objects.get()

    def test_is_offered_to_a_second_person_only(self, made, proposed):
        assert "Your decision" not in show(made, "maren", proposed).content.decode()
        assert "You proposed it" in show(made, "maren", proposed).content.decode()
        assert "Approve +€142.50" in show(made, "jonas", proposed).content.decode()

    def test_approves(self, made, proposed):
        decide(made, "jonas", proposed, "approve")

        proposed.refresh_from_db()
        assert (proposed.status, proposed.decided_by.username) == (AdjustmentStatus.APPROVED, "jonas")

    def test_is_refused_to_the_proposer_who_posts_it_all_the_same(self, made, proposed):
        answer = decide(made, "maren", proposed, "approve")

        assert answer.status_code == 422
        assert "maren proposed" in answer.content.decode()

    def test_is_refused_in_german_with_who_proposed(self, made, proposed):
        url = reverse("payouts:adjustment-decide", args=[proposed.pk])

        answer = browser(made, "maren").post(url, {"act": "approve"}, HTTP_ACCEPT_LANGUAGE="de")

        assert answer.status_code == 422
        assert "maren hat " in answer.content.decode()
        assert "vorgeschlagen und kann nicht darüber entscheiden" in answer.content.decode()

    def test_asks_for_a_reason_to_reject(self, made, proposed):
        answer = decide(made, "jonas", proposed, "reject")

        assert answer.status_code == 422
        assert "Say why it is rejected" in answer.content.decode()

    def test_shows_the_second_what_the_first_decided_and_keeps_their_words(self, made, proposed):
        adjustments.adjustment_approve(adjustment_id=proposed.pk, by=made.user("jonas"), at=AT)

        answer = decide(made, "anders", proposed, "reject", reason="Counted twice, see July")
        page = answer.content.decode()

        assert answer.status_code == 409
        assert "jonas decided this at" in page
        assert "Counted twice, see July" in page
        proposed.refresh_from_db()
        assert proposed.status == AdjustmentStatus.APPROVED

    def test_of_somebody_else_is_not_there(self, made, proposed):
        assert [show(made, name, proposed).status_code for name in ("ingrid", "priya")] == [404, 404]
        assert decide(made, "priya", proposed, "approve").status_code == 404


class TestAdjustmentList:
    def test_shows_names_amounts_totals_and_what_waits(self, made):
        propose(made)
        page = browser(made, "jonas").get(reverse("payouts:adjustment-list")).content.decode()

        assert "1 waits for your decision" in page
        assert page.count("142.50") == 2
        assert "The invoice of 4 July" in page

    def test_filters_and_writes_the_same_rows_as_a_file(self, made):
        propose(made)
        url = reverse("payouts:adjustment-list")

        assert (
            "Nothing passes this filter"
            in browser(made, "jonas").get(f"{url}?status=posted").content.decode()
        )
        file = b"".join(
            browser(made, "jonas").get(f"{url}?status=proposed&format=csv").streaming_content
        ).decode()
        assert "142.5" in file
        assert len(file.splitlines()) == 2

    def test_costs_as_many_queries_for_thirty_rows_as_for_one(self, made, django_assert_max_num_queries):
        counts = []
        for rows in (1, 30):
            while Adjustment.objects.count() < rows:
                propose(made)
            client = browser(made, "jonas")
            with django_assert_max_num_queries(14) as captured:
                client.get(reverse("payouts:adjustment-list"))
            counts.append(len(captured))

        assert counts[0] == counts[1] <= 12
