"""
Two account teams side by side, so that everybody has somebody they must not see.

Meridian is tests/payouts/company.py: Ingrid is its KAM, Priya (PM) on its team. Kestrel has Paul as its KAM and
Sofia on its team. Rolf is on neither.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extras import DateRange

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from payouts.choices import ChunkStatus, RunStatus
from payouts.models import Payout, PayoutLine, Run, RunChunk
from payouts.services.reviews import run_review
from plans.models import Assignment
from teams.choices import AccountStatus, Link, Seat
from teams.models import (
    AccountNode,
    JobRole,
    Membership,
    PayPackage,
    Person,
    PersonDetails,
    StrategicAccount,
)
from tests.payouts.company import ALWAYS, AT, START, Company, company

IN_FORCE = DateRange(START, date(2027, 1, 1))
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
    run_review(run_id=made.run.pk, by=made.user("anders"), at=AT)
    made.run.refresh_from_db()
    return made


def _person(name: str, *, user: User) -> Person:
    person = Person.objects.create(employee_id=name.upper(), user=user, cost_centre="CC2")
    PersonDetails.objects.create(person=person, legal_name=f"{name.title()} Doe", payroll_number=f"P-{name}")
    PayPackage.objects.create(person=person, base_salary=70000, currency="EUR", valid=ALWAYS)
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
    first, quarter = made.first, made.first.quarters["2026-Q3"]
    run = Run.objects.create(
        calendar=first.calendar,
        period=quarter,
        number=1,
        status=RunStatus.CALCULATING,
        is_current=True,
        started_by=first.user("maren"),
        engine_format=1,
        known_at=AT,
    )
    chunk = RunChunk.objects.create(
        run=run,
        number=1,
        plan_version=first.version,
        assignments=[first.assignment.pk],
        status=ChunkStatus.DONE,
        inputs=b"none",
        people=3,
    )
    for name, account in (("KAM", first.account), ("paul", made.account), ("sofia", made.account)):
        payout = Payout.objects.create(
            run=run,
            chunk=chunk,
            period=quarter,
            person=made.people[name],
            plan_version=first.version,
            currency="EUR",
            due=Decimal("6457.50"),
            amount=Decimal("6457.50"),
            input_digest="0" * 64,
        )
        PayoutLine.objects.create(
            payout=payout, number=1, period=quarter, leaf="REV", account=account, amount=Decimal("6457.50")
        )
        made.payouts[name] = payout
    run.status, run.result_digest = RunStatus.CALCULATED, "1" * 64
    run.save(update_fields=["status", "result_digest"])
    first.runs["2026-Q3"] = run
    return run


def day(text: str) -> date:
    """Return a day as it is written."""
    return date.fromisoformat(text)
