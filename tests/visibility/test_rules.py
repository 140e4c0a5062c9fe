"""Who sees which rows, by role, of their own, their team's and a stranger's."""

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from psycopg2.extras import DateRange

from kamcomp.audit.models import AuditEvent
from kamcomp.identity.choices import Role
from kamcomp.identity.services import role_end, user_make
from kamcomp.visibility import NOBODY, RULES, NotForViewing, Viewer, viewer_of, visible
from kamcomp.visibility.page import visibility_page
from payouts.models import (
    Adjustment,
    Allocation,
    Dispute,
    Payout,
    PayoutLine,
    PlanException,
    Pool,
    Run,
    StatementReading,
)
from payouts.services.allocations import allocation_guideline, allocation_submit
from payouts.services.pools import pool_approve
from plans.models import Assignment, Plan, PlanVersion
from scorecards.models import Result
from teams.models import AccountNode, Membership, PayPackage, Person, StrategicAccount
from tests.payouts.company import AT, START
from tests.visibility.two_teams import IN_FORCE, day, reviewed, two_teams

pytestmark = pytest.mark.django_db
ROOMS = ("kamcomp", "teams", "scorecards", "plans", "payouts")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "visibility.md"
TODAY = day("2026-11-21")


@pytest.fixture
def made():
    return two_teams()


def people_of(rows, path="person__employee_id"):
    return set(rows.values_list(path, flat=True))


def viewer(made, name, on=TODAY):
    return viewer_of(user=made.user(name), on=on)


class TestEveryTable:
    def test_has_rules(self):
        tables = {model for model in apps.get_models() if model.__module__.split(".")[0] in ROOMS}

        assert tables - set(RULES) == set()

    def test_stands_on_the_page(self):
        said = "print it anew: manage.py visibility > docs/reference/visibility.md"

        assert PAGE.read_text(encoding="utf-8") == visibility_page(), said

    def test_is_empty_for_a_stranger_and_answers_every_role_each_row_once(self, made):
        ingrid = made.user("ingrid").pk
        for model in RULES:
            rows = model._default_manager.all()
            assert not visible(rows, to=AnonymousUser()).exists(), model
            assert not visible(rows, to=Viewer(user_id=ingrid, roles=frozenset(), on=TODAY)).exists(), model
            for role in Role:
                looker = Viewer(user_id=ingrid, roles=frozenset([role]), on=TODAY)
                found = list(visible(rows, to=looker).values_list("pk", flat=True))
                assert len(found) == len(set(found)) <= rows.count(), (model, role)

    def test_without_rules_refuses(self):
        with pytest.raises(NotForViewing, match="who sees rows of Session"):
            visible(apps.get_model("sessions.Session").objects.all(), to=NOBODY)


class TestPayee:
    def test_sees_a_payout_of_their_own_once_the_run_is_reviewed(self, made):
        assert not Payout.objects.visible_to(viewer(made, "sofia")).exists()

        reviewed(made)

        assert people_of(Payout.objects.visible_to(viewer(made, "sofia"))) == {"SOFIA"}
        assert people_of(
            PayoutLine.objects.visible_to(viewer(made, "sofia")), "payout__person__employee_id"
        ) == {"SOFIA"}
        assert Run.objects.visible_to(viewer(made, "sofia")).get() == made.run

    def test_sees_what_is_their_own_and_who_manages_the_account(self, made):
        sofia = viewer(made, "sofia")

        assert people_of(PayPackage.objects.visible_to(sofia)) == {"SOFIA"}
        assert people_of(Person.objects.visible_to(sofia), "employee_id") == {"SOFIA", "PAUL"}
        assert people_of(Membership.objects.visible_to(sofia)) == {"SOFIA", "PAUL"}
        assert people_of(Assignment.objects.visible_to(sofia)) == {"SOFIA"}
        assert StrategicAccount.objects.visible_to(sofia).get() == made.account
        assert people_of(AccountNode.objects.visible_to(sofia), "code") == {"KES", "KES-1"}
        assert Plan.objects.visible_to(sofia).get() == made.first.plan
        assert not AuditEvent.objects.visible_to(sofia).exists()

    def test_sees_a_pool_share_of_their_own_once_the_pool_is_approved(self, made):
        reviewed(made)
        pool, ingrid = Pool.objects.get(account=made.first.account), made.user("ingrid")
        allocation_guideline(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)
        pool.refresh_from_db()
        allocation_submit(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)

        assert not Allocation.objects.visible_to(viewer(made, "priya")).exists()
        assert not Pool.objects.visible_to(viewer(made, "priya")).exists()

        pool_approve(pool_id=pool.pk, by=made.user("anders"), at=AT)

        assert people_of(Allocation.objects.visible_to(viewer(made, "priya"))) == {"PM"}
        assert Pool.objects.visible_to(viewer(made, "priya")).get() == pool
        assert not Pool.objects.visible_to(viewer(made, "sofia")).exists()

    def test_of_no_team_sees_nobody(self, made):
        rolf = viewer(made, "rolf")

        assert not Person.objects.visible_to(rolf).exists()
        assert not Payout.objects.visible_to(rolf).exists()


