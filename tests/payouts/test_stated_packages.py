"""The base salary a statement states: today's until the lock, and from then on the one of the lock."""

from datetime import date
from decimal import Decimal

import pytest

from kamcomp.identity.choices import Role
from kamcomp.visibility import Viewer
from payouts.selectors.statements import statement
from teams.models import PayPackage
from teams.services.packages import package_approve, package_propose
from tests.payouts.books import allocated
from tests.payouts.quarters import after, calculated, closed, quarters, sold

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def stated(made, code):
    """Return the base salary of the first person's statement of a quarter: the year's, and the quarter's part."""
    viewer = Viewer(made.user("jonas").pk, frozenset({Role.FINANCE}), after(made, code).date())
    shown = statement(person=made.people[0], period=made.periods[code], viewer=viewer)
    return shown.base.base_salary, shown.base_part


def promised(made, base):
    """Promise another base salary from the first of March on, by two people."""
    at = after(made, "2026-Q1")
    package = package_propose(
        person=made.people[0], since=date(2026, 3, 1), base_salary=D(base), variable_target=D(20_000), currency="EUR",
        by=made.user("maren"), at=at,
    )  # fmt: skip
    package_approve(package_id=package.pk, by=made.user("jonas"), at=at)


def test_of_a_locked_quarter_stays_whatever_becomes_of_the_package():
    made = quarters()
    for code in ("2026-Q1", "2026-Q2"):
        for account in (0, 1):
            sold(made, code, 1_000_000, account=account)
    package = PayPackage.objects.filter(person=made.people[0])
    package.update(base_salary=72_000)
    closed(made, "2026-Q1")
    assert stated(made, "2026-Q1") == (D(72_000), D(18_000))

    # A file corrects the salary, and corrects it again; then another package begins inside the quarter.
    package.update(base_salary=76_000)
    package.update(base_salary=78_000)
    assert stated(made, "2026-Q1") == (D(72_000), D(18_000))
    promised(made, 80_000)

    assert stated(made, "2026-Q1") == (D(72_000), D(18_000))
    # What is not locked states today's.
    allocated(made, calculated(made, "2026-Q2"), at=after(made, "2026-Q2"))
    assert stated(made, "2026-Q2") == (D(80_000), D(20_000))
