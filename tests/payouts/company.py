"""
A small company with one key account, made through the tables as the app role.

Ingrid is the KAM, Maren the comp admin who starts runs, Anders the executive who reviews
and approves pools, Jonas of finance approves and locks; PM, CSR, SA, BIL and LOG are the
account's people, KEN left in the middle of the quarter.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.calendar.services import calendar_make, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from payouts.choices import ChunkStatus, RunStatus
from payouts.models import Payout, PayoutLine, Run, RunChunk
from plans.choices import PlanType, VersionStatus
from plans.models import Assignment, Plan, PlanVersion
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

D = Decimal
START = date(2026, 1, 1)
AT = datetime(2026, 10, 14, 9, tzinfo=UTC)
LATER = datetime(2027, 1, 20, 9, tzinfo=UTC)
ALWAYS = DateRange(START, None)
MEMBERS = {  # dedication, role weight, link, yearly pool target, first day
    "PM": ("1.00", "1.2", Link.DIRECT, 36000, START),
    "CSR": ("0.60", "1.0", Link.DIRECT, 20000, START),
    "SA": ("0.40", "1.5", Link.DIRECT, 32000, date(2026, 8, 2)),
    "BIL": ("0.15", "0.8", Link.MATRIX, 12000, START),
    "LOG": ("0.25", "1.0", Link.MATRIX, 16000, START),
    "KEN": ("1.00", "1.0", Link.DIRECT, 10000, START),
}
TERMS = {
    "funding": {"rule": "fixed", "amount": "30160.00"},
    "share_by": ["dedication", "days", "role_weight"],
    "bounds": ["0.50", "1.50"],
    "zero_with_reason": True,
    "reason_beyond": "0.20",
    "if_late": "guideline",
}


@dataclass
class Company:
    """Everything a test reaches for."""

    calendar: FiscalCalendar
    quarters: dict[str, Period]
    users: dict[str, User]
    people: dict[str, Person]
    account: StrategicAccount
    plan: Plan
    version: PlanVersion
    assignment: Assignment
    runs: dict[str, Run] = field(default_factory=dict)

    def user(self, name: str) -> User:
        return self.users[name]


def document(*, pool=TERMS, payment=None, currency="EUR"):
    goal = {
        "code": "REV",
        "weight": "1",
        "kind": "goal",
        "metric": "M01",
        "curve": {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "2.00"]]},
    }
    return {
        "format": "kamcomp.plan/1",
        "code": "GAG-2026",
        "name": "Global accounts growth",
        "type": "team_performance",
        "currency": currency,
        "effective": {"from": "2026-01-01", "to": "2026-12-31"},
        "period": "quarter",
        "incentive": {"weight": "1", "children": [goal]},
        "pool": pool,
        "payment": payment or {},
    }


def company(*, pool=TERMS, payment=None) -> Company:
    """Make the company, with 2026-Q3 collecting and 2026-Q4 open."""
    with transaction.atomic():
        users = _users()
        calendar = calendar_make(
            code="FY",
            name="Fiscal year",
            frequency=Frequency.QUARTER,
            periods=regular_periods(first_day=START, frequency=Frequency.QUARTER, years=2),
            by=users["maren"],
        )
        quarters = {period.code: period for period in calendar.periods.all()}
        _advance(quarters)
        people = _people(users)
        account = _account(people)
        plan, version, assignment = _plan(
            calendar=calendar, account=account, people=people, users=users, pool=pool, payment=payment
        )
    return Company(
        calendar=calendar,
        quarters=quarters,
        users=users,
        people=people,
        account=account,
        plan=plan,
        version=version,
        assignment=assignment,
    )


def calculated_run(
    made: Company,
    *,
    period: str = "2026-Q3",
    amounts: dict[str, str] | None = None,
    version: PlanVersion | None = None,
    target: str = "0",
) -> Run:
    """Make a calculated run with payouts of one line each, as a run would have stored them."""
    quarter, version = made.quarters[period], version or made.version
    run = Run.objects.create(
        calendar=made.calendar,
        period=quarter,
        number=Run.objects.filter(period=quarter).count() + 1,
        status=RunStatus.CALCULATING,
        is_current=True,
        started_by=made.user("maren"),
        engine_format=1,
        known_at=timezone.now(),
    )
    chunk = RunChunk.objects.create(
        run=run,
        number=1,
        plan_version=version,
        assignments=[made.assignment.pk],
        status=ChunkStatus.DONE,
        inputs=b"none",
        people=len(amounts or {}),
    )
    for name, amount in (amounts or {"KAM": "6457.50"}).items():
        payout = Payout.objects.create(
            run=run,
            chunk=chunk,
            period=quarter,
            person=made.people[name],
            plan_version=version,
            currency=version.currency,
            due=D(amount),
            amount=D(amount),
            target_incentive=D(target),
            input_digest="0" * 64,
        )
        PayoutLine.objects.create(
            payout=payout, number=1, period=quarter, leaf="REV", account=made.account, amount=D(amount)
        )
    run.status, run.result_digest = RunStatus.CALCULATED, "1" * 64
    run.save(update_fields=["status", "result_digest"])
    made.runs[period] = run
    return run


def _users() -> dict[str, User]:
    roles = {
        "maren": [Role.COMP_ADMIN],
        "anders": [Role.EXECUTIVE],
        "jonas": [Role.FINANCE],
        "ingrid": [Role.KAM],
        "priya": [Role.PAYEE],
        "olga": [Role.FINANCE, Role.COMP_ADMIN],
    }
    return {
        name: user_make(username=name, roles=granted, since=START, by=None) for name, granted in roles.items()
    }


def _advance(quarters: dict[str, Period]) -> None:
    for code, period in quarters.items():
        if period.fiscal_year > 2026:
            continue
        period.status = PeriodStatus.OPEN
        period.save(update_fields=["status"])
        if code != "2026-Q4":
            period.status = PeriodStatus.COLLECTING
            period.save(update_fields=["status"])


def _people(users: dict[str, User]) -> dict[str, Person]:
    logins = {"KAM": "ingrid", "PM": "priya"}
    people = {}
    for name in ["KAM", *MEMBERS]:
        person = Person.objects.create(
            employee_id=name, user=users.get(logins.get(name, "")), cost_centre="CC1"
        )
        PersonDetails.objects.create(person=person, legal_name=f"={name} Doe", payroll_number=f"P-{name}")
        until = date(2026, 8, 15) if name == "KEN" else None
        Employment.objects.create(
            person=person,
            employer="Halden",
            jurisdiction="DE",
            payroll_currency="EUR",
            valid=DateRange(START, until),
        )
        target = MEMBERS[name][3] if name in MEMBERS else 0
        PayPackage.objects.create(
            person=person, base_salary=60000, pool_target=target, currency="EUR", valid=ALWAYS
        )
        people[name] = person
    return people


def _account(people: dict[str, Person]) -> StrategicAccount:
    node = AccountNode.objects.create(code="MER", name="Meridian", currency="EUR")
    account = StrategicAccount.objects.create(node=node, programme_start=START, plan_currency="EUR")
    kam = JobRole.objects.get(code="key_account_manager")
    Membership.objects.create(
        account=account,
        person=people["KAM"],
        role=kam,
        seat=Seat.KAM,
        link=Link.DIRECT,
        pool_eligible=False,
        valid=ALWAYS,
    )
    for name, (dedication, weight, link, _target, since) in MEMBERS.items():
        role, _made = JobRole.objects.get_or_create(
            code=f"role_{name.lower()}", defaults={"name": name, "role_weight": D(weight)}
        )
        Membership.objects.create(
            account=account,
            person=people[name],
            role=role,
            link=link,
            dedication=D(dedication),
            valid=DateRange(since, None),
        )
    account.status = AccountStatus.ACTIVE
    account.save(update_fields=["status"])
    return account


def _plan(*, calendar, account, people, users, pool, payment) -> tuple[Plan, PlanVersion, Assignment]:
    plan = Plan.objects.create(
        code="GAG", name="Growth", plan_type=PlanType.TEAM_PERFORMANCE, account=account, calendar=calendar
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=1,
        valid=DateRange(START, date(2027, 1, 1)),
        document=document(pool=pool, payment=payment),
        digest="0" * 64,
        currency="EUR",
        prepared_by=users["maren"],
    )
    version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, users["anders"], AT
    version.save(update_fields=["status", "approved_by", "approved_at"])
    version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, users["maren"], AT
    version.save(update_fields=["status", "published_by", "published_at"])
    assignment = Assignment.objects.create(
        person=people["KAM"],
        plan=plan,
        plan_version=version,
        account=account,
        valid=DateRange(START, date(2027, 1, 1)),
    )
    return plan, version, assignment
