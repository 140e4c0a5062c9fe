"""The designer: a draft begun, edited by its sheet and by any part, checked beside it, undone, merged, submitted."""

import json
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.approvals.models import Finding
from plans import services
from plans.checks.picture import picture_of
from plans.checks.registry import checked
from plans.choices import DraftStatus, PlanType
from plans.engine.document import written_out
from plans.engine.edits import edited, set_at
from plans.engine.places import STARTS, Holds, new_part, places_at
from plans.engine.weights import branches_summed, rest_spread
from plans.forms import shown, typed
from plans.models import Draft, Plan, PlanVersion
from plans.templates_library import plan_template
from plans.views.design import found
from plans.views.design.blocks import Editor, Metrics
from plans.views.design.plot import curve_of, pays, plot
from tests.payouts.company import company

pytestmark = pytest.mark.django_db
D = Decimal
REV = "/incentive/children/0/children/0"


@pytest.fixture
def made():
    return company()


@pytest.fixture
def draft(made):
    document = plan_template(plan_type=PlanType.TEAM_PERFORMANCE) | {"code": "NEW-2027"}
    return services.draft_begin(
        document=document, calendar=made.calendar, by=made.user("maren"), at=timezone.now()
    )


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def url(draft, name="design"):
    return reverse(f"plans:draft-{name}", args=[draft.pk])


def post(made, draft, name="maren", live=True, **fields):
    now = Draft.objects.get(pk=draft.pk)
    data = {"step": now.step, "act": "save", "at": REV} | fields
    headers = {"HTTP_HX_REQUEST": "true"} if live else {}
    return browser(made, name).post(url(draft), data, **headers)


def _checks(page):
    return page.partition('aria-labelledby="found"')[2].partition("</aside>")[0]


def goal(draft, at=REV):
    part = Draft.objects.get(pk=draft.pk).document
    for step in at.split("/")[1:]:
        part = part[int(step)] if step.isdigit() else part[step]
    return part


