"""Two versions side by side in money: person by person, as a file, who sees it, what it costs, and the long way."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.jobs.models import Job
from payouts.models import ReplayPerson
from payouts.services.replay_jobs import CalendarsDiffer, replay_work, replays_request
from plans.engine.document import plan_digest, plan_from_document, written_out
from plans.engine.edits import set_at
from plans.models import PlanVersion, Replay
from plans.services import draft_begin, draft_change
from tests.laws import rows
from tests.payouts.quarters import closed, quarters, sold
from tests.payouts.test_replays import STEEPER, drafted

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def past():
    """One closed quarter of four people at 120 %, a second version that pays more, and that one's digest."""
    made = quarters()
    for account in (0, 1):
        sold(made, "2026-Q1", "1200000", account=account)
    closed(made, "2026-Q1")
    made.later = drafted(made, points=STEEPER)
    made.later.digest = plan_digest(plan_from_document(made.later.document))
    made.later.save(update_fields=["digest"])
    made.page = reverse("payouts:replay-compare", args=[made.later.pk, made.version.pk])
    return made


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.users[name])
    return client


class TestReplayCompare:
    def test_replays_both_and_shows_each_person_under_the_one_and_the_other(self, past):
        client = browser(past)
        words = reverse("plans:version-compare") + f"?a={past.version.pk}&b={past.later.pk}"
        assert past.page in client.get(words).content.decode()
        assert "Not replayed side by side yet" in client.get(past.page).content.decode()

        answer = client.post(past.page, {"periods": "4", "people_of": ""}, follow=True)

        said = answer.content.decode()
        assert answer.redirect_chain == [(past.page, 302)]
        before, after = Replay.objects.get(version=past.version), Replay.objects.get(version=past.later)
        assert (before.replayed, before.paid) == (before.paid, after.paid)
        for figure in (before.replayed, after.replayed, after.replayed - before.replayed):
            assert f"{figure:,.2f}" in said
        assert "4 / 0" in said
        lines = (
            b"".join(client.get(past.page, {"format": "csv", "sort": "-change"}))
            .decode("utf-8-sig")
            .splitlines()
        )
        assert lines[0] == "name,employee_id,account,paid,under_before,replayed,change,currency"
        cells = [line.split(",") for line in lines[1:]]
        assert [D(each[6]) for each in cells] == sorted(
            (D(each[5]) - D(each[4]) for each in cells), reverse=True
        )
        assert sum(D(each[6]) for each in cells) == after.replayed - before.replayed
        pools = b"".join(client.get(past.page, {"format": "csv", "table": "pools"})).decode("utf-8-sig")
        was, now = (sum(D(each["amounts"][1]) for each in kept.figures["pools"]) for kept in (before, after))
        assert [D(text) for text in pools.splitlines()[1].split(",")[1:]] == [was, now, now - was]
        assert now > was

    def test_takes_a_working_draft_for_the_later(self, past):
        client, who = browser(past), {"by": past.users["maren"], "at": timezone.now()}
        document = written_out(past.later.document) | {"code": past.version.plan.code}
        draft = draft_begin(document=document, plan=past.version.plan, based_on=past.version, **who)
        page = reverse("payouts:replay-compare", args=[draft.pk, past.version.pk])
        words = client.get(reverse("plans:version-compare"), {"a": past.version.pk, "b": draft.pk})
        assert f"{draft.name} (draft)" in words.content.decode()
        assert page in words.content.decode()

        said = client.post(page, {"periods": "4", "people_of": ""}, follow=True).content.decode()

        before, after = Replay.objects.get(version=past.version), Replay.objects.get(draft=draft)
        assert f"{draft.name} (draft)" in said
        for figure in (before.replayed, after.replayed, after.replayed - before.replayed):
            assert f"{figure:,.2f}" in said
        weight = set_at("/incentive/children/0/weight", "0.30")
        draft_change(draft_id=draft.pk, edits=[weight], seen=0, **who)
        refused = client.post(page, {"periods": "4", "people_of": ""})
        assert (refused.status_code, Replay.objects.count()) == (422, 2)
        assert "The draft does not hold yet" in refused.content.decode()

    def test_leaves_out_who_is_in_other_periods_and_costs_the_same_for_many(self, past):
        replays_request(subjects=(past.version, past.later), by=past.users["maren"], at=timezone.now())
        before, after = Replay.objects.get(version=past.version), Replay.objects.get(version=past.later)
        client = browser(past)
        client.get(past.page)
        with CaptureQueriesContext(connection) as few:
            client.get(past.page)
        same, other = {"periods": {"2026-Q1": ["1", "1"]}}, {"periods": {"2026-Q2": ["1", "1"]}}
        people = [rows.person() for _ in range(40)]
        for replay, figures in ((before, [same] * 40), (after, [same] * 39 + [other])):
            ReplayPerson.objects.bulk_create(
                ReplayPerson(replay=replay, person=person, currency="EUR", target=1, paid=1, replayed=2,
                             difference=1, figures=each)
                for person, each in zip(people, figures, strict=True)
            )  # fmt: skip
        with CaptureQueriesContext(connection) as many:
            said = client.get(past.page).content.decode()

        assert len(few) == len(many) <= 12
        assert "2 people could not be replayed by both over the same periods" in said
        assert "43 rows" in said
        assert "39 paid the same" in said

    def test_refuses_and_keeps_what_was_chosen_and_is_not_there_for_others(self, past):
        PlanVersion.objects.filter(pk=past.later.pk).update(
            currency="USD", document={**past.later.document, "currency": "USD"}
        )

        answer = browser(past).post(past.page, {"periods": "2", "people_of": ""})

        assert answer.status_code == 422
        assert "pays in USD" in answer.content.decode()
        assert '<option value="2" selected>' in answer.content.decode()
        assert not Replay.objects.exists()
        assert browser(past, "ingrid").get(past.page).status_code == 404
        assert browser(past, "anders").post(past.page, {"periods": "1"}).status_code == 404
        nowhere = reverse("payouts:replay-compare", args=[past.later.pk, past.version.plan_id])
        assert browser(past).get(nowhere).status_code == 404

    def test_long_replays_are_made_by_a_worker_and_few_people_are_nobodys_sum(self, past):
        who = {"by": past.users["maren"], "at": timezone.now()}
        pair = (past.version, past.later)

        made = replays_request(subjects=pair, at_once=0, ring=False, **who)

        assert [type(each) for each in made] == [Job, Job]
        assert "It is being replayed since" in browser(past).get(past.page).content.decode()
        for job in made:
            replay_work(job_id=job.pk, at=timezone.now())
        seen = browser(past, "anders").get(past.page).content.decode()
        assert "fewer than five people" in seen
        assert "E00001" not in seen
        PlanVersion.objects.filter(pk=past.later.pk).update(digest="1" * 64)
        assert "Not replayed side by side yet" in browser(past).get(past.page).content.decode()

    def test_versions_of_two_calendars_share_no_periods(self, past):
        other = rows.version()
        assert other.plan.calendar_id != past.later.plan.calendar_id

        with pytest.raises(CalendarsDiffer, match="their periods are not the same"):
            replays_request(subjects=(other, past.later), by=past.users["maren"], at=timezone.now())
