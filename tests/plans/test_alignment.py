"""The alignment of an account's team: roles by measures, who and what is left out, targets that add up or not."""

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from kamcomp.visibility import viewer_of
from plans.choices import PlanType, VersionStatus
from plans.models import Assignment, Plan, PlanVersion
from plans.selectors.alignment import alignment
from scorecards.models import Metric, Target, Transaction
from teams.models import AccountObjective, Employment, JobRole, Membership, Person, PersonDetails
from tests.laws import rows
from tests.payouts.company import ALWAYS, AT, START, TERMS, D, company, document

pytestmark = pytest.mark.django_db
ON = date(2026, 9, 1)
Q3 = DateRange(date(2026, 7, 1), date(2026, 10, 1))


@pytest.fixture
def made(db):
    return company(pool=TERMS | {"funding": {"rule": "targets_times_result"}})


def look(made, name="maren", on=ON):
    return alignment(account=made.account, viewer=viewer_of(user=made.user(name), on=ON), on=on)


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def show(made, name="maren", account=None, **query):
    url = reverse("plans:alignment-show", args=[(account or made.account).pk])
    return browser(made, name).get(url, {"as_of": ON.isoformat()} | query)


def paid_on(made, person, metric, *, account=None, code="OPS"):
    """Publish a plan without a pool that pays on one metric, and put somebody on it."""
    whole = document(pool=None) | {"code": code, "name": f"Plan {code}"}
    whole["incentive"]["children"][0]["metric"] = metric
    plan = Plan.objects.create(
        code=code, name=f"Plan {code}", plan_type=PlanType.TEAM_PERFORMANCE, calendar=made.calendar
    )
    days = DateRange(START, date(2027, 1, 1))
    version = PlanVersion.objects.create(
        plan=plan, number=1, valid=days, document=whole, digest="0" * 64, currency="EUR", prepared_by=made.user("maren")
    )  # fmt: skip
    version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, made.user("anders"), AT
    version.save(update_fields=["status", "approved_by", "approved_at"])
    version.status, version.published_by, version.published_at = (
        VersionStatus.PUBLISHED,
        made.user("maren"),
        AT,
    )
    version.save(update_fields=["status", "published_by", "published_at"])
    return Assignment.objects.create(
        person=made.people[person],
        plan=plan,
        plan_version=version,
        account=account or made.account,
        valid=days,
    )


def invoiced(made, on, revenue):
    Transaction.objects.create(
        source_id=f"{on}/{revenue}", date=on, node=made.account.node, revenue=D(revenue), currency="EUR"
    )


def out_of_the_pool(*people, reason=""):
    Membership.objects.filter(person__in=people).update(pool_eligible=False, opt_out_reason=reason)


def found(made, rule, **asked):
    return [one.message for one in look(made, **asked).report.of(rule)]


class TestAlignment:
    def test_says_which_role_is_paid_on_what_and_how(self, made):
        seen = look(made)
        kam, *others = seen.rows

        assert (kam.role, kam.plans, dict(kam.weights)) == ("Key account manager", ("Growth",), {"M01": D(1)})
        assert {(row.pools, row.shared) for row in others} == {(("Growth",), frozenset({"M01"}))}
        assert seen.people == 7

    def test_finds_sales_on_revenue_against_operations_on_margin(self, made):
        out_of_the_pool(made.people["LOG"])
        assert found(made, "L20") == []

        paid_on(made, "LOG", "M03")

        said = " ".join(found(made, "L20"))
        assert "Key account manager is paid on revenue growth and LOG on margin, and they share 0 %" in said

    def test_marks_what_one_role_alone_is_paid_on(self, made):
        paid_on(made, "LOG", "M03")

        alone = {one.code: one.roles for one in look(made).measures if one.is_alone}

        assert alone["M03"] == ("LOG",)

    def test_names_members_that_nothing_pays_unless_they_opted_out(self, made):
        assert look(made).left_out == 0

        out_of_the_pool(made.people["CSR"])
        out_of_the_pool(made.people["BIL"], reason="Paid by the region")

        assert look(made).left_out == 1
        assert found(made, "L42") == ["1 people serve Meridian and are in no plan and no pool: =CSR Doe."]

    def test_names_objectives_that_no_plan_pays_for(self, made):
        for code, metric in (("O1", "M01"), ("O2", "M06")):
            AccountObjective.objects.create(
                account=made.account, code=code, owner=made.people["KAM"], statement=f"Reach {code}",
                metric_code=metric, due_on=date(2026, 12, 31),
            )  # fmt: skip
        assert [(one.code, one.paid) for one in look(made).objectives] == [("O1", True), ("O2", False)]
        assert found(made, "L17") == ["Nobody is rewarded for objective O2 of Meridian: Reach O2."]

        paid_on(made, "LOG", "M06")

        assert look(made).unpaid == 0  # one plan that pays for it is enough
        assert found(made, "L17") == []

    def test_compares_individual_targets_with_the_accounts(self, made):
        metric = Metric.objects.get(code="M01")
        whole = {"metric": metric, "days": Q3, "currency": "EUR"}
        Target.objects.create(node=made.account.node, value=D(1000), **whole)
        for name, value in (("KAM", 600), ("PM", 300)):
            Target.objects.create(person=made.people[name], value=D(value), **whole)

        (row,) = look(made).cascade

        assert (row.account, row.individuals, row.difference, row.people) == (D(1000), D(900), D(-100), 2)
        assert row.ratio == D("0.9")
        assert "90.0% of the account" in show(made).content.decode()
        assert "sum to 90 % of the target of Meridian" in found(made, "L18")[0]
        assert look(made, on=date(2026, 10, 1)).cascade == ()

    def test_says_when_the_end_of_a_period_was_pushed_and_taken_back(self, made):
        quarter = made.calendar.periods.get(code="2026-Q2")
        rows.period_lock(quarter)
        for month, revenue in ((4, 100), (5, 100), (6, 400)):
            invoiced(made, date(2026, month, 10), revenue)
        assert found(made, "L74") == []

        invoiced(made, date(2026, 7, 3), -100)

        assert found(made, "L74") == [
            "The last month of 2026-Q2 stands at 200 % of its mean for Meridian, and 25 % was reversed after."
        ]

    def test_lays_leaders_side_by_side_with_what_their_people_share(self, made):
        out_of_the_pool(made.people["LOG"])
        paid_on(made, "LOG", "M03")
        for name, leader in (("KAM", made.people["PM"]), ("LOG", made.people["CSR"])):
            Membership.objects.filter(person=made.people[name]).update(leader=leader)

        led = {one.leader: one for one in look(made).led}

        assert [one.people for one in led.values()] == [1, 1]
        assert all(not one.shared for one in led.values())
        assert len(found(made, "L54")) == 1
        assert "By whom they report to" in show(made).content.decode()

    def test_counts_only_what_this_account_pays(self, made):
        other = rows.account()
        out_of_the_pool(made.people["LOG"])
        paid_on(made, "LOG", "M03", account=other)

        (log,) = [row for row in look(made).rows if row.role == "LOG"]

        assert (dict(log.weights), log.plans, log.paid) == ({}, (), True)

    def test_says_so_where_no_plan_pays(self, made):
        seen = look(made, on=date(2027, 6, 1))

        assert not seen.has_plan
        assert {row.paid for row in seen.rows} == {False}
        assert "No plan pays for this account on this day" in show(made, as_of="2027-06-01").content.decode()


