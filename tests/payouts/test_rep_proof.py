"""Regional representatives beside a plan: what its people take of their commission, kept, shown and checked."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.identity.selectors import RoleMissing
from payouts.models import ReplayPerson
from payouts.selectors.replays import NothingToReplay, reps_replayed
from payouts.services.replays import rep_proof_make
from plans.checks.registry import checked
from plans.models import Assignment, Replay
from plans.selectors.pictures import picture_of_version
from scorecards.choices import CreditType
from scorecards.models import Credit
from teams.models import Employment, Person
from tests.laws import rows
from tests.payouts.crowd import YEAR, document, published
from tests.payouts.quarters import closed, quarters, sold
from tests.payouts.test_run_inputs import invoice

D = Decimal
COMMISSION = {"code": "COM", "kind": "commission", "credit_types": ["direct", "split"],
              "tiers": [{"from": "0", "rate": "0.02"}]}  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def past(django_db_setup, django_db_blocker):
    """Two closed quarters: one representative keeps the whole credit, one shares it with the account's manager."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = quarters()
        made.reps = [representative(made, name) for name in ("R1", "R2", "R3")]
        regional = published(
            calendar=made.version.plan.calendar,
            users=made.users,
            code="REG",
            document=document(
                code="REG", incentive={"weight": "1", "children": []}, commissions=[COMMISSION]
            ),
        )
        made.regional = regional
        for person in made.reps:
            Assignment.objects.create(person=person, plan=regional.plan, plan_version=regional, valid=YEAR)
        kam = made.people[0]
        whole = invoice(made, date(2026, 2, 3), "100000", to=made.reps[0])
        credit(whole, kam, "1", CreditType.OVERLAY)
        shared = invoice(
            made, date(2026, 2, 4), "100000", to=made.reps[1], share="0.75", kind=CreditType.SPLIT
        )
        credit(shared, kam, "0.25", CreditType.SPLIT)
        three = invoice(made, date(2026, 5, 4), "100000", to=made.reps[1], share="0.5", kind=CreditType.SPLIT)
        credit(three, made.reps[2], "0.3", CreditType.SPLIT)
        credit(three, kam, "0.2", CreditType.SPLIT)
        invoice(made, date(2026, 5, 5), "100000", to=kam)
        for code in ("2026-Q1", "2026-Q2"):
            for account in (0, 1):
                sold(made, code, "1200000", account=account)
            closed(made, code)
        yield made
        transaction.set_rollback(True)


def representative(made, employee_id):
    person = Person.objects.create(employee_id=employee_id, cost_centre="CC2")
    Employment.objects.create(
        person=person, employer="Halden", jurisdiction="DE", payroll_currency="EUR", valid=YEAR
    )
    return person


def credit(line, person, share, kind):
    Credit.objects.create(source_id=line.source_id, person=person, credit_type=kind, share=D(share))


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.users[name])
    return client


def page_of(version):
    return reverse("payouts:rep-proof", args=[version.pk])


class TestRepsReplayed:
    def test_gives_back_what_the_plans_people_took(self, past):
        found = reps_replayed(version=past.version)

        by_name = {each.employee_id: each for each in found.people.values()}
        assert {name: (each.paid, each.replayed) for name, each in by_name.items()} == {
            "R1": (2_000, 2_000),  # overlay stands beside the whole
            "R2": (
                2_500,
                3_250,
            ),  # 1,500 + 1,000 as paid; 2,000 + 1,250 without the manager's quarter and fifth
            "R3": (600, 750),
        }
        assert by_name["R2"].periods == {"2026-Q1": (1_500, 2_000), "2026-Q2": (1_000, 1_250)}
        assert len(found.problems) == 1
        assert found.problems[0].startswith(
            "2026-Q2: invoice lines credited to the people of CROWD alone: 1."
        )

    def test_is_nothing_beside_a_plan_whose_people_hold_no_credit_or_where_nobody_else_earns_commission(
        self, past
    ):
        other = published(
            calendar=past.version.plan.calendar,
            users=past.users,
            code="OTHER",
            document=document(code="OTHER"),
        )
        assert all(each.paid == each.replayed for each in reps_replayed(version=other).people.values())
        with pytest.raises(NothingToReplay, match=r"Nobody beside REG was paid a commission in EUR"):
            reps_replayed(version=past.regional)