class TestKam:
    def test_sees_payouts_of_their_account_once_calculated_and_no_others(self, made):
        paul, ingrid = viewer(made, "paul"), viewer(made, "ingrid")

        assert people_of(Payout.objects.visible_to(paul)) == {"PAUL", "SOFIA"}
        assert people_of(Payout.objects.visible_to(ingrid)) == {"KAM"}
        assert people_of(PayoutLine.objects.visible_to(ingrid), "payout__person__employee_id") == {"KAM"}

    def test_sees_only_the_lines_for_their_account_of_who_is_paid_elsewhere_too(self, made):
        Assignment.objects.create(
            person=made.people["sofia"],
            plan=made.first.plan,
            plan_version=made.first.version,
            account=made.first.account,
            valid=IN_FORCE,
        )
        PayoutLine.objects.create(
            payout=made.payouts["sofia"],
            number=2,
            period=made.first.quarters["2026-Q3"],
            leaf="REV",
            account=made.first.account,
            amount=0,
        )

        for name, account in (("paul", made.account), ("ingrid", made.first.account)):
            looker = viewer(made, name)
            lines = PayoutLine.objects.visible_to(looker).filter(payout=made.payouts["sofia"])
            assert lines.get().account == account
            assert "SOFIA" not in people_of(Payout.objects.visible_to(looker))

    def test_sees_the_team_but_not_what_it_is_promised(self, made):
        paul = viewer(made, "paul")

        assert people_of(Person.objects.visible_to(paul), "employee_id") == {"PAUL", "SOFIA"}
        assert people_of(PayPackage.objects.visible_to(paul)) == {"PAUL"}
        assert people_of(AccountNode.objects.visible_to(paul), "code") == {"KES", "KES-1"}

    def test_sees_the_packages_of_who_reports_to_them(self, made):
        made.people["sofia"].manager = made.people["paul"]
        made.people["sofia"].save(update_fields=["manager"])

        assert people_of(PayPackage.objects.visible_to(viewer(made, "paul"))) == {"PAUL", "SOFIA"}

    def test_sees_their_pool_from_the_start(self, made):
        reviewed(made)

        assert Pool.objects.visible_to(viewer(made, "ingrid")).get().account == made.first.account
        assert Allocation.objects.visible_to(viewer(made, "ingrid")).count() == 6
        assert not Allocation.objects.visible_to(viewer(made, "paul")).exists()

    def test_who_handed_the_account_on_sees_the_periods_before(self, made):
        seat = Membership.objects.get(person=made.people["paul"])
        Membership.objects.filter(person=made.people["sofia"]).update(seat="deputy")
        made.account.status = "review"
        made.account.save(update_fields=["status"])

        for last_day, seen_by_paul in (("2026-09-30", True), ("2026-09-29", False)):
            end = DateRange(START, day(last_day) + (TODAY - day("2026-11-20")))
            Membership.objects.filter(pk=seat.pk).update(valid=end)
            assert ("SOFIA" in people_of(Payout.objects.visible_to(viewer(made, "paul")))) is seen_by_paul
        assert not Result.objects.visible_to(viewer(made, "paul")).exists()

    def test_sees_no_run_before_it_is_calculated(self, made):
        Run.objects.filter(pk=made.run.pk).update(is_current=False)

        assert not Run.objects.visible_to(viewer(made, "paul")).exists()
        assert not Payout.objects.visible_to(viewer(made, "paul")).exists()


