"""
What the cells of a file refer to: people, accounts, segments and roles, by one query a column.

Each function resolves a column of a sheet; a cell that names nothing rejects its row.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Model

from kamcomp.identity.models import User
from kamcomp.imports.kinds import About
from kamcomp.imports.sheets import Sheet
from teams.models import AccountNode, JobRole, Person, Segment, StrategicAccount


def ids_by(model: type[Model], field: str, values: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of the rows whose `field` is one of `values`, which travel as one array, however many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{field}", id FROM "{model._meta.db_table}" WHERE "{field}" = ANY(%s)', [list(values)]
        )
        return dict(cursor.fetchall())


def people(sheet: Sheet, column: str) -> list[UUID | None]:
    """Return the person each cell names by employee id."""
    known = ids_by(Person, "employee_id", sheet.distinct(column))
    return sheet.resolve(column, known, "person", "import people first")


def nodes(sheet: Sheet, column: str = "account_code") -> list[UUID | None]:
    """Return the account node each cell names by code."""
    known = ids_by(AccountNode, "code", sheet.distinct(column))
    return sheet.resolve(column, known, "account", "import accounts first")


def segments(sheet: Sheet, column: str = "segment") -> list[UUID | None]:
    """Return the segment each cell names by code."""
    known = ids_by(Segment, "code", sheet.distinct(column))
    return sheet.resolve(column, known, "segment", "import segments first")


def roles(sheet: Sheet, column: str) -> list[JobRole | None]:
    """Return the role of the catalogue each cell names by code."""
    known = {role.code: role for role in JobRole.objects.filter(code__in=sheet.distinct(column))}
    return sheet.resolve(column, known, "role in the catalogue", "import job_roles first, or translate it")


def programmes(sheet: Sheet, column: str = "account_code") -> list[StrategicAccount | None]:
    """Return the programme's account each cell names by the code of its root."""
    found = StrategicAccount.objects.select_related("node").filter(node__code__in=sheet.distinct(column))
    known = {account.node.code: account for account in found}
    return sheet.resolve(
        column,
        known,
        "account of the programme",
        "give it a strategy and programme_start in an accounts file",
    )


def employee_ids_of(user: User) -> tuple[str, ...]:
    """Return the employee id of a user; none if the user is nobody who is paid."""
    return tuple(Person.objects.filter(user=user).values_list("employee_id", flat=True))


OWN = About(column="employee_id", values_of=employee_ids_of)