class TestDraftDesign:
    def test_shows_sheet_curve_probe_and_checks(self, made, draft):
        page = browser(made, "maren").get(url(draft), {"at": REV, "total": "120000"}).content.decode()

        for words in ("Account revenue", "€24,000.00", "€6,000.00", "2,400.00", "124.0%", "€2,976.00", "L13"):
            assert words in page
        assert '<path class="curve-line"' in page

    def test_keeps_what_was_typed_and_sums_the_groups(self, made, draft):
        answer = post(made, draft, **{f"set:{REV}/weight": "35%", f"point:{REV}/curve/points/2:x": "120",
                                      f"point:{REV}/curve/points/2:payout": "150",
                                      f"point:{REV}/curve/points/2:before": ""})  # fmt: skip

        assert answer.status_code == 200
        assert goal(draft)["weight"] == "0.35"
        assert goal(draft)["curve"]["points"][2] == ["1.20", "1.5"]
        assert goal(draft, "/incentive/children/0")["weight"] == "0.80"
        assert "95.0%" in answer.content.decode()

    def test_refuses_what_cannot_be_read_and_keeps_it_typed(self, made, draft):
        answer = post(made, draft, **{f"set:{REV}/weight": "lots", f"set:{REV}/behaviour": "Grow"})

        assert answer.status_code == 422
        assert 'value="lots"' in answer.content.decode()
        assert Draft.objects.get().step == 0

    def test_refuses_what_the_language_refuses_with_its_place(self, made, draft):
        answer = post(made, draft, **{"set:/incentive/children/0/children/0/curve/shape": "wavy"})

        assert answer.status_code == 422
        assert Draft.objects.get().step == 0

    def test_works_without_a_script(self, made, draft):
        answer = post(made, draft, live=False, **{"set:/name": "Growth 2027"})

        assert answer.status_code == 303
        assert "Growth 2027" in browser(made, "maren").get(answer["Location"]).content.decode()

    @pytest.mark.parametrize(
        ("act", "changed"),
        [
            ("add:/incentive/children/0/children:Goal", "/incentive/children/0/children/3/code"),
            (f"put:{REV}/payout:Gate", ""),
            (f"put:{REV}/gate:Gate", f"{REV}/gate/metric"),
            (f"remove:{REV}", REV),
            (f"down:{REV}", f"{REV}/code"),
            (f"point:{REV}/curve", f"{REV}/curve/points/3"),
            (f"add:{REV}/modifiers:Modifier", f"{REV}/modifiers/0/table/points"),
            ("blank:/pool", "/pool"),
            ("up:/pool/x", ""),
            ("dance:/pool", ""),
        ],
    )
    def test_does_what_a_button_says_or_says_why_not(self, made, draft, act, changed):
        before = Draft.objects.get().document

        answer = post(made, draft, act=act)

        assert answer.status_code == (200 if changed else 422)
        assert (Draft.objects.get().document != before) == bool(changed)

    def test_undoes_and_makes_again(self, made, draft):
        post(made, draft, **{f"set:{REV}/weight": "35"})
        post(made, draft, act="undo")
        assert goal(draft)["weight"] == "0.40"
        post(made, draft, act="redo")
        assert goal(draft)["weight"] == "0.35"

    def test_applies_a_fix_with_one_click(self, made, draft):
        post(made, draft, **{"set:/pay/base_share": "60"})
        page = browser(made, "maren").get(url(draft)).content.decode()
        act = next(part.split('"')[0] for part in page.split('value="') if part.startswith("fix:L01:"))

        post(made, draft, act=act)

        assert D(goal(draft, "/pay")["base_share"]) >= D("0.75")

    def test_lets_a_finding_stand_with_a_reason(self, made, draft):
        refused = post(made, draft, act="waive:L13")
        answer = post(made, draft, act="waive:L13", **{"reason:L13": "Growth is in the pool"})

        assert (refused.status_code, answer.status_code) == (422, 200)
        assert Finding.objects.get(rule="L13").settled_reason == "Growth is in the pool"
        assert "1 kept with a reason" in answer.content.decode()
        version = services.draft_submit(draft_id=draft.pk, seen=0, by=made.user("maren"), at=timezone.now())
        assert Finding.objects.get(rule="L13", status="waived").subject_id == str(version.pk)

    def test_lays_mine_beside_theirs(self, made, draft):
        post(made, draft, **{f"set:{REV}/weight": "35"})

        answer = browser(made, "maren").post(
            url(draft), {"step": 0, "act": "save", "at": REV, f"set:{REV}/weight": "45"}
        )

        page = answer.content.decode()
        assert answer.status_code == 409
        for words in ("45", "35", "40", "Keep mine"):
            assert words in page
        assert goal(draft)["weight"] == "0.35"
        mended = post(made, draft, **{f"set:{REV}/weight": "45"})
        assert (mended.status_code, goal(draft)["weight"]) == (200, "0.45")

    def test_merges_with_what_somebody_else_changed(self, made, draft):
        post(made, draft, **{"set:/name": "Other"})

        answer = browser(made, "maren").post(
            url(draft), {"step": 0, "act": "save", "set:/name": "Team performance", f"set:{REV}/weight": "45"}
        )

        assert answer.status_code == 303
        assert (goal(draft, "/name"), goal(draft)["weight"]) == ("Other", "0.45")

    def test_says_what_does_not_hold_yet(self, made, draft):
        answer = post(made, draft, **{"set:/pool/funding/node": "NOBODY"})

        assert "Does not hold yet" in answer.content.decode()

    def test_is_read_by_others_and_not_there_for_kams_and_payees(self, made, draft):
        page = browser(made, "jonas").get(url(draft)).content.decode()

        assert "Account revenue" in page
        assert "Submit for approval" not in page
        assert post(made, draft, "jonas", **{"set:/name": "X"}).status_code == 404
        for name in ("ingrid", "priya"):
            assert browser(made, name).get(url(draft)).status_code == 404
            assert browser(made, name).get(url(draft, "document")).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made, draft):
        client, counts = browser(made, "maren"), []
        for _size in range(2):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url(draft)).status_code == 200
            counts.append(len(asked))
            post(made, draft, act="add:/incentive/children:Goal")
        assert counts[0] == counts[1] <= 38

    def test_writes_out_the_first_findings_of_a_rule_and_all_of_them_when_asked(
        self, made, draft, monkeypatch
    ):
        post(made, draft, act="add:/incentive/children:Goal")
        post(made, draft, act="add:/incentive/children:Goal")
        client = browser(made, "maren")
        whole = client.get(url(draft)).context["found"]
        most = max(whole.rules, key=lambda rule: len(rule.rows))
        assert len(most.rows) > 1
        monkeypatch.setattr(found, "MOST_SHOWN", 1)

        first = client.get(url(draft))
        rule = most.first.rule
        asked = client.get(url(draft), {"all": rule})

        assert {
            (len(each.rows), each.more) for each in first.context["found"].rules if each.first.rule == rule
        } == {(1, len(most.rows) - 1)}
        assert f"and {len(most.rows) - 1} more" in first.content.decode()
        assert f"all={rule}" in first.content.decode()
        assert [
            row.message for each in asked.context["found"].rules for row in each.rows if row.rule == rule
        ] == [row.message for row in most.rows]
        assert (first.context["found"].blocks, first.context["found"].to_look_at) == (
            whole.blocks,
            whole.to_look_at,
        )

    def test_answers_a_change_in_twenty_queries_beside_the_facts_read_when_it_was_opened(self, made, draft):
        client, counts = browser(made, "maren"), []
        client.get(url(draft))
        for size in ("35", "45"):
            data = {"step": Draft.objects.get().step, "act": "save", "at": REV, f"set:{REV}/weight": size}
            with CaptureQueriesContext(connection) as asked:
                assert client.post(url(draft), data, HTTP_HX_REQUEST="true").status_code == 200
            counts.append(len(asked))
            post(made, draft, act="add:/incentive/children:Goal")
        assert counts[0] == counts[1] <= 20

    def test_looks_at_a_change_as_at_a_page_opened_anew(self, made, draft):
        client = browser(made, "maren")
        client.get(url(draft))
        for act in ("blank:/pool", "remove:/incentive/children/0/children/1"):
            changed = post(made, draft, act=act).content.decode()
            opened = client.get(url(draft), {"at": REV}).content.decode()
            assert _checks(changed) == _checks(opened)

    @pytest.mark.parametrize("tab", ["pool", "terms", "steps"])
    def test_has_every_part_of_the_plan(self, made, draft, tab):
        post(made, draft, **{f"set:{REV}/weight": "35"})

        page = browser(made, "maren").get(url(draft), {"tab": tab}).content.decode()

        words = {"pool": "Most for one person", "terms": "Clawback", "steps": "0.40 → 0.35"}
        assert words[tab] in page


