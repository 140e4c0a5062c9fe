"""The page of a replay: made in the browser, its figures, who sees whom, and its cost."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from payouts.models import ReplayPerson
from payouts.services.replays import replay_make
from plans.models import Replay
from tests.payouts.quarters import closed, quarters, sold
from tests.payouts.test_replays import STEEPER, drafted

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def past():
    """One closed quarter of four people, and a draft that pays more for the same."""
    made = quarters()
    for account in (0, 1):
        sold(made, "2026-Q1", "1200000", account=account)
    closed(made, "2026-Q1")
    made.draft = drafted(made, points=STEEPER)
    return made


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.users[name])
    return client


def page_of(version):
    return reverse("payouts:replay-show", args=[version.pk])


class TestReplayShow:
    def test_replays_and_shows_what_it_comes_to(self, past):
        client, page = browser(past), page_of(past.draft)
        assert "Not replayed yet" in client.get(page).content.decode()

        answer = client.post(page, {"periods": "4", "people_of": ""}, follow=True)

        said = answer.content.decode()
        assert answer.redirect_chain == [(page, 302)]
        assert "4 people would gain, 0 would lose, 0 would be paid the same." in said
        replay = Replay.objects.get()
        assert f"{replay.replayed:,.2f}" in said
        assert f"{replay.replayed - replay.paid:,.2f}" in said

    def test_refuses_and_keeps_what_was_chosen(self, past):
        other = past.draft
        type(other).objects.filter(pk=other.pk).update(currency="USD")
        document = {**other.document, "currency": "USD"}
        type(other).objects.filter(pk=other.pk).update(document=document)

        answer = browser(past).post(page_of(other), {"periods": "2", "people_of": ""})

        assert answer.status_code == 422
        said = answer.content.decode()
        assert "pays in USD" in said
        assert '<option value="2" selected>' in said
        assert not Replay.objects.exists()

    def test_is_not_there_for_others_and_shows_nobody_to_an_executive(self, past):
        page = page_of(past.draft)
        replay_make(version_id=past.draft.pk, by=past.users["maren"], at=timezone.now())

        assert browser(past, "ingrid").get(page).status_code == 404
        seen = browser(past, "anders").get(page).content.decode()
        assert "fewer than five people" in seen
        assert "E00001" not in seen
        assert browser(past, "anders").post(page, {"periods": "1"}).status_code == 404
        assert browser(past).get(page, {"replay": "0"}).status_code == 404

    def test_says_when_the_document_changed_since(self, past):
        replay_make(version_id=past.draft.pk, by=past.users["maren"], at=timezone.now())

        assert (
            "The document has changed since this replay"
            in browser(past).get(page_of(past.draft)).content.decode()
        )

    def test_gives_the_rows_shown_as_a_file(self, past):
        replay = replay_make(version_id=past.draft.pk, by=past.users["maren"], at=timezone.now())

        answer = browser(past).get(
            page_of(past.draft), {"format": "csv", "who": "gain", "sort": "-difference"}
        )

        lines = b"".join(answer).decode("utf-8-sig").splitlines()
        assert lines[0].split(",")[:2] == ["name", "employee_id"]
        most = max(row.difference for row in ReplayPerson.objects.filter(replay=replay))
        assert len(lines) == 5
        assert D(lines[1].split(",")[6]) == most
        sums = browser(past).get(page_of(past.draft), {"table": "periods", "format": "csv"})
        heading, row = b"".join(sums).decode("utf-8-sig").splitlines()
        assert heading == "of,paid,replayed,difference"
        assert D(row.split(",")[3]) == replay.replayed - replay.paid
        few = browser(past, "anders").get(page_of(past.draft), {"table": "periods", "format": "csv"})
        assert few.status_code == 404

    def test_costs_the_same_for_one_and_for_many(self, past):
        replay = replay_make(version_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
        client, page = browser(past), page_of(past.draft)
        client.get(page)
        with CaptureQueriesContext(connection) as few:
            client.get(page)
        from tests.laws import rows

        ReplayPerson.objects.bulk_create(
            ReplayPerson(replay=replay, person=rows.person(), currency="EUR", target=1, paid=1, replayed=2,
                         difference=1, figures={})
            for _ in range(60)
        )  # fmt: skip
        with CaptureQueriesContext(connection) as many:
            client.get(page)

        assert len(few) == len(many) <= 12
