"""A new programme in the browser: from the account to a working draft in the designer, and where it came from."""

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.approvals.models import Finding
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from plans import services
from plans.choices import Element, PlanType
from plans.models import Draft, DraftBrief, Plan
from plans.services.drafts import ElementsNotGoneThrough
from plans.services.proposals import BriefMissing, ElementUnknown
from plans.templates_library import plan_template
from scorecards.models import Metric, Result, Target
from scorecards.services.cells import CellSet, targets_set
from teams.models import AccountObjective, Membership, StrategicAccount
from tests.payouts.company import company

pytestmark = pytest.mark.django_db
D = Decimal
NEW = reverse("plans:plan-propose")
KNOWN = {
    "goal": "grow", "team": "6", "countries": "3", "segments": "1", "saturation": "30", "trend": "-1.5",
    "cycle_months": "6", "opportunities": "12", "long_run": "50",
}  # fmt: skip
CHOICE = {"plan_type": "team_performance", "measures": ["M01", "M06"], "emphasis": "70", "more": "5"}


@pytest.fixture
def made():
    return company()


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.user(name))
    return client


def step(made, number, name="maren", **values):
    return browser(made, name).get(NEW, {**values, "step": str(number)})


def begin(made, by="maren", **values):
    query = {"account": str(made.account.pk), **KNOWN, **CHOICE, "step": "4"}
    told = {
        "name": "Meridian 2027", "code": "MER-2027", "first_day": "2027-01-01", "calendar": str(made.calendar.pk),
        "ticked": ["mix", "period"], **values,
    }  # fmt: skip
    return browser(made, by).post(f"{NEW}?{urlencode(query, doseq=True)}", told)


def results(made, *values):
    """Let the first periods be locked, each with a result of the account's revenue."""
    metric = Metric.objects.get(code="M01")
    periods = list(Period.objects.order_by("days")[: len(values)])
    for period, value in zip(periods, values, strict=True):
        Result.objects.create(
            metric=metric, period=period, node=made.account.node, value=value, currency="EUR", status="final"
        )
    # The law on states walks them one by one.
    order = [str(each) for each in PeriodStatus]
    for period in periods:
        for status in order[order.index(str(period.status)) + 1 : order.index("locked") + 1]:
            Period.objects.filter(pk=period.pk).update(status=status)