class TestDraftBegin:
    def test_copies_a_version_to_the_next_year(self, made):
        Plan.objects.filter(pk=made.plan.pk).update(code=made.version.document["code"])

        answer = browser(made, "maren").post(
            reverse("plans:draft-begin"), {"source": f"version:{made.version.pk}"}
        )

        begun = Draft.objects.get()
        assert answer["Location"] == url(begun)
        assert begun.document["effective"] == {"from": "2027-01-01", "to": "2027-12-31"}
        assert (begun.plan, begun.based_on) == (made.plan, made.version)

    def test_takes_a_file_and_gives_it_back(self, made, draft):
        text = browser(made, "maren").get(url(draft, "document")).content
        document = json.loads(text) | {"code": "FILE-1"}
        upload = SimpleUploadedFile("plan.json", json.dumps(document).encode())
        fields = {"source": "file", "document": upload, "calendar": made.calendar.pk}

        browser(made, "maren").post(reverse("plans:draft-begin"), fields)

        assert Draft.objects.get(document__code="FILE-1").document == written_out(document)

    def test_refuses_and_keeps_what_was_typed(self, made):
        fields = {"source": "template:renewal", "name": "Kept", "calendar": made.calendar.pk}

        answer = browser(made, "maren").post(reverse("plans:draft-begin"), fields)

        assert answer.status_code == 422
        assert 'value="Kept"' in answer.content.decode()
        assert not Draft.objects.exists()

    def test_is_for_who_designs_plans(self, made):
        assert browser(made, "jonas").get(reverse("plans:draft-begin")).status_code == 404


