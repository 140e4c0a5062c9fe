"""People put on a plan: by account and role, on its own terms, and on others once their exception is approved."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from payouts.models import PlanException
from payouts.services import assignments, exceptions
from plans.choices import Loading
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, PlanVersion
from plans.services.assignments import (
    DayOutside,
    DaysReversed,
    TermsChanged,
    TermsTooLate,
    assignment_override,
)
from plans.services.versions import version_approve, version_put_in_force
from tests.laws import rows
from tests.payouts.company import AT, company

D = Decimal
pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 10, 15), date(2026, 12, 31)


@pytest.fixture
def made():
    """The company on 14 October 2026."""
    with time_machine.travel(AT):
        made = company()
        made.page = reverse("payouts:assignments-make", args=[made.version.pk])
        yield made


def browser(made, name="maren"):
    client = Client()
    client.force_login(made.user(name))
    return client


def terms(**values):
    return assignments.Terms(
        **{
            "share": D("0.6"), "values": {}, "since": date(2026, 11, 1), "last_day": date(2026, 11, 30),
            "amount": D("250.00"), "reason": "Half of the work is elsewhere", **values,
        }
    )  # fmt: skip


def put(made, name="PM", *, by="maren", asked=None, assignment=None, **values):
    chosen = assignments.Chosen(person=made.people[name], account=made.account, assignment=assignment)
    return assignments.assignments_make(
        **{
            "version_id": made.version.pk, "chosen": [chosen], "since": FIRST, "last_day": None, "values": {},
            "terms": asked, "by": made.user(by), "at": AT, **values,
        }
    )  # fmt: skip


def decided(made, exception, *, approve=True):
    exceptions.exception_review(exception_id=exception.pk, by=made.user("jonas"), at=AT)
    return exceptions.exception_decide(
        exception_id=exception.pk, approve=approve, words="No", by=made.user("anders"), at=AT
    )


def held(person):
    found = Assignment.objects.filter(person=person).order_by("valid")
    return [(each.span.since, each.span.last, each.share) for each in found]


class TestAssignmentsMake:
    def test_puts_those_ticked_on_the_plan_and_asks_for_other_terms(self, made):
        client, people = browser(made), made.people
        version = reverse("plans:version-show", args=[made.version.pk])
        assert made.page in client.get(version).content.decode()
        page = client.get(made.page).content.decode()
        assert "=PM Doe" in page
        keys = [f"new:{people[name].pk}:{made.account.pk}" for name in ("PM", "SA")]
        typed = {
            "who": keys, "since": "2026-10-15", "last_day": "", "share": "60", "terms_since": "2026-11-01",
            "terms_last_day": "2026-11-30", "amount": "250", "reason": "Half of the work is elsewhere",
        }  # fmt: skip

        answer = client.post(made.page, {**typed, "amount": ""})
        assert answer.status_code == 422
        kept = answer.content.decode()
        assert "say what it costs and why" in kept
        assert f'value="{keys[0]}" checked' in kept
        answer = client.post(made.page, typed)

        assert answer["Location"] == reverse("payouts:exception-list")
        asked = PlanException.objects.order_by("number")
        assert [(each.person, each.kind, each.amount, each.expires_on) for each in asked] == [
            (people[name], "terms", D("250"), date(2026, 11, 30)) for name in ("PM", "SA")
        ]
        assert held(people["PM"]) == [(FIRST, LAST, 1)]
        shown = client.get(reverse("payouts:exception-show", args=[asked[0].pk])).content.decode()
        assert "Terms asked for" in shown
        assert '<td class="n">100.0%</td><td class="n">60.0%</td>' in shown
        decided(made, asked[0])
        decided(made, asked[1], approve=False)
        before, during, after = held(people["PM"])
        assert before == (FIRST, date(2026, 10, 31), 1)
        assert during == (date(2026, 11, 1), date(2026, 11, 30), D("0.6"))
        assert after == (date(2026, 12, 1), LAST, 1)
        assert held(people["SA"]) == [(FIRST, LAST, 1)]

    def test_shows_by_role_and_name_and_takes_all_that_are_shown(self, made):
        client, role = browser(made), made.people["PM"].memberships.get().role
        named = client.get(made.page, {"q": "log"}).content.decode()
        assert "=LOG Doe" in named
        assert "=PM Doe" not in named

        client.post(f"{made.page}?role={role.pk}", {"act": "all", "since": "2026-10-15"})

        begun = Assignment.objects.filter(valid__startswith=FIRST)
        assert list(begun.values_list("person__employee_id", flat=True)) == ["PM"]

    def test_is_the_compensation_admins_and_of_published_versions(self, made):
        for name in ("jonas", "anders", "ingrid"):
            assert browser(made, name).get(made.page).status_code == 404
        draft = PlanVersion.objects.create(
            plan=made.plan, number=2, valid=made.version.valid, document=made.version.document, digest="1" * 64,
            currency="EUR", prepared_by=made.user("maren"),
        )  # fmt: skip
        assert browser(made).get(reverse("payouts:assignments-make", args=[draft.pk])).status_code == 404

    def test_costs_the_same_for_one_and_for_many(self, made):
        client, asked = browser(made), PlanException.objects
        typed = {
            "act": "all",
            "since": "2026-10-15",
            "share": "60",
            "amount": "250",
            "reason": "Elsewhere too",
        }
        client.get(made.page)
        with CaptureQueriesContext(connection) as few:
            client.get(made.page)
        with CaptureQueriesContext(connection) as few_put:
            client.post(made.page, typed)
        assert asked.count() == (on_it := Assignment.objects.count())
        for _ in range(20):
            rows.membership(account=made.account)
        with CaptureQueriesContext(connection) as many:
            client.get(made.page)
        with CaptureQueriesContext(connection) as many_put:
            client.post(made.page, typed)

        assert len(few) == len(many) <= 12
        assert Assignment.objects.count() == on_it + 20
        assert asked.count() == on_it + on_it + 20
        assert len(many_put) <= len(few_put) <= 60

    def test_asks_for_what_a_version_that_follows_reads(self, made):
        document = {**made.version.document, "commissions": [commission()]}
        later = PlanVersion.objects.create(
            plan=made.plan, number=2, valid=DateRange(date(2026, 12, 1), date(2027, 1, 1)), document=document,
            digest=plan_digest(plan_from_document(document)), currency="EUR", prepared_by=made.user("maren"),
            loading=Loading.HISTORY, loading_reason="A year that was paid before",
        )  # fmt: skip
        version_approve(version_id=later.pk, by=made.user("anders"), at=AT)
        version_put_in_force(version_id=later.pk, by=made.user("maren"), at=AT)
        assert "Rate" in browser(made).get(made.page).content.decode()

        with pytest.raises(assignments.ValuesMissing, match="v2 reads rate of each person"):
            put(made)
        put(made, last_day=date(2026, 11, 30))
        put(made, "SA", values={"rate": D("0.03")})

        assert [each.plan_version.number for each in made.people["SA"].assignments.order_by("valid")] == [
            1,
            2,
        ]

    def test_asks_for_terms_of_days_that_are_over_in_an_open_period(self, made):
        (exception,) = put(
            made, since=date(2026, 10, 1), asked=terms(since=date(2026, 10, 1), last_day=date(2026, 10, 10))
        ).exceptions

        assert (exception.terms["last_day"], exception.expires_on) == ("2026-10-10", AT.date())
        decided(made, exception)
        assert [share for *_days, share in held(made.people["PM"])] == [D("0.6"), 1]

    def test_refuses_what_does_not_hold(self, made):
        with pytest.raises(assignments.NobodyChosen):
            put(made, chosen=[])
        with pytest.raises(assignments.OwnAssignment, match="somebody else does"):
            made.people["SA"].user = made.user("olga")
            made.people["SA"].save()
            put(made, "SA", by="olga")
        with pytest.raises(assignments.TermsUnsound, match="are those of Growth"):
            put(made, asked=terms(share=D(1)))
        with pytest.raises(DaysReversed, match="2026-10-01 is before 2026-10-15"):
            put(made, last_day=date(2026, 10, 1))
        with pytest.raises(DaysReversed, match="2026-10-31 is before 2026-11-01"):
            put(made, asked=terms(last_day=date(2026, 10, 31)))
        with pytest.raises(DayOutside, match="from 2026-10-15 to 2026-12-31"):
            put(made, asked=terms(since=date(2026, 10, 1)))
        document = {**made.version.document, "commissions": [commission()]}
        PlanVersion.objects.create(
            plan=made.plan, number=2, valid=made.version.valid, document=document, digest="1" * 64,
            currency="EUR", prepared_by=made.user("maren"),
        )  # fmt: skip
        with pytest.raises(assignments.ValuesMissing, match="reads rate of each person"):
            put(made, version_id=PlanVersion.objects.get(number=2).pk)
        assert not Assignment.objects.exclude(pk=made.assignment.pk).exists()
        assert not PlanException.objects.exists()


class TestAssignmentOverride:
    def test_of_who_is_on_it_from_the_first_day_changes_that_assignment(self, made):
        made_first = put(made, asked=terms(since=FIRST, last_day=LAST))
        (exception,) = made_first.exceptions

        decided(made, exception)

        assert held(made.people["PM"]) == [(FIRST, LAST, D("0.6"))]
        exception.refresh_from_db()
        assert exception.terms["usual"]["share"] == "1"

    def test_leaves_a_share_that_is_not_asked_for_as_it_is(self, made):
        Assignment.objects.filter(pk=made.assignment.pk).update(share=D("0.5"))
        made.assignment.refresh_from_db()

        asked = terms(share=None, values={"rate": D("0.04")})
        (exception,) = put(made, "KAM", asked=asked, assignment=made.assignment).exceptions

        assert (D(exception.terms["share"]), exception.terms["values"]) == (D("0.5"), {"rate": "0.04"})

    def test_takes_the_place_of_those_terms_alone_that_it_was_asked_against(self, made):
        whole = {"since": FIRST, "last_day": LAST}
        (first,) = put(made, asked=terms(**whole)).exceptions
        on_it = first.assignment
        asked = terms(share=None, values={"rate": D("0.04")}, **whole)
        (second,) = put(made, asked=asked, assignment=on_it).exceptions
        decided(made, first)

        with transaction.atomic(), pytest.raises(TermsChanged, match="ask for them again"):
            decided(made, second)

        assert held(made.people["PM"]) == [(FIRST, LAST, D("0.6"))]

    def test_waits_for_somebody_who_begins_after_the_next_version_does(self, made):
        (exception,) = put(made, since=date(2026, 11, 15), asked=terms(since=date(2026, 11, 20))).exceptions
        second = PlanVersion.objects.create(
            plan=made.plan, number=2, valid=DateRange(date(2026, 11, 1), date(2027, 1, 1)),
            document=made.version.document, digest=plan_digest(plan_from_document(made.version.document)),
            currency="EUR", prepared_by=made.user("maren"), loading=Loading.HISTORY,
            loading_reason="A year that was paid before",
        )  # fmt: skip
        version_approve(version_id=second.pk, by=made.user("anders"), at=AT)
        version_put_in_force(version_id=second.pk, by=made.user("maren"), at=AT)

        exception.refresh_from_db()
        assert exception.assignment.plan_version == second
        decided(made, exception)
        assert [share for *_days, share in held(made.people["PM"])] == [1, D("0.6"), 1]

    def test_is_asked_for_somebody_who_is_on_it_already_and_never_of_locked_days(self, made):
        (exception,) = put(made, "KAM", asked=terms(), assignment=made.assignment).exceptions
        assert exception.assignment == made.assignment
        Period.objects.filter(pk=made.quarters["2026-Q4"].pk).update(status=PeriodStatus.COLLECTING)
        rows.period_lock(made.quarters["2026-Q4"])

        with pytest.raises(TermsTooLate, match="2026-Q4 is locked: other terms begin on 2027-01-01"):
            assignment_override(
                assignment_id=made.assignment.pk, since=date(2026, 11, 1), last_day=LAST, share=D("0.5"),
                parameters={}, usual={"share": D(1), "parameters": {}}, by=made.user("maren"),
            )  # fmt: skip
        assert held(made.people["KAM"]) == [(date(2026, 1, 1), LAST, 1)]


def commission():
    """Return a commission at each one's own rate."""
    return {
        "code": "COM", "kind": "commission", "base": "revenue", "credit_types": ["direct"],
        "tiers": [{"from": "0", "rate": {"parameter": "rate"}}],
    }  # fmt: skip
