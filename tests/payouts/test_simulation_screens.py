"""Simulating drafts and versions in the browser: figures, refusals, who sees them, queries, kept scenarios."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from payouts.selectors.simulations import Asked, Subject, ground_of, handles_of, simulated
from plans.engine.edits import set_at
from plans.models import Scenario
from plans.services.drafts import draft_begin, draft_change, draft_undo
from tests.payouts.quarters import closed, quarters, sold

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def past():
    """One closed quarter of four people at 120 % of target, and a draft of the plan's next version."""
    made = quarters()
    for account in (0, 1):
        sold(made, "2026-Q1", "1200000", account=account)
    closed(made, "2026-Q1")
    made.draft = begun(made)
    return made


@pytest.fixture
def programme():
    """The same people and draft, before anybody was paid."""
    made = quarters()
    made.draft = begun(made)
    return made


def begun(made, **changed):
    document = {**made.version.document, **changed}
    plan = made.version.plan
    same = document["code"] == plan.code
    return draft_begin(
        document=document, calendar=plan.calendar, plan=plan if same else None, account=None,
        based_on=made.version if same else None, by=made.users["maren"], at=timezone.now(),
    )  # fmt: skip


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.users[name])
    return client


def page_of(draft):
    return reverse("payouts:draft-simulate", args=[draft.pk])


class TestDraftSimulate:
    def test_shows_what_the_years_cost_and_what_a_moved_point_changes(self, past):
        client, page = browser(past), page_of(past.draft)
        ground = ground_of(subject=Subject.of_draft(past.draft))
        found = simulated(ground=ground, asked=Asked())

        said = client.get(page).content.decode()
        moved = client.get(page, {"y:SALES:1": "150"}, headers={"HX-Request": "true"})

        assert f"{found.cost.middle:,.2f}" in said
        assert "1,000 years drawn" in said
        assert "by moving" in moved.content.decode()
        assert "<html" not in moved.content.decode()
        assert moved["HX-Replace-Url"] == f"{page}?y%3ASALES%3A1=150"

    def test_shows_what_it_stands_on_where_nothing_is_asked(self, past):
        client, page = browser(past), page_of(past.draft)

        form = client.get(page, {"y:SALES:1": "150"}).context["form"]

        assert [(point.result.value(), point.pays.value()) for point in next(form.curves())[2]][:2] == [
            (form["x:SALES:0"].field.initial, form["y:SALES:0"].field.initial),
            (form["x:SALES:1"].field.initial, "150"),
        ]
        assert form["draws"].value() == 1_000
        assert form.said() == {"y:SALES:1": "150"}

    def test_refuses_what_cannot_be_and_keeps_what_was_typed(self, past):
        client, page = browser(past), page_of(past.draft)

        unread = client.get(page, {"y:SALES:1": "much", "budget": "90,000"})
        unsound = client.get(page, {"x:SALES:0": "130"})
        nameless = client.post(page, {"asked": "budget=90000", "name": " "})

        assert (unread.status_code, unsound.status_code, nameless.status_code) == (422, 422, 422)
        assert 'value="much"' in unread.content.decode()
        assert 'value="90,000"' in unread.content.decode()
        assert 'value="130"' in unsound.content.decode()
        assert "give it one" in nameless.content.decode()
        assert not Scenario.objects.exists()

    def test_is_not_there_for_others_and_shows_an_executive_no_sums_of_few(self, past):
        page = page_of(past.draft)

        assert browser(past, "ingrid").get(page).status_code == 404
        seen = browser(past, "anders").get(page)
        assert "fewer than five people" in seen.content.decode()
        assert "Half of the years" not in seen.content.decode()
        assert b"cost" not in b"".join(browser(past, "anders").get(page, {"format": "csv"}))[:200]
        assert browser(past, "anders").post(page, {"name": "x"}).status_code == 404
        assert browser(past).get(reverse("payouts:draft-simulate", args=[past.version.pk])).status_code == 404

    def test_costs_the_same_queries_whatever_was_kept(self, past):
        client, page = browser(past), page_of(past.draft)
        client.get(page)
        with CaptureQueriesContext(connection) as few:
            client.get(page)
        for number in range(12):
            kept(past, name=f"S{number}")
        with CaptureQueriesContext(connection) as many:
            client.get(page)
        with CaptureQueriesContext(connection) as dragged:
            client.get(page, {"y:SALES:1": "150"}, headers={"HX-Request": "true"})

        assert len(few) == len(many) <= 14
        assert len(dragged) <= 12

    def test_keeps_a_scenario_whose_link_gives_the_same_figures(self, past):
        client, page = browser(past), page_of(past.draft)
        asked = "source=stated&seed=7&y%3ASALES%3A1=130"

        answer = client.post(page, {"asked": asked, "name": "Bolder"}, follow=True)

        scenario = Scenario.objects.get()
        said = answer.content.decode()
        assert scenario.asked == {"source": "stated", "seed": "7", "y:SALES:1": "130"}
        assert "Bolder" in said
        assert f"{float(scenario.figures['middle']):,.2f}" in said

    def test_gives_its_figures_as_a_file_and_of_a_version_beside_its_replay(self, past):
        lines = b"".join(browser(past).get(page_of(past.draft), {"format": "csv"})).decode("utf-8-sig")
        answer = browser(past).get(reverse("payouts:version-simulate", args=[past.version.pk]))

        assert lines.splitlines()[0] == "figure,measure,value,unit"
        assert any(line.startswith('"cost, half of the years are below",,') for line in lines.splitlines())
        assert answer.status_code == 200
        assert reverse("payouts:replay-show", args=[past.version.pk]) in answer.content.decode()

    def test_of_a_first_plan_asks_what_is_expected(self, programme):
        first = begun(programme, code="FIRST", name="First")

        said = browser(programme).get(page_of(first), {"people": "20", "target": "10000"}).content.decode()

        assert "nobody was paid by it yet" in said
        assert "200,000.00" in said  # everybody on target


