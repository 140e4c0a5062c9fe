"""Effective-dated rows: no overlap, no empty span, whoever writes and however many at once."""

from operator import methodcaller
from uuid import uuid4

import psycopg2
import pytest

from kamcomp.calendar.models import Period
from kamcomp.identity.models import RoleGrant
from kamcomp.policy.models import PolicySetting
from plans.models import Assignment, PlanVersion
from teams.models import AccountNumber, Employment, Membership, PayPackage
from tests.laws import rows
from tests.laws.breaking import MADE, refused, together

WRITERS = 16


def employment():
    return Employment.objects.create(
        person=rows.person(),
        employer="X",
        jurisdiction="DE",
        payroll_currency="EUR",
        valid=rows.days("2026-01-01"),
    )


def package():
    return PayPackage.objects.create(
        person=rows.person(), base_salary=1, currency="EUR", valid=rows.days("2026-01-01")
    )


def number():
    return AccountNumber.objects.create(
        node=rows.node(), source="erp", number="1", valid=rows.days("2026-01-01")
    )


def grant():
    return RoleGrant.objects.create(user=rows.user(), role="payee", valid=rows.days("2026-01-01"))


def setting():
    return PolicySetting.objects.create(key="k", value=1, valid=rows.days("2026-01-01"))


def assignment():
    return rows.assignment(rows.version())


DATED = {
    "employments_do_not_overlap": (Employment, employment),
    "pay_packages_do_not_overlap": (PayPackage, package),
    "memberships_do_not_overlap": (Membership, lambda: rows.membership(dedication=0)),
    "account_numbers_mean_one_node_a_day": (AccountNumber, number),
    "role_grants_do_not_overlap": (RoleGrant, grant),
    "policy_settings_one_value_a_day": (PolicySetting, setting),
    "plans_one_published_version_a_day": (PlanVersion, rows.version),
    "assignments_do_not_overlap": (Assignment, assignment),
    "periods_do_not_overlap": (Period, rows.period),
}
BEFORE, LATER = "[2026-01-01,2026-02-01)", "[2026-06-01,2026-07-01)"


def span_column(model):
    return "days" if model is Period else "valid"


def copying(model, row, *, number, days=None):
    """Return a statement that writes the row once more, under another id, and over other days if given."""
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields if field.column != "created_at"]
    fresh = {"id": f"'{uuid4()}'"}
    if model in (PlanVersion, Period):
        fresh["number"] = str(number)
    if model is Period:
        fresh["code"] = f"'{number}'"
    if days:
        fresh[span_column(model)] = f"'{days}'"
    chosen = ", ".join(fresh.get(column, column) for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE id = '{row.pk}'"


@pytest.mark.parametrize("law", DATED)
class TestDatedRows:
    def test_refuse_an_overlap(self, app_sql, law):
        model, make = DATED[law]
        row = make()

        with refused(law):
            app_sql.execute(copying(model, row, number=1_000))

    def test_refuse_all_but_one_of_sixteen_at_once(self, app_connection, app_sql, law):
        model, make = DATED[law]
        row = make()
        app_sql.execute(
            f"UPDATE {model._meta.db_table} SET {span_column(model)} = %s WHERE id = %s",
            [BEFORE, str(row.pk)],
        )
        copies = [copying(model, row, number=1_000 + index, days=LATER) for index in range(WRITERS)]

        outcomes = together(app_connection, [methodcaller("execute", copy) for copy in copies])

        # Writers who wait for each other's row are parted by the deadlock detector; that is a refusal too.
        assert outcomes.pop(MADE) == 1
        assert outcomes.total() == WRITERS - 1
        assert set(outcomes) <= {law, "DeadlockDetected"}

    @pytest.mark.parametrize("span", ["empty", "(,2030-01-01)"])
    def test_refuse_a_span_that_would_slip_past(self, app_sql, law, span):
        model, make = DATED[law]
        row = make()
        column = span_column(model)

        with pytest.raises(psycopg2.errors.CheckViolation) as error:
            app_sql.execute(copying(model, row, number=1_000, days=span))
        assert error.value.diag.constraint_name == f"{model._meta.db_table}_{column}_hold_a_day"