class TestPlanPropose:
    def test_leads_a_newcomer_from_the_account_to_a_draft_in_the_designer(self, made):
        AccountObjective.objects.create(
            account=made.account, code="MER-O1", owner=made.people["KAM"], statement="Win the second plant",
            metric_code="M01", due_on=date(2030, 12, 31), status="agreed",
        )  # fmt: skip
        account = str(made.account.pk)

        first = step(made, 1).content.decode()
        second = step(made, 2, account=account).content.decode()
        third = step(made, 3, account=account, **KNOWN).content.decode()
        fourth = step(made, 4, account=account, **KNOWN, **CHOICE).content.decode()
        answer = begin(made)

        assert f'<option value="{account}">' in first
        people = Membership.objects.filter(account=made.account, valid__contains=timezone.localdate()).count()
        assert f'name="team" value="{people}"' in second
        assert (
            "Team performance is proposed, because the account is to grow as a whole and 6 people serve it."
            in third
        )
        assert "Gives no reason to look for growth." in third
        assert (
            "82% of target pay is base" in step(made, 3, account=account, **KNOWN, **CHOICE).content.decode()
        )
        assert "Usual account manager" in fourth
        assert "60/40" in fourth
        draft = Draft.objects.get()
        assert answer["Location"] == reverse("plans:draft-design", args=[draft.pk])
        page = browser(made).get(answer["Location"]).content.decode()
        assert "Where it came from" in page
        assert draft.document["pay"]["base_share"] == "0.82"
        assert draft.document["incentive"]["children"][1]["items"][0]["statement"] == "Win the second plant"
        brief = draft.brief
        assert (brief.proposed, brief.reasons[0], brief.ticked) == (
            "team_performance",
            "grow_together",
            ["mix", "period"],
        )
        chosen = {one["code"]: one for one in brief.measures if one["chosen"]}
        assert set(chosen) == {"M01", "M06"}
        assert chosen["M01"]["alignment"] == 3

    def test_fills_in_targets_from_last_year(self, made):
        results(made, 100, 200, 300, 400)
        begin(made)

        (line, _satisfaction) = Draft.objects.get().brief.targets
        assert (line["code"], line["asked"]) == ("M01", ["105.00", "210.00", "315.00", "420.00"])
        page = step(made, 4, account=str(made.account.pk), **KNOWN, **CHOICE).content.decode()
        assert "420" in page

    def test_issues_them_with_the_plan_but_leaves_what_was_agreed_on(self, made):
        results(made, 100, 200, 300, 400)
        begin(made, ticked=[each.value for each in Element])
        at, maren, third = timezone.now(), made.user("maren"), made.quarters["2027-Q3"]
        meridian = (made.account.node_id, None, None)
        agreed = CellSet(subject=meridian, metric="M01", value=D(333), seen=None, currency="EUR")
        targets_set(period=third, cells=[agreed], by=maren, at=at)
        version = services.draft_submit(draft_id=Draft.objects.get().pk, seen=0, by=maren, at=at)
        blocking = Finding.objects.filter(subject_id=str(version.pk), severity="blocks")
        blocking.update(
            status="waived", settled_by=made.user("anders"), settled_at=at, settled_reason="tried"
        )
        services.version_approve(version_id=version.pk, by=made.user("anders"), at=at)
        page = browser(made).get(reverse("plans:version-decide", args=[version.pk])).content.decode()

        services.version_publish(version_id=version.pk, by=maren, at=at, late_reason="tried")

        assert "The 3 targets that were reckoned from last year" in page
        issued = (
            Target.objects.current().filter(metric__code="M01", days__overlap=version.valid).order_by("days")
        )
        assert list(issued.values_list("value", flat=True)) == [D(105), D(210), D(333), D(420)]
        assert {one.currency for one in issued} == {"EUR"}
        assert issued.first().days == made.quarters["2027-Q1"].days

    def test_moves_the_cash_share_with_the_emphasis(self, made):
        def share(emphasis):
            page = step(made, 3, account=str(made.account.pk), **KNOWN, **{**CHOICE, "emphasis": emphasis})
            return page.context["base"]

        assert [share(each) for each in ("0", "50", "100")] == [D("0.75"), D("0.80"), D("0.85")]

    def test_goes_back_to_the_first_step_that_lacks_an_answer(self, made):
        answer = step(made, 4, account=str(made.account.pk), **{**KNOWN, "team": "many"})

        assert answer.status_code == 422
        assert 'value="many"' in answer.content.decode()
        assert answer.context["step"] == 2

    def test_begins_nothing_without_answers(self, made):
        answer = browser(made).post(NEW, {"name": "Meridian 2027", "code": "MER-2027"})

        assert (answer.status_code, answer.context["step"]) == (422, 1)
        assert not Draft.objects.exists()

    def test_refuses_a_taken_code_and_keeps_what_was_typed(self, made):
        taken = Plan.objects.get().code

        answer = begin(made, code=taken, name="A name of mine")

        assert answer.status_code == 422
        page = answer.content.decode()
        assert 'value="A name of mine"' in page
        assert 'value="mix" checked' in page
        assert not Draft.objects.exists()

    def test_asks_for_few_measures(self, made):
        many = {**CHOICE, "measures": ["M01", "M02", "M04", "M06"]}

        answer = step(made, 4, account=str(made.account.pk), **KNOWN, **many)

        assert (answer.status_code, answer.context["step"]) == (422, 3)
        assert "two or three" in answer.content.decode()

    def test_is_for_who_designs_plans(self, made):
        for name in ("ingrid", "jonas", "priya"):
            assert step(made, 1, name=name).status_code == 404
            assert begin(made, by=name).status_code == 404

    def test_works_for_a_group_of_people_without_an_account(self, made):
        query = {"account": "", **KNOWN, **CHOICE}
        told = {
            "name": "Sellers",
            "code": "S-1",
            "first_day": "2027-01-01",
            "calendar": str(made.calendar.pk),
        }

        browser(made).post(f"{NEW}?{urlencode(query, doseq=True)}", told)

        assert Draft.objects.get().account is None

    def test_costs_a_bounded_number_of_queries(self, made):
        counts = []
        for size in (1, 30):
            for number in range(AccountObjective.objects.count(), size):
                AccountObjective.objects.create(
                    account=made.account, code=f"O{number}", owner=made.people["KAM"], statement="s",
                    due_on=date(2030, 12, 31),
                )  # fmt: skip
            client, query = browser(made), {"account": str(made.account.pk), **KNOWN, **CHOICE}
            asked = []
            for number in (1, 2, 3, 4):
                with CaptureQueriesContext(connection) as counted:
                    client.get(NEW, {**query, "step": str(number)})
                asked.append(len(counted))
            counts.append(asked)

        assert counts[0] == counts[1]
        assert max(counts[0]) <= 30