class TestPointsPut:
    MOVED = "seed=7&y%3ASALES%3A1=150"

    def put(self, made, name="maren", *, asked=MOVED, seen="0"):
        return browser(made, name).post(page_of(made.draft), {"act": "points", "asked": asked, "seen": seen})

    def pays(self, made):
        made.draft.refresh_from_db()
        return [D(handle.pays) for handle in handles_of(document=made.draft.document)][:2]

    def test_makes_them_one_step_of_the_draft(self, past):
        client, page, (first, _second) = browser(past), page_of(past.draft), self.pays(past)
        words = "Put these points into the draft"
        assert words not in client.get(page).content.decode()
        assert words in client.get(f"{page}?{self.MOVED}").content.decode()
        assert words not in browser(past, "jonas").get(f"{page}?{self.MOVED}").content.decode()
        assert self.put(past, "jonas").status_code == 404

        answer = self.put(past)

        assert (answer.status_code, answer["Location"]) == (302, f"{page}?seed=7")
        assert (self.pays(past), past.draft.step) == ([first, D("1.5")], 1)
        draft_undo(draft_id=past.draft.pk, by=past.users["maren"], at=timezone.now())
        assert self.pays(past)[1] != D("1.5")

    def test_refuses_what_cannot_be_and_keeps_what_was_typed(self, past):
        answer = self.put(past, asked="x%3ASALES%3A0=130&y%3ASALES%3A1=150")

        assert answer.status_code == 422
        assert 'value="130"' in answer.content.decode()
        assert self.put(past, asked="seed=7").status_code == 422
        past.draft.refresh_from_db()
        assert past.draft.step == 0

    def test_lays_mine_beside_what_somebody_changed_meanwhile(self, past):
        (_first, handle, *_rest) = handles_of(document=past.draft.document)
        draft_change(
            draft_id=past.draft.pk, edits=[set_at(handle.at, [handle.x, "1.40"])], seen=0,
            by=past.users["maren"], at=timezone.now(),
        )  # fmt: skip

        dragged = browser(past).get(
            page_of(past.draft), {"y:SALES:1": "150", "seen": "0"}, headers={"HX-Request": "true"}
        )
        answer = self.put(past)

        assert 'name="seen" value="0"' in dragged.content.decode()  # the figures are of what the page shows
        assert answer.status_code == 409
        said = answer.content.decode()
        assert all(text in said for text in ("150", "140", "Keep mine"))
        assert self.pays(past)[1] == D("1.4")
        assert self.put(past, asked=dict(answer.context["carried"])["asked"], seen="1").status_code == 302
        assert self.pays(past)[1] == D("1.5")


def kept(made, **values):
    figures = {
        "low": "1.0", "middle": "2.0", "high": "3.0", "mean": "2.0", "people": "2.0", "pools": "0.0",
        "over_budget": None, "levels": {"0.5": "0.0", "1.0": "2.0", "1.5": "3.0"},
        "leaves": {"SALES": ["1.0", "0.5", None, "1.01"]},
    }  # fmt: skip
    common = {
        "draft": made.draft, "document_digest": "0" * 64, "name": "S", "at": timezone.now(), "asked": {},
        "currency": "EUR", "people": 9, "draws": 200, "figures": figures, "created_by": made.users["maren"],
    }  # fmt: skip
    return Scenario.objects.create(**{**common, **values})


class TestScenarioCompare:
    def test_lays_up_to_four_side_by_side_and_gives_them_as_a_file(self, programme):
        page = reverse("payouts:scenario-compare")
        five = [kept(programme, name=f"Case {number}") for number in range(5)]
        client = browser(programme)

        said = client.get(page, {"s": [each.pk for each in five]}).content.decode()
        lines = b"".join(client.get(page, {"s": [five[0].pk, five[1].pk], "format": "csv"})).decode(
            "utf-8-sig"
        )

        assert ("Case 3" in said, "Case 4" in said) == (True, False)
        assert "first four" in said
        assert lines.splitlines()[0] == "figure,Case 0,Case 1"
        assert "One year in ten costs less than,1.00,1.00" in lines

    def test_asks_for_some_hides_few_people_and_is_not_there_for_others(self, programme):
        page = reverse("payouts:scenario-compare")
        few = kept(programme, name="Few", people=4)

        assert "No scenario chosen" in browser(programme).get(page).content.decode()
        assert "Few" not in browser(programme, "anders").get(page, {"s": few.pk}).content.decode()
        assert browser(programme, "ingrid").get(page).status_code == 404
        assert browser(programme).get(page, {"s": "none"}).status_code == 404

    def test_costs_the_same_queries_for_one_and_for_four(self, programme):
        client, page = browser(programme), reverse("payouts:scenario-compare")
        four = [kept(programme).pk for _ in range(4)]
        client.get(page)
        with CaptureQueriesContext(connection) as one:
            client.get(page, {"s": four[:1]})
        with CaptureQueriesContext(connection) as many:
            client.get(page, {"s": four})

        assert len(one) == len(many) <= 10
