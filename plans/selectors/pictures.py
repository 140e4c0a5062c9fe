"""
The picture of a stored plan version: its document, and what the company knows beside it.

What no table holds yet stays unknown, so that the rules that need it say so: stored replays and simulations,
signatures, texts by language, buying cycles, market pay. The number of queries is the same for one account and
for many. Facts are those believed now, of the version's first day or, once that has come, of the day asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kamcomp.approvals.choices import FindingStatus
from kamcomp.approvals.models import Finding
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.policy.models import PolicySetting
from plans.checks.facts import (
    AccountFacts,
    CascadeFacts,
    CostFacts,
    EvidenceFacts,
    Facts,
    MemberFacts,
    MetricFacts,
    ObjectiveFacts,
    PersonFacts,
    Stage,
    VersionFacts,
    WalletFacts,
)
from plans.checks.picture import Picture, picture_of
from plans.choices import VersionStatus
from plans.models import Assignment, PlanVersion
from scorecards.choices import MetricSource, MetricStatus, Window
from scorecards.engine.library import LIBRARY
from scorecards.models import AccountPnl, Metric, Result, SatisfactionWave, Target, WalletEstimate
from teams.choices import ObjectiveStatus, PackageStatus
from teams.models import AccountObjective, Employment, Membership, PayPackage, StrategicAccount

VERSION_TABLE = "plans_planversion"
EXPECTED_ROLES = "teams.expected_roles"
"""A policy setting: the roles a team is expected to have, by tier."""
ACCOUNT_MANAGER_PLAN = "plans.account_manager_plan"
"""A policy setting: the code of the plan account managers are paid by."""
BUDGETS = "plans.budgets"
"""A policy setting: the approved cost at target, by plan code, in plan currency."""

PAST_PERIODS = 12
ZERO = Decimal(0)


def picture_of_version(*, version: PlanVersion, on: date, stage: Stage = Stage.DRAFT) -> Picture:
    """Return what checks look at for a stored version, as of a day."""
    return picture_of(document=version.document, facts=_Beside(version=version, on=on, stage=stage).facts())


@dataclass
class _Beside:
    """What is read beside a document, each table once."""

    version: PlanVersion
    on: date
    stage: Stage

    def facts(self) -> Facts:
        accounts = list(self.strategic_accounts)
        return Facts(
            on=self.on,
            stage=self.stage,
            close_days=self.close_days(),
            metrics=self.metrics(),
            metrics_known=True,
            accounts=tuple(self.account(account) for account in accounts) or None,
            people=tuple(self.person(one) for one in self.people_ids) if self.people_ids else None,
            version=self.version_facts(),
            evidence=EvidenceFacts(closed_periods=len(self.closed)),
            cost=self.cost(),
            account_manager_plan=self.account_manager_plan(),
            waived=self.waived(),
        )

    # Days and settings ------------------------------------------------------------------------------------

    @cached_property
    def day(self) -> date:
        """Return the day people and teams are read on: the first one of the version, or today if it has come."""
        span = self.version.span
        return min(max(self.on, span.since), span.last or self.on)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        keys = (EXPECTED_ROLES, ACCOUNT_MANAGER_PLAN, BUDGETS)
        stated = PolicySetting.objects.filter(key__in=keys, valid__contains=self.on)
        return dict(stated.values_list("key", "value"))

    @cached_property
    def periods(self) -> list[Period]:
        return list(Period.objects.filter(calendar_id=self.version.plan.calendar_id).order_by("days"))

    @cached_property
    def closed(self) -> list[Period]:
        return [period for period in self.periods if period.status == PeriodStatus.LOCKED]

    def close_days(self) -> int | None:
        for period in self.periods:
            if period.span.last is not None and period.span.last >= self.day:
                return (period.cut_off_on - period.span.last).days
        return None

    # Accounts and teams -----------------------------------------------------------------------------------

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Return who is on the plan in the version's days, or is on it now while the version is still a draft."""
        rows = Assignment.objects.filter(plan_id=self.version.plan_id).select_related("person")
        within = rows.filter(valid__overlap=self.version.valid)
        found = list(within.order_by("person__employee_id"))
        return found or list(rows.filter(valid__contains=self.on).order_by("person__employee_id"))

    @cached_property
    def strategic_accounts(self) -> list[StrategicAccount]:
        named = [self.version.plan.account_id, *(one.account_id for one in self.assignments)]
        ids = {account_id for account_id in named if account_id is not None}
        rows = StrategicAccount.objects.filter(pk__in=ids).select_related("node")
        return list(rows.order_by("node__code"))

    @cached_property
    def memberships(self) -> Mapping[UUID, list[Membership]]:
        rows = Membership.objects.filter(account__in=self.strategic_accounts, valid__contains=self.day)
        found: dict[UUID, list[Membership]] = defaultdict(list)
        for row in rows.select_related("person", "role", "leader").order_by("person__employee_id"):
            found[row.account_id].append(row)
        return found

    @cached_property
    def whole_dedications(self) -> Mapping[UUID, Decimal]:
        members = {row.person_id for rows in self.memberships.values() for row in rows}
        everywhere = Membership.objects.filter(person__in=members, valid__contains=self.day)
        found: dict[UUID, Decimal] = defaultdict(Decimal)
        for person_id, dedication in everywhere.values_list("person_id", "dedication"):
            found[person_id] += dedication
        return found

    @cached_property
    def on_plans(self) -> Mapping[UUID, list[UUID]]:
        """Return the plan versions that members are on, each person's."""
        members = {row.person_id for rows in self.memberships.values() for row in rows}
        rows = Assignment.objects.filter(person__in=members, valid__contains=self.day)
        found: dict[UUID, list[UUID]] = defaultdict(list)
        for person_id, version_id in rows.values_list("person_id", "plan_version_id"):
            found[person_id].append(version_id)
        for one in self.assignments:
            if not found[one.person_id]:
                found[one.person_id].append(self.version.pk)
        return found

    @cached_property
    def version_measures(self) -> Mapping[UUID, Mapping[str, Decimal]]:
        """Return the metrics of each version that members are on, with their weights."""
        ids = {version for versions in self.on_plans.values() for version in versions} - {self.version.pk}
        documents = dict(PlanVersion.objects.filter(pk__in=ids).values_list("pk", "document"))
        documents[self.version.pk] = self.version.document
        return {key: _measures(picture_of(document=document)) for key, document in documents.items()}

    @cached_property
    def own(self) -> Picture:
        return picture_of(document=self.version.document)

    def measures_of(self, row: Membership) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        for version in self.on_plans.get(row.person_id, ()):
            for metric, weight in self.version_measures[version].items():
                found[metric] = found.get(metric, ZERO) + weight
        shared = self.own.pool_measures if row.pool_eligible and self.own.plan.pool else ()
        for metric in shared:
            found.setdefault(metric, Decimal(1) / len(shared))
        return found

    def account(self, account: StrategicAccount) -> AccountFacts:
        rows = self.memberships.get(account.pk, [])
        expected = self.settings.get(EXPECTED_ROLES)
        return AccountFacts(
            code=account.node.code,
            strategy=account.strategy,
            horizon_months=account.horizon_months,
            has_pnl=account.node_id in self.pnl_nodes,
            members=tuple(self.member(row) for row in rows),
            objectives=self.objectives.get(account.pk, ()),
            expected_roles=tuple(expected.get(account.tier, ())) if isinstance(expected, dict) else None,
            cascade=self.cascade(account, rows),
            wallet=self.wallets.get(account.node_id),
        )

    def member(self, row: Membership) -> MemberFacts:
        return MemberFacts(
            person=str(row.person),
            role=row.role.code,
            seat=row.seat,
            link=row.link,
            dedication=row.dedication,
            whole_dedication=self.whole_dedications[row.person_id],
            leader=str(row.leader or ""),
            on_plan=bool(self.on_plans.get(row.person_id)),
            pool_eligible=row.pool_eligible,
            opt_out=row.opt_out_reason,
            measures=self.measures_of(row),
        )

    @cached_property
    def node_ids(self) -> list[UUID]:
        return [account.node_id for account in self.strategic_accounts]

    @cached_property
    def pnl_nodes(self) -> set[UUID]:
        return set(
            AccountPnl.objects.current()
            .filter(node__in=self.node_ids)
            .values_list("node_id", flat=True)
            .distinct()
        )

    @cached_property
    def wallets(self) -> Mapping[UUID, WalletFacts]:
        rows = WalletEstimate.objects.current().filter(node__in=self.node_ids).order_by("as_of")
        return {row.node_id: WalletFacts(as_of=row.as_of, source=row.source) for row in rows}

    @cached_property
    def objectives(self) -> Mapping[UUID, tuple[ObjectiveFacts, ...]]:
        rows = AccountObjective.objects.filter(
            account__in=self.strategic_accounts, due_on__gte=self.version.span.since
        )
        found: dict[UUID, list[ObjectiveFacts]] = defaultdict(list)
        for row in rows.exclude(status=ObjectiveStatus.DROPPED).order_by("code"):
            found[row.account_id].append(
                ObjectiveFacts(
                    code=row.code,
                    statement=row.statement,
                    metric=row.metric_code,
                    perspective=row.perspective,
                    horizon_months=row.horizon_months,
                    outcome=True if row.metric_code or row.unit else None,
                )
            )
        return {account: tuple(rows) for account, rows in found.items()}

    # Targets and results ----------------------------------------------------------------------------------

    @cached_property
    def targets(self) -> list[Target]:
        """Return what is agreed in the version's days for the accounts and for those on the plan."""
        rows = Target.objects.current().filter(days__overlap=self.version.valid, segment=None)
        people = [one.person_id for one in self.assignments]
        subjects = rows.filter(node__in=self.node_ids) | rows.filter(person__in=people)
        return list(subjects.select_related("metric"))

    def cascade(self, account: StrategicAccount, rows: Iterable[Membership]) -> tuple[CascadeFacts, ...]:
        team = {row.person_id for row in rows}
        whole: dict[str, Decimal] = defaultdict(Decimal)
        parts: dict[str, Decimal] = defaultdict(Decimal)
        for target in self.targets:
            if target.node_id == account.node_id:
                whole[target.metric.code] += target.value
            elif target.person_id in team:
                parts[target.metric.code] += target.value
        return tuple(
            CascadeFacts(metric=metric, account=whole[metric], individuals=individuals)
            for metric, individuals in parts.items()
            if metric in whole
        )

    def metrics(self) -> dict[str, MetricFacts]:
        codes = {metric for placed in self.own.leaves for metric in placed.metrics}
        codes |= {branch.gate.metric for _, branch in self.own.branches if branch.gate}
        codes |= {placed.leaf.gate.metric for placed in self.own.leaves if placed.leaf.gate}
        results = self.past_results(codes)
        rates = self.response_rate() if codes & _SURVEYED else None
        found = {}
        for row in Metric.objects.filter(code__in=codes).exclude(status=MetricStatus.RETIRED):
            past = results.get(row.code, {})
            found[row.code] = MetricFacts(
                direction=row.direction,
                perspective=row.perspective,
                has_source=row.source == MetricSource.EXTERNAL or row.code in LIBRARY,
                alignment=row.alignment,
                controllability=row.controllability,
                latency_days=row.latency_days,
                missing_lately=self.missing_lately(past),
                answers=min(
                    (one.sample for ones in past.values() for one in ones if one.sample), default=None
                ),
                response_rate=rates,
                past=self.attainments(row.code, past),
            )
        return found

    def past_results(self, codes: set[str]) -> Mapping[str, Mapping[UUID, list[Result]]]:
        rows: QuerySet[Result] = Result.objects.current().filter(
            metric__code__in=codes, node__in=self.node_ids, segment=None, window=Window.PERIOD,
            period__in=self.closed[-PAST_PERIODS:],
        )  # fmt: skip
        found: dict[str, dict[UUID, list[Result]]] = defaultdict(lambda: defaultdict(list))
        for row in rows.select_related("metric"):
            found[row.metric.code][row.period_id].append(row)
        return found

    def missing_lately(self, past: Mapping[UUID, list[Result]]) -> int | None:
        lately = self.closed[-2:]
        if len(lately) < 2 or not past:
            return None
        return sum(
            1 for period in lately if not any(one.value is not None for one in past.get(period.pk, ()))
        )

    @cached_property
    def past_targets(self) -> Mapping[tuple[str, UUID, Any], Decimal]:
        rows = Target.objects.current().filter(node__in=self.node_ids, segment=None)
        return {
            (code, node, (days.lower, days.upper)): value
            for code, node, days, value in rows.values_list("metric__code", "node_id", "days", "value")
        }

    def attainments(self, code: str, past: Mapping[UUID, list[Result]]) -> tuple[Decimal, ...] | None:
        found = []
        for period in self.closed[-PAST_PERIODS:]:
            days = (period.days.lower, period.days.upper)
            for result in past.get(period.pk, ()):
                target = self.past_targets.get((code, result.node_id, days)) if result.node_id else None
                if result.value is not None and target and target > 0:
                    found.append(result.value / target)
        return tuple(found) or None

    def response_rate(self) -> Decimal | None:
        waves = SatisfactionWave.objects.current().filter(node__in=self.node_ids).order_by("-days")[:50]
        rates = [Decimal(wave.responded) / wave.invited for wave in waves if wave.invited]
        return min(rates, default=None)

    # People and money -------------------------------------------------------------------------------------

    @cached_property
    def people_ids(self) -> list[UUID]:
        """Return who is on the plan, then who may share in its pool."""
        on_plan = [one.person_id for one in self.assignments]
        pooled = [row.person_id for rows in self.memberships.values() for row in rows if row.pool_eligible]
        return list(dict.fromkeys([*on_plan, *(pooled if self.own.plan.pool else [])]))

    @cached_property
    def employments(self) -> Mapping[UUID, Employment]:
        rows = Employment.objects.filter(person__in=self.people_ids, valid__contains=self.day)
        return {row.person_id: row for row in rows}

    @cached_property
    def packages(self) -> Mapping[UUID, PayPackage]:
        rows = PayPackage.objects.filter(
            person__in=self.people_ids, valid__contains=self.day, status=PackageStatus.APPROVED
        )
        return {row.person_id: row for row in rows}

    @cached_property
    def seats(self) -> Mapping[UUID, Membership]:
        return {row.person_id: row for rows in self.memberships.values() for row in rows}

    @cached_property
    def on_this_plan(self) -> Mapping[UUID, Assignment]:
        return {one.person_id: one for one in self.assignments}

    @cached_property
    def names(self) -> Mapping[UUID, str]:
        names = {row.person_id: str(row.person) for rows in self.memberships.values() for row in rows}
        return names | {one.person_id: str(one.person) for one in self.assignments}

    def person(self, person_id: UUID) -> PersonFacts:
        employment, package = self.employments.get(person_id), self.packages.get(person_id)
        seat, assignment = self.seats.get(person_id), self.on_this_plan.get(person_id)
        accounts = {account.pk: account.node.code for account in self.strategic_accounts}
        served = assignment or seat
        account_id = served.account_id if served else None
        same = package is not None and package.currency == self.version.currency
        return PersonFacts(
            person=self.names[person_id],
            role=seat.role.code if seat else "",
            seat=seat.seat if seat else "member",
            link=seat.link if seat else "direct",
            account=accounts.get(account_id, "") if account_id else "",
            on_plan=assignment is not None,
            place=employment.jurisdiction if employment else "",
            language=employment.work_language if employment else "",
            salaried=employment.salaried if employment else None,
            overtime=(employment.overtime_status or None) if employment else None,
            works_council=employment.works_council if employment else None,
            base=package.base_salary if package and same else None,
            variable=package.variable_target if package and same else None,
            pool_target=package.pool_target if package and same else None,
            targets_set=self.has_targets(person_id, account_id),
        )

    def has_targets(self, person_id: UUID, account_id: UUID | None) -> bool:
        nodes = {account.node_id for account in self.strategic_accounts if account.pk == account_id}
        return any(target.person_id == person_id or target.node_id in nodes for target in self.targets)

    def cost(self) -> CostFacts:
        parts = [
            package.variable_target + package.pool_target
            for package in self.packages.values()
            if package.currency == self.version.currency
        ]
        whole = len(parts) == len(self.people_ids) and bool(parts)
        budgets = self.settings.get(BUDGETS)
        stated = budgets.get(self.version.plan.code) if isinstance(budgets, dict) else None
        return CostFacts(
            at_target=sum(parts, ZERO) if whole else None,
            budget=None if stated is None else Decimal(str(stated)),
        )

    # The version ------------------------------------------------------------------------------------------

    def version_facts(self) -> VersionFacts:
        version, last = self.version, self.closed[-1] if self.closed else None
        followed = PlanVersion.objects.filter(plan_id=version.plan_id, status=VersionStatus.PUBLISHED)
        others = list(followed.exclude(pk=version.pk).values_list("number", "valid"))
        in_force = version.status == VersionStatus.PUBLISHED
        ends = version.span.until
        replaced = ends is not None and any(valid.lower >= ends for _, valid in others)
        return VersionFacts(
            prepared_by=_username(version.prepared_by),
            approved_by=_username(version.approved_by),
            frozen_on=version.approved_at.date() if version.approved_at else None,
            published_on=version.published_at.date() if version.published_at else None,
            paid_until=None if in_force or last is None else last.span.last,
            first=not any(number < version.number for number, _ in others),
            expired_on=ends - timedelta(days=1) if in_force and ends is not None and not replaced else None,
        )

    def account_manager_plan(self) -> Any:
        code = self.settings.get(ACCOUNT_MANAGER_PLAN)
        if not isinstance(code, str):
            return None
        found = (
            PlanVersion.objects.filter(plan__code=code, status=VersionStatus.PUBLISHED)
            .order_by("number")
            .last()
        )
        return found and found.document

    def waived(self) -> tuple[str, ...]:
        rows = Finding.objects.filter(
            subject_table=VERSION_TABLE, subject_id=str(self.version.pk), status=FindingStatus.WAIVED
        )
        return tuple(rows.values_list("message", flat=True))


_SURVEYED = {code for code, rule in LIBRARY.items() if rule.source == "survey_responses"}


def _measures(picture: Picture) -> dict[str, Decimal]:
    """Return the weight of each metric of a plan; what pays by commission counts as its base, outside the weights."""
    found: dict[str, Decimal] = {}
    for placed in picture.leaves:
        for metric in placed.metrics:
            found[metric] = found.get(metric, ZERO) + placed.leaf.weight / len(placed.metrics)
    return found


def _username(user: Any) -> str:
    return user.get_username() if user else ""