class TestDraftBriefShow:
    def url(self, draft):
        return reverse("plans:draft-brief", args=[draft.pk])

    def test_shows_where_the_draft_came_from_and_keeps_ticks(self, made):
        begin(made)
        draft = Draft.objects.get()

        page = browser(made, "jonas").get(self.url(draft)).content.decode()
        answer = browser(made).post(self.url(draft), {"ticked": [str(each) for each in Element]})

        assert "the account is to grow as a whole" in page
        assert "6 left" in page
        assert answer.status_code == 302
        assert DraftBrief.objects.get().ticked == [str(each) for each in Element]

    def test_refuses_an_unknown_element_and_keeps_the_ticks(self, made):
        begin(made)
        draft = Draft.objects.get()

        answer = browser(made).post(self.url(draft), {"ticked": ["leverage", "colour"]})

        assert answer.status_code == 422
        assert 'value="leverage" checked' in answer.content.decode()

    def test_is_404_for_strangers_and_for_drafts_without_answers(self, made):
        begin(made)
        other = services.draft_begin(
            document=plan_template(plan_type=PlanType.RENEWAL), calendar=made.calendar, by=made.user("maren"),
            at=timezone.now(),
        )  # fmt: skip

        assert browser(made, "ingrid").get(self.url(DraftBrief.objects.get().draft)).status_code == 404
        assert browser(made).get(self.url(other)).status_code == 404

    def test_hands_a_draft_on_once_every_element_was_gone_through(self, made):
        begin(made)
        draft, who = Draft.objects.get(), {"by": made.user("maren"), "at": timezone.now()}

        with pytest.raises(ElementsNotGoneThrough, match="the next is: Leverage"):
            services.draft_submit(draft_id=draft.pk, seen=0, **who)
        services.draft_elements_tick(draft_id=draft.pk, ticked=Element.values, **who)

        assert services.draft_submit(draft_id=draft.pk, seen=0, **who).plan.code == "MER-2027"

    def test_refuses_to_tick_what_is_not_there(self, made):
        begin(made)
        draft, who = Draft.objects.get(), {"by": made.user("maren"), "at": timezone.now()}

        with pytest.raises(ElementUnknown, match="colour"):
            services.draft_elements_tick(draft_id=draft.pk, ticked=["colour"], **who)
        with pytest.raises(BriefMissing):
            services.draft_elements_tick(draft_id=made.account.pk, ticked=[], **who)

    def test_costs_a_bounded_number_of_queries(self, made):
        begin(made)
        client, draft = browser(made), Draft.objects.get()

        with CaptureQueriesContext(connection) as counted:
            client.get(self.url(draft))

        assert len(counted) <= 14


class TestAccountFacts:
    def test_reach_the_checks(self, made):
        StrategicAccount.objects.filter(pk=made.account.pk).update(
            long_emphasis=D("0.9"), cycle_months=18, opportunities_a_year=2
        )
        begin(made)

        page = (
            browser(made).get(reverse("plans:draft-design", args=[Draft.objects.get().pk])).content.decode()
        )

        assert "L30" in page
        assert "L33" in page