class TestDraftList:
    def test_shows_drafts_and_puts_them_aside_and_back(self, made, draft):
        client = browser(made, "maren")

        assert draft.name in client.get(reverse("plans:draft-list")).content.decode()
        client.post(url(draft, "discard"))
        assert Draft.objects.get().status == DraftStatus.DISCARDED
        assert client.get(url(draft, "submit")).status_code == 404
        client.post(url(draft, "resume"))
        assert Draft.objects.get().status == DraftStatus.EDITING

    def test_costs_the_same_queries_at_two_sizes(self, made, draft):
        client, counts = browser(made, "maren"), []
        for _size in range(2):
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("plans:draft-list"))
            counts.append(len(asked))
            for number in range(20):
                services.draft_begin(
                    document=draft.document | {"code": f"N{number}"}, calendar=made.calendar,
                    by=made.user("maren"), at=timezone.now(),
                )  # fmt: skip
        assert counts[0] == counts[1] <= 12


class TestDraftSubmit:
    def test_makes_a_version_that_waits_for_a_second_person(self, made, draft):
        page = browser(made, "maren").get(url(draft, "submit")).content.decode()
        answer = browser(made, "maren").post(url(draft, "submit"), {"step": 0})

        assert "Submit for approval" in page
        assert PlanVersion.objects.get(pk=draft.pk).status == "draft"
        assert answer["Location"] == reverse("plans:version-show", args=[draft.pk])

    def test_refuses_what_does_not_hold(self, made, draft):
        post(made, draft, **{f"set:{REV}/weight": "35"})

        answer = browser(made, "maren").post(url(draft, "submit"), {"step": 1})

        assert answer.status_code == 422
        assert "sum" in answer.content.decode()

    def test_refuses_what_changed_meanwhile(self, made, draft):
        post(made, draft, **{"set:/name": "Other"})

        assert browser(made, "maren").post(url(draft, "submit"), {"step": 0}).status_code == 422


class TestEverythingTheLanguageSays:
    @pytest.mark.parametrize("plan_type", PlanType.values)
    def test_can_be_shown_and_typed_back(self, plan_type):
        document = _with_everything(written_out(plan_template(plan_type=plan_type)))
        editor = Editor(document=document, metrics=Metrics(names={}, units={}))
        seen = set()

        for place in _places(document, ""):
            seen.add(place.holds)
            if place.holds in (Holds.PART, Holds.PARTS, Holds.CHOICES) or place.value is None:
                continue
            units = editor.units_at(place.at.rpartition("/")[0])
            text = shown(place, units=units)
            if place.record == "Curve" and place.holds is Holds.ROWS:
                continue
            again = typed(place, text, units=units)
            assert _same(again, place.value), place.at

        assert seen == set(Holds)

    def test_can_begin_every_part(self):
        document = written_out(plan_template(plan_type=PlanType.TEAM_PERFORMANCE))

        for record in STARTS:
            assert new_part(document=document, record=record) is not STARTS[record]


