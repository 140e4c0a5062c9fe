"""
A company of any size for the measurements, made by COPY into the real tables.

Four plans of six goals each, a quarter of the people on each; eight people an account. Four goals
read the account's results (so a team's result is shared by eight), one the company's, one the
person's own. Every account has its KAM, everybody an employment, a package and a membership.
Figures differ from account to account and from person to person, by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.calendar.services import calendar_make, regular_periods
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from kamcomp.ids import uuid7
from kamcomp.policy.models import PolicySetting
from plans.choices import PlanType, VersionStatus
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Plan, PlanVersion
from scorecards.choices import Aggregation, MetricSource, Unit
from scorecards.models import Metric
from teams.models import JobRole

START, END = date(2025, 1, 1), date(2027, 1, 1)
SPAN = f"[{START},{END})"
AT = datetime(2026, 12, 31, 9, tzinfo=UTC)
TEAM_SIZE = 8
PLANS = ("ALPHA", "BRAVO", "CEDAR", "DELTA")
COMPANY_NODE = "THE-COMPANY"
TEAM_METRICS = ("BREV", "BMARGIN", "BRETAIN", "BSAT")
GOALS = (  # code, metric, level, weight
    ("REVENUE", "BREV", "team", "0.30"),
    ("MARGIN", "BMARGIN", "team", "0.20"),
    ("RETENTION", "BRETAIN", "team", "0.15"),
    ("SATISFACTION", "BSAT", "team", "0.10"),
    ("COMPANY", "BREV", "company", "0.10"),
    ("OWN", "BOWN", "individual", "0.15"),
)
NULL = "\\N"


@dataclass(frozen=True)
class BigCompany:
    """What a measurement reaches for."""

    people: int
    admin: User
    periods: tuple[Period, ...]

    @property
    def period(self) -> Period:
        """Return the period that is run: the last one."""
        return self.periods[-1]


def company_make(*, people: int, accumulates: bool = False) -> None:
    """
    Fill an empty, migrated database with a company of `people` people, and results for its last month.

    Goes around the audit triggers, as the owner of the tables may: the company is scenery.
    """
    with transaction.atomic():
        admin = user_make(username="bench", roles=[Role.COMP_ADMIN], since=START, by=None)
        other = user_make(username="bench-second", roles=[Role.EXECUTIVE], since=START, by=None)
        periods = _periods(admin)
        versions = [_version(code, number, admin, other, periods) for number, code in enumerate(PLANS)]
        metrics = _metrics()
        role = JobRole.objects.order_by("code").values_list("pk", flat=True)[0]
    Copied(people=people, period=periods[-1], versions=versions, metrics=metrics, role=role).copy()


def company_found() -> BigCompany:
    """Return the company a database was filled with."""
    from teams.models import Person

    periods = tuple(Period.objects.order_by("days").select_related("calendar"))
    return BigCompany(Person.objects.count(), User.objects.get(username="bench"), periods)


def document(*, code: str, number: int) -> dict[str, Any]:
    """Return a plan's document; the plans differ in their curves' heights."""
    top = Decimal("1.80") + Decimal(number) / 10
    curve = {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.40", str(top)]], "above": "cap"}
    children = [
        {"code": goal, "weight": weight, "kind": "goal", "metric": metric, "level": level, "curve": curve}
        for goal, metric, level, weight in GOALS
    ]
    return {
        "format": "kamcomp.plan/1",
        "code": code,
        "name": f"Key account teams {code.lower()}",
        "type": "team_performance",
        "currency": "EUR",
        "effective": {"from": str(START), "to": "2026-12-31"},
        "period": "month",
        "incentive": {"weight": "1", "children": children},
    }


def _periods(admin: User) -> list[Period]:
    calendar = calendar_make(
        code="BENCH",
        name="Calendar months",
        frequency=Frequency.MONTH,
        periods=regular_periods(first_day=START, frequency=Frequency.MONTH, years=2),
        by=admin,
    )
    periods = list(calendar.periods.order_by("days"))
    for period in periods:
        period.status = PeriodStatus.OPEN
        period.save(update_fields=["status"])
    return periods


def _version(code: str, number: int, admin: User, other: User, periods: list[Period]) -> PlanVersion:
    content = document(code=code, number=number)
    plan = Plan.objects.create(
        code=code, name=content["name"], plan_type=PlanType.TEAM_PERFORMANCE, calendar=periods[0].calendar
    )
    version = PlanVersion.objects.create(
        plan=plan, number=1, valid=(START, END), document=content, currency="EUR", prepared_by=admin,
        digest=plan_digest(plan_from_document(content)),
    )  # fmt: skip
    version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, other, AT
    version.save(update_fields=["status", "approved_by", "approved_at"])
    version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, admin, AT
    version.save(update_fields=["status", "published_by", "published_at"])
    return version


def _metrics() -> dict[str, UUID]:
    return {
        code: Metric.objects.create(
            code=code, name=code.title(), perspective="financial", unit=Unit.MONEY,
            aggregation=Aggregation.SUM, source=MetricSource.EXTERNAL,
        ).pk
        for code in (*TEAM_METRICS, "BOWN")
    }  # fmt: skip


@dataclass
class Copied:
    """The rows of the company's many tables, on their way into them."""

    people: int
    period: Period
    versions: list[PlanVersion]
    metrics: dict[str, UUID]
    role: UUID

    def copy(self) -> None:
        """Copy everything, in one transaction, as the owner."""
        self.persons = [uuid7() for _number in range(self.people)]
        self.teams = -(-self.people // TEAM_SIZE)
        self.nodes = [uuid7() for _number in range(self.teams)]
        self.accounts = [uuid7() for _number in range(self.teams)]
        self.company = uuid7()
        tables = ["teams_accountnode", "teams_strategicaccount", "teams_person", "teams_employment",
                  "teams_paypackage", "teams_membership", "plans_assignment", "scorecards_target",
                  "scorecards_result"]  # fmt: skip
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for table in tables:
                columns, rows = getattr(self, table)()
                _copy(cursor, table, columns, rows)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        PolicySetting.objects.create(key="company.node", value=COMPANY_NODE, valid=(START, None))
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def teams_accountnode(self) -> tuple[str, Iterator[str]]:
        columns = "id, code, name, node_type, country, region, currency, previously_unsold, status"
        rest = "parent\tDE\t\tEUR\tf\tactive"
        rows = (f"{key}\tA{n:06}\tAccount {n}\t{rest}\n" for n, key in enumerate(self.nodes))
        return columns, _and([f"{self.company}\t{COMPANY_NODE}\tThe company\t{rest}\n"], rows)

    def teams_strategicaccount(self) -> tuple[str, Iterator[str]]:
        columns = (
            "id, node_id, tier, strategy, defend_weight, grow_weight, profit_weight, horizon_months, programme_start,"
            " pricing_agreement, service_level, plan_currency, status"
        )
        rest = f"\tgrow\t0\t1\t0\t12\t{START}\t\t\tEUR\tactive"
        return columns, (f"{a}\t{n}\t{rest}\n" for a, n in zip(self.accounts, self.nodes, strict=True))

    def teams_person(self) -> tuple[str, Iterator[str]]:
        rows = (f"{key}\tE{n:07}\tCC{n % 40}\tactive\n" for n, key in enumerate(self.persons))
        return "id, employee_id, cost_centre, status", rows

    def teams_employment(self) -> tuple[str, Iterator[str]]:
        columns = (
            "id, person_id, valid, employer, jurisdiction, work_language, fte, payroll_currency, overtime_status,"
            " works_council, status, end_reason"
        )
        rest = "Bench\tDE\ten\t1\tEUR\t\tf\tactive\t"
        return columns, (f"{uuid7()}\t{key}\t{SPAN}\t{rest}\n" for key in self.persons)

    def teams_paypackage(self) -> tuple[str, Iterator[str]]:
        columns = "id, person_id, valid, base_salary, variable_target, pool_target, long_term_target, currency, status"
        return columns, (
            f"{uuid7()}\t{key}\t{SPAN}\t{60_000 + n % 997}\t{20_000 + n % 1009}.02\t0\t0\tEUR\tapproved\n"
            for n, key in enumerate(self.persons)
        )

    def teams_membership(self) -> tuple[str, Iterator[str]]:
        columns = (
            "id, person_id, account_id, role_id, valid, seat, link, scope, dedication, pool_eligible,"
            " opt_out_reason"
        )
        return columns, (
            f"{uuid7()}\t{key}\t{self.accounts[n // TEAM_SIZE]}\t{self.role}\t{SPAN}"
            f"\t{'member' if n % TEAM_SIZE else 'kam'}\tdirect\taccount\t1\t{'t' if n % TEAM_SIZE else 'f'}\t\n"
            for n, key in enumerate(self.persons)
        )

    def plans_assignment(self) -> tuple[str, Iterator[str]]:
        columns = "id, person_id, plan_id, plan_version_id, account_id, valid, scope, share, parameters"

        def row(n: int, key: UUID) -> str:
            account, version = self.accounts[n // TEAM_SIZE], self.versions[n // TEAM_SIZE % len(PLANS)]
            return f"{uuid7()}\t{key}\t{version.plan_id}\t{version.pk}\t{account}\t{SPAN}\taccount\t1\t{{}}\n"

        return columns, (row(n, key) for n, key in enumerate(self.persons))

    def scorecards_target(self) -> tuple[str, Iterator[str]]:
        columns = "id, metric_id, node_id, person_id, days, value, currency, status, method, note"
        days = f"[{self.period.days.lower},{self.period.days.upper})"

        def row(metric: str, node: object, person: object, value: int) -> str:
            return f"{uuid7()}\t{self.metrics[metric]}\t{node}\t{person}\t{days}\t{value}\tEUR\tissued\t\t\n"

        return columns, self._measured(row, lambda n: 100_000 + n % 971)

    def scorecards_result(self) -> tuple[str, Iterator[str]]:
        columns = (
            'metric_id, node_id, person_id, period_id, "window", numerator, value, currency, status, note'
        )

        def row(metric: str, node: object, person: object, value: int) -> str:
            figure = f"{value}.0{value % 7}"
            return (
                f"{self.metrics[metric]}\t{node}\t{person}\t{self.period.pk}\tperiod\t{figure}\t{figure}\tEUR"
                "\tfinal\t\n"
            )

        return columns, self._measured(row, lambda n: 76_000 + n * 37 % 68_000)

    def _measured(self, row: Any, value: Any) -> Iterator[str]:
        yield row("BREV", self.company, NULL, value(500))
        for place, metric in enumerate(TEAM_METRICS):
            for n, node in enumerate(self.nodes):
                yield row(metric, node, NULL, value(n + 211 * place))
        for n, person in enumerate(self.persons):
            yield row("BOWN", NULL, person, value(n))


def _and(first: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from others


def _copy(cursor: Any, table: str, columns: str, rows: Iterator[str]) -> None:
    batch: list[str] = []
    for row in rows:
        batch.append(row)
        if len(batch) == 50_000:
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO("".join(batch)))
            batch.clear()
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO("".join(batch)))