def words(answer):
    """Return what a page says, without its markup: a token in it may hold any two characters."""
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


class TestRepProofMake:
    def test_is_the_evidence_of_the_check_that_blocks(self, past):
        before = checked(picture=picture_of_version(version=past.version, on=timezone.localdate()))
        assert {one.rule: one.lacks for one in before.not_known}[
            "L51"
        ] == "the replay of regional representatives"

        kept = rep_proof_make(version_id=past.version.pk, by=past.users["jonas"], at=timezone.now())

        assert kept.figures["changes"] == {"R1": "0", "R2": "-750", "R3": "-150"}
        assert (kept.kind, kept.people_of, kept.periods) == ("reps", ["REG"], ["2026-Q1", "2026-Q2"])
        picture = picture_of_version(version=past.version, on=timezone.localdate())
        assert picture.facts.evidence.replayed_periods == 0  # it says nothing of the plan's own people
        found = checked(picture=picture).of("L51")
        assert [(one.about, one.value) for one in found] == [("R2", 750), ("R3", 150)]

    def test_is_refused_to_others(self, past):
        with pytest.raises(RoleMissing, match="Replaying representatives"):
            rep_proof_make(version_id=past.version.pk, by=past.users["anders"], at=timezone.now())


class TestRepProof:
    def test_replays_and_shows_who_loses_and_gives_it_as_a_file(self, past):
        client, page = browser(past), page_of(past.version)
        assert "Not replayed yet" in client.get(page).content.decode()

        said = client.post(page, follow=True).content.decode()

        assert "2 representatives lose commission by this plan." in said
        assert "1 of 3 paid the same" in said
        assert "−900.00" in said
        lines = b"".join(client.get(page, {"format": "csv", "who": "less"})).decode("utf-8-sig").splitlines()
        assert lines[0] == "name,employee_id,with_the_plan,without_it,change,currency"
        told = [line.split(",") for line in lines[1:]]
        assert [(each[1], *map(D, each[2:5])) for each in told] == [
            ("R2", 2_500, 3_250, -750),
            ("R3", 600, 750, -150),
        ]

    def test_says_why_not(self, past):
        answer = browser(past).post(page_of(past.regional))

        assert answer.status_code == 422
        assert "Nobody beside REG was paid a commission" in answer.content.decode()
        assert not Replay.objects.exists()

    def test_is_not_there_for_others_and_shows_nobody_to_an_executive(self, past):
        rep_proof_make(version_id=past.version.pk, by=past.users["maren"], at=timezone.now())
        page = page_of(past.version)

        assert browser(past, "ingrid").get(page).status_code == 404
        assert browser(past, "anders").post(page).status_code == 404
        assert "R2" in words(browser(past).get(page))
        seen = words(browser(past, "anders").get(page))
        assert "fewer than five people" in seen
        assert "R2" not in seen
        assert "3,250.00" not in seen
        assert browser(past).get(reverse("payouts:replay-show", args=[past.version.pk]), {
            "replay": str(Replay.objects.get().pk)}).status_code == 404  # fmt: skip

    def test_costs_the_same_for_few_and_for_many(self, past):
        kept = rep_proof_make(version_id=past.version.pk, by=past.users["maren"], at=timezone.now())
        client, page = browser(past), page_of(past.version)
        client.get(page)
        with CaptureQueriesContext(connection) as few:
            client.get(page)
        ReplayPerson.objects.bulk_create(
            ReplayPerson(replay=kept, person=rows.person(), currency="EUR", target=0, paid=2, replayed=1,
                         difference=-1, figures={})
            for _ in range(60)
        )  # fmt: skip
        with CaptureQueriesContext(connection) as many:
            client.get(page)

        assert len(few) == len(many) <= 12
