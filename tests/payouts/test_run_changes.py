"""Changes inside a period: another account, another version of the plan."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from psycopg2.extras import DateRange

from payouts.models import Payout, PayoutLine
from payouts.services.verify import verify_run
from plans.choices import PlanType, VersionStatus
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, Plan, PlanVersion
from tests.payouts.crowd import END, START, Crowd, crowd
from tests.payouts.test_run_inputs import goal, only, package, run_of

D = Decimal
AT = datetime(2026, 10, 6, 9, tzinfo=UTC)
AUGUST = date(2026, 8, 1)
pytestmark = pytest.mark.django_db(transaction=True)


class TestAnotherAccount:
    def test_is_paid_by_days_on_each_and_settled_once(self):
        made = crowd(1, plan=only(goal("SALES", metric="XSALES")))
        person = made.people[0]
        package(person, variable_target=D(36_801))
        person.assignments.update(valid=DateRange(START, AUGUST))
        Assignment.objects.create(
            person=person, plan=made.version.plan, plan_version=made.version, account=made.accounts[1],
            valid=DateRange(AUGUST, END),
        )  # fmt: skip

        run = run_of(made)

        # 9,200.25 a quarter of 92 days: 31 days at 1.074246 are 3,330.2531, 61 at 1.156246 are 7,053.2923.
        # Together 10,383.5454; settled apart they would be a cent less.
        payout = Payout.objects.get(run=run)
        assert payout.amount == D("10383.55")
        lines = PayoutLine.objects.filter(payout=payout).order_by("number")
        assert {line.account.node.code for line in lines} == {"MER", "GAG"}
        assert sum(line.amount for line in lines) == payout.amount
        assert not verify_run(run=run).findings


class TestAnotherVersion:
    def versions(self, made: Crowd) -> list[PlanVersion]:
        """Put the person on a first version in July, and on a second with a steeper curve from August on."""
        steeper = {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "3.00"]]}
        plan = Plan.objects.create(
            code="TWO", name="Two", plan_type=PlanType.TEAM_PERFORMANCE, calendar=made.period.calendar
        )
        made.people[0].assignments.all().delete()
        versions = []
        for number, days, curve in (
            (1, DateRange(START, AUGUST), {}),
            (2, DateRange(AUGUST, END), {"curve": steeper}),
        ):
            document = only(goal("SALES", metric="XSALES", **curve)) | {"code": "TWO"}
            version = PlanVersion.objects.create(
                plan=plan, number=number, valid=days, document=document, currency="EUR",
                digest=plan_digest(plan_from_document(document)), prepared_by=made.users["maren"],
            )  # fmt: skip
            for status, by in (("approved", made.users["anders"]), ("published", made.users["maren"])):
                version.status = VersionStatus(status)
                setattr(version, f"{status}_by", by)
                setattr(version, f"{status}_at", AT)
                version.save()
            Assignment.objects.create(
                person=made.people[0], plan=plan, plan_version=version, account=made.accounts[0], valid=days
            )
            versions.append(version)
        return versions

    def test_is_a_payout_of_its_own_for_its_days(self):
        made = crowd(1)
        package(made.people[0], variable_target=D(36_800))
        first, second = self.versions(made)

        run = run_of(made)

        # 9,200 a quarter of 92 days. July: 3,100 x 1.074246; from August on: 6,100 x 1.148492.
        paid = dict(Payout.objects.filter(run=run).values_list("plan_version", "amount"))
        assert paid == {first.pk: D("3330.16"), second.pk: D("7005.80")}
        assert run.people == 1
        assert run.totals == {"EUR": "10335.96"}
