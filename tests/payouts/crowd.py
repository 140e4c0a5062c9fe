"""
A crowd of any size on two accounts: the company that runs are tried on.

Everybody has an employment and a package; the plan pays 60 % for what the account sold
against its target, 25 % for what the person did against theirs, 15 % for satisfaction,
which has a ratio with a denominator. Figures differ from person to person, by number, and
half-cents are among them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.calendar.services import calendar_make, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from plans.choices import PlanType, VersionStatus
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, Plan, PlanVersion
from scorecards.choices import Aggregation, MetricSource, ResultStatus, Unit
from scorecards.models import Metric, Result, Target
from teams.models import AccountNode, Employment, PayPackage, Person, StrategicAccount

D = Decimal
START, END = date(2026, 1, 1), date(2027, 1, 1)
AT = datetime(2026, 10, 6, 9, tzinfo=UTC)
YEAR = DateRange(START, END)
CURVE = {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "2.00"]], "above": "cap"}


@dataclass
class Crowd:
    """What a test reaches for."""

    users: dict[str, User]
    period: Period
    periods: dict[str, Period]
    version: PlanVersion
    people: list[Person]
    accounts: list[StrategicAccount]
    metrics: dict[str, Metric]


def document(**changes):
    children = [
        {"code": "SALES", "weight": "0.60", "kind": "goal", "metric": "XSALES", "curve": CURVE},
        {
            "code": "OWN",
            "weight": "0.25",
            "kind": "goal",
            "metric": "XOWN",
            "level": "individual",
            "curve": CURVE,
        },
        {"code": "SAT", "weight": "0.15", "kind": "goal", "metric": "XSAT", "curve": CURVE},
    ]
    return {
        "format": "kamcomp.plan/1",
        "code": "CROWD",
        "name": "Crowd",
        "type": "team_performance",
        "currency": "EUR",
        "effective": {"from": "2026-01-01", "to": "2026-12-31"},
        "period": "quarter",
        "incentive": {"weight": "1", "children": children},
    } | changes


def crowd(size: int, *, plan=None, code="2026-Q3", achieved=True) -> Crowd:
    """Make a crowd of `size` people E00001 and on, with everything the run of a quarter needs (or no results yet)."""
    with transaction.atomic():
        users = {
            name: user_make(username=name, roles=[role], since=START, by=None)
            for name, role in (
                ("maren", Role.COMP_ADMIN),
                ("anders", Role.EXECUTIVE),
                ("jonas", Role.FINANCE),
            )
        }
        calendar = calendar_make(
            code="FY",
            name="Fiscal year",
            frequency=Frequency.QUARTER,
            periods=regular_periods(first_day=START, frequency=Frequency.QUARTER, years=1),
            by=users["maren"],
        )
        periods = {period.code: period for period in calendar.periods.all()}
        for period in periods.values():
            period.status = PeriodStatus.OPEN
            period.save(update_fields=["status"])
        accounts = [account(name) for name in ("MER", "GAG")]
        version = published(calendar=calendar, users=users, document=plan or document())
        people = staff(size=size, version=version, accounts=accounts)
        made = Crowd(users, periods[code], periods, version, people, accounts, metrics())
        if achieved:
            achieve(made)
    return made


def account(code: str) -> StrategicAccount:
    node = AccountNode.objects.create(code=code, name=code.title(), currency="EUR")
    return StrategicAccount.objects.create(node=node, programme_start=START, plan_currency="EUR")


def published(*, calendar, users, document, code="CROWD", number=1, valid=YEAR) -> PlanVersion:
    plan, _made = Plan.objects.get_or_create(
        code=code, defaults={"name": code, "plan_type": PlanType.TEAM_PERFORMANCE, "calendar": calendar}
    )
    version = PlanVersion.objects.create(
        plan=plan,
        number=number,
        valid=valid,
        document=document,
        digest=plan_digest(plan_from_document(document)),
        currency=document["currency"],
        prepared_by=users["maren"],
    )
    version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, users["anders"], AT
    version.save(update_fields=["status", "approved_by", "approved_at"])
    version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, users["maren"], AT
    version.save(update_fields=["status", "published_by", "published_at"])
    return version


def staff(*, size, version, accounts) -> list[Person]:
    people = Person.objects.bulk_create(
        [Person(employee_id=f"E{number:05}", cost_centre="CC1") for number in range(1, size + 1)]
    )
    Employment.objects.bulk_create(
        [
            Employment(person=p, employer="Halden", jurisdiction="DE", payroll_currency="EUR", valid=YEAR)
            for p in people
        ]
    )
    PayPackage.objects.bulk_create(
        [
            PayPackage(
                person=person,
                base_salary=60000,
                variable_target=D("20000.02") + number,
                currency="EUR",
                valid=YEAR,
            )
            for number, person in enumerate(people)
        ]
    )
    Assignment.objects.bulk_create(
        [
            Assignment(
                person=person,
                plan=version.plan,
                plan_version=version,
                account=accounts[number % 2],
                valid=YEAR,
            )
            for number, person in enumerate(people)
        ]
    )
    return people


def metrics() -> dict[str, Metric]:
    kinds = (("XSALES", Aggregation.SUM), ("XOWN", Aggregation.SUM), ("XSAT", Aggregation.RATIO_OF_SUMS))
    return {
        code: Metric.objects.create(
            code=code, name=code, perspective="financial", unit=Unit.MONEY if adds == Aggregation.SUM else Unit.PERCENT,
            aggregation=adds, source=MetricSource.EXTERNAL,
        )
        for code, adds in kinds
    }  # fmt: skip


def achieve(made: Crowd) -> None:
    """Write the quarter's targets and results: sales and satisfaction by account, own work by person."""
    days, period = made.period.days, made.period
    results, targets = [], []
    for number, each in enumerate(made.accounts):
        targets += [
            Target(metric=made.metrics["XSALES"], node=each.node, days=days, value=1_000_000, currency="EUR"),
            Target(metric=made.metrics["XSAT"], node=each.node, days=YEAR, value=D("0.85")),
        ]
        sold, satisfied = D(1_037_123 + 41_000 * number), D(83 + number)
        results += [
            final(metric=made.metrics["XSALES"], period=period, node=each.node, value=sold, currency="EUR"),
            final(
                metric=made.metrics["XSAT"], period=period, node=each.node, value=satisfied / 97,
                numerator=satisfied, denominator=97,
            ),
        ]  # fmt: skip
    for number, person in enumerate(made.people):
        targets.append(Target(metric=made.metrics["XOWN"], person=person, days=days, value=40 + number % 7))
        results.append(
            final(metric=made.metrics["XOWN"], period=period, person=person, value=D(30 + number % 31))
        )
    Target.objects.bulk_create(targets)
    Result.objects.bulk_create(results)


def final(*, value, numerator=None, **fields) -> Result:
    return Result(
        value=value, numerator=value if numerator is None else numerator, status=ResultStatus.FINAL, **fields
    )