class TestDesk:
    @pytest.mark.parametrize("name", ["maren", "jonas", "sigrid", "ada"])
    def test_sees_everybody_who_is_paid(self, made, name):
        assert people_of(Payout.objects.visible_to(viewer(made, name))) == {"KAM", "PAUL", "SOFIA"}

    def test_of_a_program_sees_nobodys_pay_by_its_role_alone(self, made):
        reviewed(made)
        robot, desk = viewer(made, "robot"), viewer(made, "maren")

        for kind in (Run, Payout, PayoutLine, PayPackage, Allocation):
            assert kind.objects.visible_to(desk).exists(), kind
            assert not kind.objects.visible_to(robot).exists(), kind
        for kind in (Adjustment, Dispute, PlanException, StatementReading):
            assert Role.API_CLIENT not in RULES[kind].sights, kind

    def test_of_an_executive_sees_pay_only_where_they_decide_or_lead(self, made):
        reviewed(made)
        anders = viewer(made, "anders")

        assert not Payout.objects.visible_to(anders).exists()
        assert not PayPackage.objects.visible_to(anders).exists()
        assert not Allocation.objects.visible_to(anders).exists()
        assert Pool.objects.visible_to(anders).exists()
        assert PlanVersion.objects.visible_to(anders).exists()

        pool, ingrid = Pool.objects.get(account=made.first.account), made.user("ingrid")
        allocation_guideline(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)
        pool.refresh_from_db()
        allocation_submit(pool_id=pool.pk, version=pool.version, by=ingrid, at=AT)

        assert Allocation.objects.visible_to(anders).count() == 6

    @pytest.mark.parametrize(("name", "count"), [("maren", True), ("ada", True), ("jonas", False)])
    def test_sees_the_trail_as_comp_admin_and_auditor(self, made, name, count):
        assert AuditEvent.objects.visible_to(viewer(made, name)).exists() is count


class TestRoles:
    def test_count_on_the_days_they_are_granted_for(self, made):
        role_end(grant=made.user("ada").role_grants.get(), last_day=day("2026-10-31"))

        assert Payout.objects.visible_to(viewer(made, "ada", on=day("2026-10-31"))).exists()
        assert not Payout.objects.visible_to(viewer(made, "ada", on=day("2026-11-01"))).exists()

    def test_of_one_person_add_up(self, made):
        both = user_make(username="both", roles=[Role.PAYEE, Role.EXECUTIVE], since=START, by=None)
        made.people["sofia"].user = both
        made.people["sofia"].save(update_fields=["user"])
        reviewed(made)

        assert people_of(Payout.objects.visible_to(viewer_of(user=both, on=TODAY))) == {"SOFIA"}
        assert StrategicAccount.objects.visible_to(viewer_of(user=both, on=TODAY)).count() == 2

    def test_of_somebody_who_may_no_longer_sign_in_count_for_nothing(self, made):
        ada = made.user("ada")
        ada.is_active = False

        assert viewer_of(user=ada, on=TODAY) == NOBODY

    def test_are_asked_once_a_viewer(self, made, django_assert_max_num_queries):
        paul = viewer(made, "paul")
        list(Payout.objects.visible_to(paul))

        with django_assert_max_num_queries(1):
            list(Payout.objects.visible_to(paul))