class TestWeights:
    def test_are_summed_upward_and_spread_downward(self):
        document = written_out(plan_template(plan_type=PlanType.HYBRID))
        leaf = "/incentive/children/1/children/0/weight"
        changed, _back = edited(document=document, edits=[set_at(leaf, "0.30")])
        summed, _back = edited(document=changed, edits=branches_summed(document=changed))
        spread, _back = edited(document=summed, edits=rest_spread(document=summed))

        assert _total(summed) > 1
        assert _total(spread) == 1
        assert branches_summed(document=spread) == []


class TestTemplates:
    @pytest.mark.parametrize("plan_type", PlanType.values)
    def test_are_not_blocked_by_a_design_check(self, plan_type):
        report = checked(picture=picture_of(document=plan_template(plan_type=plan_type)))

        assert [one.rule for one in report.blocks] == []


class TestPlot:
    def test_pays_what_the_engine_pays_and_stays_in_its_box(self):
        curve = curve_of({"points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]], "below": "zero",
                          "above": "cap", "shape": "linear"})  # fmt: skip

        drawn = plot(curve, past=[D("0.79"), D("0.95"), D("0.96"), D("1.3")], probe=D("1.08"))

        assert drawn.probe.pays == pays(curve, D("1.08")) == D("1.24")
        assert (drawn.reached, drawn.capped) == (D("0.75"), D("0.25"))
        assert sum(1 for _bar in drawn.bars) == 3
        places = [part.split() for part in drawn.path.lstrip("M").split(" L")]
        assert all(0 <= D(x) <= 600 and 0 <= D(y) <= 268 for x, y in places)

    def test_is_not_drawn_where_points_run_back(self):
        assert curve_of({"points": [["1.00", "1.00"], ["0.80", "0.50"]]}) is None


def _total(document):
    return sum(D(child["weight"]) for child in document["incentive"]["children"])


def _same(again, value):
    if isinstance(again, list):
        return len(again) == len(value) and all(_same(*pair) for pair in zip(again, value, strict=True))
    if isinstance(again, dict):
        return again.keys() == value.keys() and all(_same(again[key], value[key]) for key in again)
    try:
        return D(again) == D(value)
    except (TypeError, ArithmeticError):
        return again == value


def _places(document, at):
    for place in places_at(document=document, at=at):
        yield place
        if place.holds is Holds.PART and place.value is not None:
            yield from _places(document, place.at)
        if place.holds is Holds.PARTS:
            for number in range(len(place.value)):
                yield from _places(document, f"{place.at}/{number}")


def _with_everything(document):
    """Return a document with one of every part that a plan can have."""
    by_name = {record.__name__: dict(start) for record, start in STARTS.items()}
    by_name["Commission"] |= {
        "tiers": [{"from": "0", "rate": {"parameter": "own"}}], "rates": [by_name["RateRule"]],
        "minimums": [by_name["Minimum"]], "earned_on": [by_name["EarningShare"]], "axis_reading": by_name["Reading"],
    }  # fmt: skip
    modifier = by_name["Modifier"] | {"table": by_name["SlopeCurve"]}
    extra = [
        by_name["Matrix"],
        by_name["Milestone"],
        by_name["Goal"] | {"gate": by_name["Gate"], "modifiers": [modifier]},
    ]
    pool = by_name["PoolTerms"] | {
        "role_shares": {"SUPPORT": "0.4", "SALES": "0.6"}, "bounds": ["0.5", "1.5"],
        "funding": {"rule": "buckets", "buckets": [by_name["FundingBucket"]]},
    }  # fmt: skip
    whole = document | {
        "incentive": document["incentive"] | {"children": [*document["incentive"]["children"], *extra]},
        "commissions": [by_name["Commission"], by_name["UnitBonus"], by_name["Fixed"]],
        "pool": pool,
        "payout_cap": by_name["PayoutCap"],
        "payment": {
            key.lower(): by_name[key] for key in ("Deferral", "Draw", "Guarantee", "Holdback", "Clawback")
        },
    }
    return written_out(whole)
