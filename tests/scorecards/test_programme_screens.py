"""The programme of an account in the browser: what it is run for, objectives with milestones, mine against theirs."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from kamcomp.audit.models import AuditEvent
from scorecards.models import AccountPnl
from scorecards.selectors.programme import ObjectiveRow
from scorecards.views.timeline import timeline
from teams.choices import ObjectiveStatus
from teams.models import (
    AccountNode,
    AccountObjective,
    JobRole,
    ObjectiveMilestone,
    RoleDuty,
    StrategicAccount,
)
from teams.services.programme import objective_state, programme_state
from tests.payouts.company import START, company

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def made():
    return company()


@pytest.fixture
def stranger(made):
    node = AccountNode.objects.create(code="KES", name="Kestrel", currency="EUR")
    return StrategicAccount.objects.create(node=node, programme_start=START, plan_currency="EUR")


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def url(name, account, *more):
    return reverse(f"scorecards:{name}", args=[account.pk, *more])


def objective(made, **values):
    given = {
        "account": made.account, "code": "MER-O1", "owner": made.people["PM"], "statement": "Win the second plant",
        "metric_code": "M01", "baseline": D(100), "target": D(150), "due_on": date(2027, 12, 31),
        "horizon_months": 24, "status": ObjectiveStatus.AGREED, **values,
    }  # fmt: skip
    return AccountObjective.objects.create(**given)


def programme(**values):
    return {
        "strategy": "defend", "tier": "key", "defend_weight": "60 %", "grow_weight": "30", "profit_weight": "10",
        "horizon_months": "24", "long_emphasis": "70", "cycle_months": "9", "opportunities_a_year": "6",
        "pricing_agreement": "", "service_level": "gold", **values,
    }  # fmt: skip


def written(made, **values):
    return {
        "statement": "Open the division in Lyon", "owner_id": str(made.people["PM"].pk), "status": "draft",
        "metric_code": "", "unit": "", "baseline": "", "target": "", "due_on": "2027-06-30", "horizon_months": "18",
        "perspective": "growth", "weight": "", "evidence": "", "step_0_name": "First order",
        "step_0_due": "2027-01-31", "step_0_reached": "", **values,
    }  # fmt: skip


class TestProgrammeShow:
    def test_shows_strategy_timeline_and_the_year_beside_the_last(self, made):
        row = objective(made)
        ObjectiveMilestone.objects.create(objective=row, name="Trial ends", due_on=date(2027, 3, 31))
        for since, until, revenue in (("2025-01-01", "2026-01-01", 400), ("2026-01-01", "2027-01-01", 500)):
            AccountPnl.objects.create(
                node=made.account.node, days=DateRange(date.fromisoformat(since), date.fromisoformat(until)),
                revenue=revenue, cogs=100, currency="EUR",
            )  # fmt: skip

        page = browser(made, "ingrid").get(url("programme-show", made.account)).content.decode()

        for words in (
            "Win the second plant",
            "Trial ends",
            "24 months",
            "long",
            "€500.00",
            "+25.0%",
            "€400.00",
        ):
            assert words in page
        assert page.count('class="step') == 1

    def test_lays_roles_against_objectives(self, made, stranger):
        row = objective(made)
        objective(made, code="MER-O2", statement="Keep the site in Lyon")
        theirs = objective(made, account=stranger, code="KES-O1", statement="Theirs alone")
        kam, other = (JobRole.objects.create(code=f"d_{name}", name=name) for name in ("Anchor", "Builder"))
        for role, activity, part, of in (
            (kam, "Trial", "accountable", row), (other, "Trial", "responsible", row),
            (other, "Invoices", "informed", None), (kam, "Visits", "consulted", theirs),
        ):  # fmt: skip
            RoleDuty.objects.create(role=role, activity=activity, part=part, objective=of)
        gone = JobRole.objects.create(code="d_gone", name="Gone", retired=True)
        RoleDuty.objects.create(role=gone, activity="Letters", part="responsible")

        answer = browser(made, "ingrid").get(url("programme-show", made.account))

        table = answer.context["duties"]
        assert [role.name for role in table.roles] == ["Anchor", "Builder"]
        assert [
            (line.objective and line.objective.code, line.activity, [letter for letter, _words in line.cells])
            for line in table.rows
        ] == [("MER-O1", "Trial", ["A", "R"]), ("MER-O2", "", ["", ""]), (None, "Invoices", ["", "I"])]
        page = answer.content.decode()
        assert (
            'title="Accountable"><span aria-hidden="true">A</span><span class="hidden-words">Accountable<'
            in page
        )
        assert "no role is named yet" in page
        assert "Visits" not in page

    def test_gives_the_objectives_as_a_file(self, made):
        objective(made)

        text = browser(made, "maren").get(url("programme-show", made.account), {"format": "csv"}).getvalue()

        assert b"Win the second plant" in text
        assert b"2027-12-31" in text

    def test_hides_anothers_account(self, made, stranger):
        assert browser(made, "ingrid").get(url("programme-show", stranger)).status_code == 404
        assert browser(made, "priya").get(url("programme-show", made.account)).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made):
        counts = []
        for size in (1, 30):
            for number in range(AccountObjective.objects.count(), size):
                row = objective(made, code=f"O{number}")
                ObjectiveMilestone.objects.create(objective=row, name="Half", due_on=date(2027, 3, 31))
            client = browser(made, "maren")
            with CaptureQueriesContext(connection) as asked:
                client.get(url("programme-show", made.account))
            counts.append(len(asked))

        assert counts[0] == counts[1] <= 18


class TestProgrammePut:
    def test_keeps_what_was_said(self, made):
        answer = browser(made, "maren").post(url("programme-put", made.account), programme())

        account = StrategicAccount.objects.get(pk=made.account.pk)
        assert answer.status_code == 302
        assert (account.strategy, account.defend_weight, account.long_emphasis) == (
            "defend",
            D("0.6"),
            D("0.7"),
        )
        assert (account.cycle_months, account.opportunities_a_year, account.tier) == (9, 6, "key")
        assert AuditEvent.objects.filter(action="account_programme_put").exists()

    def test_refuses_weights_that_are_no_whole_and_keeps_them_typed(self, made):
        answer = browser(made, "maren").post(
            url("programme-put", made.account), programme(profit_weight="20")
        )

        assert answer.status_code == 422
        assert 'value="60 %"' in answer.content.decode()
        assert "100 % together" in answer.content.decode()
        assert StrategicAccount.objects.get(pk=made.account.pk).strategy == "grow"

    def test_is_for_compensation_admins(self, made):
        for name in ("ingrid", "jonas", "priya"):
            assert browser(made, name).get(url("programme-put", made.account)).status_code == 404

    def test_lays_mine_beside_theirs(self, made):
        seen = json.dumps(programme_state(account=made.account))
        StrategicAccount.objects.filter(pk=made.account.pk).update(tier="gold")

        answer = browser(made, "maren").post(url("programme-put", made.account), programme(seen=seen))
        page = answer.content.decode()

        assert answer.status_code == 409
        assert "gold" in page
        assert 'name="defend_weight" value="60 %"' in page


class TestObjectivePut:
    def test_writes_a_draft_of_the_kam_that_an_admin_agrees(self, made):
        browser(made, "ingrid").post(url("objective-new", made.account), written(made))
        row = AccountObjective.objects.get()
        assert (row.status, row.horizon_months, row.milestones.get().name) == ("draft", 18, "First order")

        seen = json.dumps(objective_state(objective=row))
        said = written(made, status="agreed", step_0_reached="2027-01-15", seen=seen)
        answer = browser(made, "maren").post(url("objective-put", made.account, row.pk), said)

        assert answer.status_code == 302
        row.refresh_from_db()
        assert row.status == "agreed"
        assert row.milestones.get().reached_on == date(2027, 1, 15)

    def test_refuses_a_milestone_after_the_end_and_keeps_it_typed(self, made):
        said = written(made, step_0_due="2027-12-31")

        answer = browser(made, "ingrid").post(url("objective-new", made.account), said)

        assert answer.status_code == 422
        assert "after the objective itself" in answer.content.decode()
        assert 'value="2027-12-31"' in answer.content.decode()
        assert not AccountObjective.objects.exists()

    def test_lets_no_kam_change_what_is_agreed(self, made):
        row = objective(made)

        assert browser(made, "ingrid").get(url("objective-put", made.account, row.pk)).status_code == 404
        answer = browser(made, "ingrid").post(
            url("objective-new", made.account), written(made, status="agreed")
        )
        assert answer.status_code == 422

    def test_hides_anothers_objective(self, made, stranger):
        row = objective(made)

        assert browser(made, "maren").get(url("objective-put", stranger, row.pk)).status_code == 404
        assert browser(made, "ingrid").get(url("objective-new", stranger)).status_code == 404

    def test_lays_mine_beside_theirs(self, made):
        row = objective(made)
        seen = json.dumps(objective_state(objective=row))
        AccountObjective.objects.filter(pk=row.pk).update(statement="Win the third plant")

        answer = browser(made, "maren").post(
            url("objective-put", made.account, row.pk), written(made, seen=seen, status="agreed")
        )

        assert answer.status_code == 409
        assert "Win the third plant" in answer.content.decode()


class TestTimeline:
    def test_stands_between_the_first_day_and_the_last(self, made):
        row = objective(made)
        step = ObjectiveMilestone(objective=row, name="Half", due_on=date(2026, 12, 31))

        drawn = timeline(rows=[ObjectiveRow(row, [step], None)], today=date(2027, 3, 1))

        assert (drawn.rows[0].x, drawn.rows[0].width) == (10, 700)
        assert drawn.rows[0].steps[0].x == 10 + 700 * 365 // 730
        assert drawn.rows[0].steps[0].state == "late"
        assert 400 < drawn.today < 500
        assert timeline(rows=[], today=date(2027, 3, 1)) is None
