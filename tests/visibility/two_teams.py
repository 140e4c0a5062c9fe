"""
Two account teams side by side, so that everybody has somebody they must not see.

Meridian is tests/payouts/company.py: Ingrid is its KAM, Priya (PM) on its team. Kestrel has Paul as its KAM and
Sofia on its team. Rolf is on neither.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from psycopg2.extras import DateRange

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from payouts.choices import RunStatus
from payouts.models import Payout, Run
from payouts.services.reviews import run_review
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from plans.models import Assignment
from scorecards.models import Metric, Target, Transaction
from teams.choices import AccountStatus, Link, Seat
from teams.models import (
    AccountNode,
    Employment,
    JobRole,
    Membership,
    PayPackage,
    Person,
    PersonDetails,
    StrategicAccount,
)
from tests.payouts.company import ALWAYS, START, Company, company

IN_FORCE = DateRange(START, date(2027, 1, 1))
PAID = ("KAM", "paul", "sofia")
OTHERS = {
    "paul": [Role.KAM, Role.PAYEE],
    "sofia": [Role.PAYEE],
    "sigrid": [Role.HR_LEGAL],
    "ada": [Role.AUDITOR],
    "robot": [Role.API_CLIENT],
    "rolf": [Role.PAYEE],
}


@dataclass
class TwoTeams:
    """The first company, and what stands beside it."""

    first: Company
    users: dict[str, User]
    people: dict[str, Person]
    account: StrategicAccount
    run: Run
    payouts: dict[str, Payout] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """Return a user of either team, read anew."""
        return User.objects.get(username=name)


def two_teams() -> TwoTeams:
    """Make both teams, with a calculated run of 2026-Q3 that pays people of both."""
    first = company()
    users = {
        name: user_make(username=name, roles=roles, since=START, by=None) for name, roles in OTHERS.items()
    }
    people = {name: _person(name, user=users[name]) for name in ("paul", "sofia")}
    account = _account(people)
    for person in people.values():
        Assignment.objects.create(
            person=person, plan=first.plan, plan_version=first.version, account=account, valid=IN_FORCE
        )
    made = TwoTeams(
        first=first,
        users={**first.users, **users},
        people={**first.people, **people},
        account=account,
        run=Run(),
    )
    made.run = _run(made)
    return made


def reviewed(made: TwoTeams) -> TwoTeams:
    """Take the run on to where payees see it and the pool is Ingrid's."""
    run_review(run_id=made.run.pk, by=made.user("anders"), at=timezone.now())
    made.run.refresh_from_db()
    return made


def _person(name: str, *, user: User) -> Person:
    person = Person.objects.create(employee_id=name.upper(), user=user, cost_centre="CC2")
    PersonDetails.objects.create(person=person, legal_name=f"{name.title()} Doe", payroll_number=f"P-{name}")
    PayPackage.objects.create(person=person, base_salary=70000, currency="EUR", valid=ALWAYS)
    Employment.objects.create(
        person=person, employer="Halden", jurisdiction="NL", payroll_currency="EUR", valid=ALWAYS
    )
    return person


def _account(people: dict[str, Person]) -> StrategicAccount:
    node = AccountNode.objects.create(code="KES", name="Kestrel", currency="EUR")
    AccountNode.objects.create(code="KES-1", name="Kestrel West", currency="EUR", parent=node)
    account = StrategicAccount.objects.create(node=node, programme_start=START, plan_currency="EUR")
    seats: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("paul", "key_account_manager", {"seat": Seat.KAM, "pool_eligible": False}),
        ("sofia", "inside_sales", {"dedication": Decimal("0.5")}),
    )
    for name, role, said in seats:
        Membership.objects.create(
            account=account,
            person=people[name],
            role=JobRole.objects.get(code=role),
            link=Link.DIRECT,
            valid=ALWAYS,
            **said,
        )
    account.status = AccountStatus.ACTIVE
    account.save(update_fields=["status"])
    return account


def _run(made: TwoTeams) -> Run:
    """Compute the quarter in which both accounts sold just what they should."""
    first, quarter = made.first, made.first.quarters["2026-Q3"]
    metric = Metric.objects.get(code="M01")
    for account in (first.account, made.account):
        agreed = {"metric": metric, "node": account.node, "currency": "EUR"}
        Target.objects.create(days=quarter.days, value=1_000_000, **agreed)
        Transaction.objects.create(
            source_id=account.node.code,
            date=date(2026, 8, 3),
            node=account.node,
            revenue=1_000_000,
            currency="EUR",
        )
    PayPackage.objects.filter(person__in=[made.people[name] for name in PAID]).update(variable_target=24_000)
    run = run_request(period=quarter, by=first.user("maren"), at=timezone.now())
    run_look(run_id=run.pk)
    run.refresh_from_db()
    problems = list(run.problems.values_list("message", flat=True))
    assert run.status == RunStatus.CALCULATED, (problems, run.error, run.status)
    made.payouts = {name: Payout.objects.get(person=made.people[name]) for name in PAID}
    first.runs["2026-Q3"] = run
    return run


def day(text: str) -> date:
    """Return a day as it is written."""
    return date.fromisoformat(text)
