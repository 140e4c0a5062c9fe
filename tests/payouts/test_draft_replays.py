"""A working draft on the locked past: replayed, kept as evidence, made by a worker where it is long, live."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.jobs.models import Job
from kamcomp.visibility import viewer_of
from payouts.models import ReplayPerson
from payouts.selectors.replays import past_held, past_replayed, plan_replayed
from payouts.selectors.replays.live import draft_past
from payouts.services.replay_jobs import replay_request, replay_work
from payouts.services.replays import draft_replay
from plans import services
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_digest, plan_from_document, written_out
from plans.engine.edits import set_at
from plans.models import Draft, Replay
from plans.selectors.drafts import draft_as_version, draft_look
from tests.payouts.quarters import closed, quarters, sold
from tests.payouts.test_replays import STEEPER

D = Decimal
pytestmark = pytest.mark.django_db
GOAL = "/incentive/children/0"


@pytest.fixture
def past():
    """One closed quarter of four people, and a working draft of the next version that pays more for the same."""
    made = quarters()
    for account in (0, 1):
        sold(made, "2026-Q1", "1200000", account=account)
    closed(made, "2026-Q1")
    document = written_out(made.version.document)
    document["code"] = made.version.plan.code
    document["incentive"]["children"][0]["curve"]["points"] = STEEPER
    made.draft = services.draft_begin(
        document=document,
        plan=made.version.plan,
        based_on=made.version,
        by=made.users["maren"],
        at=timezone.now(),
    )
    return made


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.users[name])
    return client


def page_of(draft, name="replay"):
    return reverse(f"payouts:draft-{name}", args=[draft.pk])


class TestDraftReplay:
    def test_replays_and_shows_what_it_comes_to(self, past):
        client, page = browser(past), page_of(past.draft)
        assert "Not replayed yet" in client.get(page).content.decode()

        answer = client.post(page, {"periods": "4", "people_of": ""}, follow=True)

        said, replay = answer.content.decode(), Replay.objects.get()
        assert answer.redirect_chain == [(page, 302)]
        assert "4 people would gain, 0 would lose, 0 would be paid the same." in said
        assert f"{replay.replayed:,.2f}" in said
        assert (replay.draft, replay.version) == (past.draft, None)

    def test_comes_to_what_the_version_would_that_it_becomes_and_is_its_evidence(self, past):
        replay = draft_replay(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
        assert (
            draft_look(draft=past.draft, on=timezone.localdate()).picture.facts.evidence.replayed_periods == 1
        )

        version = services.draft_submit(
            draft_id=past.draft.pk, seen=0, by=past.users["maren"], at=timezone.now()
        )

        assert replay.version_digest == version.digest == plan_digest(plan_from_document(version.document))
        of_version = plan_replayed(version=version, periods=4, plans=[past.version.plan.code])
        assert replay.result_digest == of_version.result_digest
        page = reverse("payouts:replay-show", args=[version.pk])
        assert f"{replay.replayed:,.2f}" in browser(past).get(page).content.decode()

    def test_refuses_a_draft_that_does_not_hold_and_keeps_what_was_chosen(self, past):
        services.draft_change(
            draft_id=past.draft.pk, edits=[set_at(f"{GOAL}/weight", "0.30")], seen=0, by=past.users["maren"],
            at=timezone.now(),
        )  # fmt: skip

        answer = browser(past).post(page_of(past.draft), {"periods": "2", "people_of": ""})

        assert answer.status_code == 422
        assert '<option value="2" selected>' in answer.content.decode()
        assert not Replay.objects.exists()
        with pytest.raises(DocumentInvalid):
            draft_replay(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())

    def test_says_when_the_draft_changed_since(self, past):
        draft_replay(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
        services.draft_change(
            draft_id=past.draft.pk, edits=[set_at("/name", "Other")], seen=0, by=past.users["maren"],
            at=timezone.now(),
        )  # fmt: skip

        assert "The document has changed since" in browser(past).get(page_of(past.draft)).content.decode()

    def test_is_not_there_for_others(self, past):
        for name in ("replay", "past"):
            assert browser(past, "ingrid").get(page_of(past.draft, name)).status_code == 404
        assert browser(past, "anders").post(page_of(past.draft), {"periods": "1"}).status_code == 404
        assert (
            browser(past, "anders").get(page_of(past.draft, "past")).content.decode().count("fewer than five")
            == 1
        )

    def test_costs_the_same_for_one_and_for_many(self, past):
        replay = draft_replay(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
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


class TestReplayJob:
    def test_does_what_is_long_in_the_background_and_shows_that_it_is_under_way(self, past):
        who = {"by": past.users["maren"], "at": timezone.now()}

        job = replay_request(subject=past.draft, at_once=3, ring=False, **who)
        assert replay_request(subject=past.draft, at_once=3, ring=False, **who).pk == job.pk

        assert isinstance(job, Job)
        assert "It is being replayed since" in browser(past).get(page_of(past.draft)).content.decode()
        assert replay_work(job_id=job.pk, at=timezone.now())
        job.refresh_from_db()
        assert job.result == {"replay": str(Replay.objects.get().pk), "people": 4}
        assert "It is being replayed since" not in browser(past).get(page_of(past.draft)).content.decode()

    def test_says_why_one_failed(self, past):
        job = replay_request(
            subject=past.draft, at_once=3, ring=False, by=past.users["maren"], at=timezone.now()
        )
        Draft.objects.filter(pk=past.draft.pk).update(document={**past.draft.document, "currency": "USD"})

        assert replay_work(job_id=job.pk, at=timezone.now())

        assert "pays in USD" in browser(past).get(page_of(past.draft)).content.decode()


class TestDraftPast:
    def test_shows_the_sums_after_each_change_from_what_was_read_once(self, past):
        client, page = browser(past), page_of(past.draft, "past")
        first = client.get(page, {"at": GOAL}).content.decode()
        whole = draft_replay(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
        assert "4 would gain, 0 would lose, 0 paid the same." in first
        assert f"{whole.replayed:,.2f}" in first

        services.draft_change(
            draft_id=past.draft.pk, edits=[set_at(f"{GOAL}/curve/points/0", ["0.80", "0.60"])], seen=0,
            by=past.users["maren"], at=timezone.now(),
        )  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page, {"at": GOAL}).status_code == 200

        assert len(asked) <= 12

    def test_shows_the_sums_with_what_is_typed_before_it_is_kept(self, past):
        client, page = browser(past), page_of(past.draft, "past")
        place = f"point:{GOAL}/curve/points/2"
        said = {"at": GOAL, f"{place}:x": "150", f"{place}:payout": "250", f"{place}:before": ""}
        kept = client.get(page, {"at": GOAL}).content
        typed = client.get(page, said).content
        assert b"not kept yet" in typed
        assert b"not kept yet" not in kept
        half = client.get(page, said | {f"{place}:payout": "6,"})
        assert (half.status_code, Draft.objects.get(pk=past.draft.pk).step) == (204, 0)

        services.draft_change(
            draft_id=past.draft.pk, edits=[set_at(f"{GOAL}/curve/points/2", ["1.50", "2.50"])], seen=0,
            by=past.users["maren"], at=timezone.now(),
        )  # fmt: skip

        assert typed != kept
        assert (
            typed.replace(b". With what is typed, not kept yet.", b"")
            == client.get(page, {"at": GOAL}).content
        )

    def test_held_and_read_anew_are_the_same_also_where_a_change_reads_more(self, past):
        for edit in (
            set_at(f"{GOAL}/curve/points/0", ["0.80", "0.60"]),
            set_at(f"{GOAL}/accumulation", "year_to_date"),
        ):
            draft = Draft.objects.select_related("plan__calendar", "calendar").get(pk=past.draft.pk)
            draft = services.draft_change(
                draft_id=draft.pk, edits=[edit], seen=draft.step, by=past.users["maren"], at=timezone.now()
            )
            version, plan = draft_as_version(draft=draft), plan_from_document(draft.document)
            asked = {"version": version, "periods": 4, "plans": [past.version.plan.code]}

            held = past_replayed(past=past_held(plan=plan, **asked), version=version, plan=plan)

            assert held.result_digest == plan_replayed(**asked).result_digest

    def test_of_many_people_is_quick_and_agrees_with_the_exact_one(self, past, monkeypatch):
        for account in (0, 1):
            sold(past, "2026-Q2", "870000.33", account=account)
        closed(past, "2026-Q2")
        edits = [
            set_at(f"{GOAL}/accumulation", "year_to_date"),
            set_at(f"{GOAL}/curve/points/0", ["0.80", "0.61"]),
        ]
        draft = services.draft_change(
            draft_id=past.draft.pk, edits=edits, seen=0, by=past.users["maren"], at=timezone.now()
        )
        asked = {
            "draft": draft,
            "code": "",
            "viewer": viewer_of(user=past.users["maren"], on=timezone.localdate()),
        }
        exact = draft_past(**asked)
        monkeypatch.setattr("payouts.selectors.replays.live.LIVE_MOST", 3)

        quick = draft_past(**asked)
        said = browser(past).get(page_of(past.draft, "past")).content.decode()

        assert (exact.quick, quick.quick) == (False, True)
        assert (quick.people.paid, quick.gain, quick.lose) == (exact.people.paid, exact.gain, exact.lose)
        assert abs(quick.people.replayed - exact.people.replayed) <= D("0.02")
        assert exact.people.difference
        assert "Quick figures" in said

    def test_says_why_there_are_no_figures(self, past, monkeypatch):
        monkeypatch.setattr("payouts.selectors.replays.live.QUICK_MOST", 3)
        said = browser(past).get(page_of(past.draft, "past")).content.decode()
        assert "4 payouts are more than a look" in said

    @pytest.mark.parametrize("step", ["7", "²", "9" * 5_000])
    def test_asked_for_a_place_that_is_not_there(self, past, step):
        client, page, place = browser(past), page_of(past.draft, "past"), f"/incentive/children/{step}"
        said = {f"point:{place}:{part}": "1" for part in ("x", "payout", "before")}

        assert client.get(page, {"at": place}).status_code == 200
        assert client.get(page, said).status_code == 200

    def test_of_a_draft_whose_days_hold_no_version_says_so(self, past):
        client, page, last = browser(past), page_of(past.draft, "past"), "2020-01-01"

        typed = client.get(page, {"set:/effective/to": last}).content.decode()
        services.draft_change(
            draft_id=past.draft.pk, edits=[set_at("/effective/to", last)], seen=0, by=past.users["maren"],
            at=timezone.now(),
        )  # fmt: skip
        kept = client.get(page).content.decode()

        assert "Shown again once the plan holds" in typed
        assert "Shown again once the plan holds" in kept
        back = [client.get(page_of(past.draft, name), follow=True) for name in ("replay", "simulate")]
        assert [answer.redirect_chain[-1][0] for answer in back] == [
            reverse("plans:draft-design", args=[past.draft.pk])
        ] * 2
        assert all("/effective/to" in answer.content.decode() for answer in back)