class TestAlignmentShow:
    def test_shows_the_matrix_and_what_to_do(self, made):
        out_of_the_pool(made.people["CSR"])

        page = show(made).content.decode()

        assert "Alignment of Meridian" in page
        assert "Supporter uncovered" in page
        assert "Add them to the pool, or note that they opted out." in page
        assert "60,000" not in page  # nobody's pay

    def test_gives_the_cells_as_a_file(self, made):
        answer = show(made, format="csv")
        lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

        assert lines[0]["measure"] == "M01"
        assert {line["how"] for line in lines} == {"plan", "pool"}
        assert show(made, format="xlsx")["Content-Type"].endswith("spreadsheetml.sheet")

    def test_is_there_for_the_manager_without_what_others_pay_their_people(self, made):
        out_of_the_pool(made.people["LOG"])
        paid_on(made, "LOG", "M03", account=rows.account())

        page = show(made, "ingrid").content.decode()

        assert "Alignment of Meridian" in page
        assert "Not shown to you" in page
        assert "A plan of another account" not in page

    def test_is_not_there_for_others(self, made):
        assert show(made, "ingrid", account=rows.account()).status_code == 404
        for name in ("priya", "anders"):
            assert show(made, name).status_code == 404
            assert browser(made, name).get(reverse("plans:alignment-next")).status_code == 404

    def test_leads_to_the_account_asked_for(self, made):
        other, maren = rows.account(), browser(made, "maren")
        url = reverse("plans:alignment-next")

        there = maren.get(url, {"account": str(other.pk), "as_of": "2026-09-01"}).headers["Location"]

        assert there == reverse("plans:alignment-show", args=[other.pk]) + "?as_of=2026-09-01"
        assert maren.get(url).headers["Location"] == reverse("plans:alignment-show", args=[made.account.pk])
        assert maren.get(url, {"account": "none"}).status_code == 404

    def test_costs_the_same_at_two_sizes(self, made):
        counts = []
        for number in (0, 12):
            for each in range(number):
                person = Person.objects.create(employee_id=f"X{each}")
                PersonDetails.objects.create(person=person, legal_name=f"X{each}")
                Employment.objects.create(
                    person=person, employer="H", jurisdiction="DE", payroll_currency="EUR", valid=ALWAYS
                )
                role = JobRole.objects.create(code=f"x{each}", name=f"X{each}")
                Membership.objects.create(
                    account=made.account, person=person, role=role, link="direct", dedication=D("0.5"), valid=ALWAYS
                )  # fmt: skip
                made.people[f"X{each}"] = person
                paid_on(made, f"X{each}", "M03", code=f"C{each}")
            client = browser(made, "maren")
            url = reverse("plans:alignment-show", args=[made.account.pk])
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url, {"as_of": ON.isoformat()}).status_code == 200
            counts.append(len(asked))

        assert counts[0] == counts[1] <= 12
