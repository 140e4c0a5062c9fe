"""Accounts, their teams and what each member is paid on: read beside a plan document, each table once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Sum

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.currency.choices import RateSet
from kamcomp.currency.selectors import rates_on
from kamcomp.money import CONTEXT
from kamcomp.policy.models import PolicySetting
from plans.checks.facts import (
    MemberFacts,
    ObjectiveFacts,
    Stage,
    WalletFacts,
)
from plans.checks.picture import Picture, picture_of
from plans.engine.horizon import LONG_OVER_MONTHS
from plans.models import Assignment, PlanVersion
from plans.selectors.pictures.settings import (
    ACCOUNT_MANAGER_PLAN,
    BUDGETS,
    DAYS_OF_A_YEAR,
    EXPECTED_ROLES,
    ZERO,
)
from scorecards.models import AccountPnl, WalletEstimate
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, Membership, StrategicAccount


@dataclass
class TeamReads:
    """The version, the day it is looked at, and who serves the accounts it pays for."""

    version: PlanVersion
    on: date
    stage: Stage

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
    def other_measures(self) -> Mapping[UUID, Mapping[str, Decimal]]:
        """Return the metrics of each other version that members are on, with their weights."""
        ids = {version for versions in self.on_plans.values() for version in versions} - {self.version.pk}
        documents = dict(PlanVersion.objects.filter(pk__in=ids).values_list("pk", "document"))
        return {
            key: measures_of_plan(picture=picture_of(document=document))
            for key, document in documents.items()
        }

    @cached_property
    def version_measures(self) -> Mapping[UUID, Mapping[str, Decimal]]:
        """Return the metrics of each version that members are on, with their weights."""
        return {**self.other_measures, self.version.pk: measures_of_plan(picture=self.own)}

    @cached_property
    def own(self) -> Picture:
        return picture_of(document=self.version.document)

    @cached_property
    def measures_known(self) -> dict[tuple[Any, ...], Mapping[str, Decimal]]:
        """Hold what was worked out by `measures_of`: most members of a team are paid on the same."""
        return {}

    def measures_of(self, row: Membership) -> Mapping[str, Decimal]:
        """Return the metrics a member is paid on by plans and pool, with their weights."""
        versions = tuple(self.on_plans.get(row.person_id, ()))
        paid_on = (versions, row.pool_eligible)
        if paid_on not in self.measures_known:
            self.measures_known[paid_on] = self._measures(versions, row.pool_eligible)
        return self.measures_known[paid_on]

    def _measures(self, versions: Sequence[UUID], pool_eligible: bool) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        for version in versions:
            for metric, weight in self.version_measures[version].items():
                found[metric] = found.get(metric, ZERO) + weight
        shared = self.own.pool_measures if pool_eligible and self.own.plan.pool else ()
        for metric in shared:
            found.setdefault(metric, Decimal(1) / len(shared))
        return found

    def is_on_plan(self, person_id: UUID) -> bool | None:
        """Tell whether a plan pays somebody; not known while nobody is on this plan yet, as before it is published."""
        if self.on_plans.get(person_id):
            return True
        return False if self.assignments else None

    def member(self, row: Membership) -> MemberFacts:
        return MemberFacts(
            person=str(row.person),
            role=row.role.code,
            seat=row.seat,
            link=row.link,
            dedication=row.dedication,
            whole_dedication=self.whole_dedications[row.person_id],
            leader=str(row.leader or ""),
            on_plan=self.is_on_plan(row.person_id),
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
    def revenues(self) -> Mapping[UUID, Decimal]:
        """Return each account's revenue over a year, in plan currency; one that cannot be told is left out."""
        accounts = {account.node_id: account.pk for account in self.strategic_accounts}
        first = self.day - timedelta(days=DAYS_OF_A_YEAR)
        rows = list(
            AccountPnl.objects.current()
            .filter(node__in=accounts, days__startswith__gte=first, days__endswith__lte=self.day)
            .order_by()
            .values_list("node_id", "currency")
            .annotate(revenue=Sum("revenue"))
        )
        plan = self.version.currency
        rates = rates_on(
            rate_set=RateSet.PLAN, on=self.day, pairs={(currency, plan) for _n, currency, _s in rows}
        )
        found: dict[UUID, Decimal] = defaultdict(Decimal)
        for node_id, currency, revenue in rows:
            rate = rates.get((currency, plan))
            if currency == plan or rate is not None:
                found[accounts[node_id]] += revenue * rate.rate if rate else revenue
        return found

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
            found[row.account_id].append(objective_facts(row=row))
        return {account: tuple(rows) for account, rows in found.items()}


def objective_facts(*, row: AccountObjective) -> ObjectiveFacts:
    """Return an objective of the account plan as rules look at it."""
    return ObjectiveFacts(
        code=row.code,
        statement=row.statement,
        metric=row.metric_code,
        perspective=row.perspective,
        horizon_months=row.horizon_months,
        outcome=True if row.metric_code or row.unit else None,
    )


def long_emphasis(*, objectives: Sequence[ObjectiveFacts]) -> Decimal | None:
    """Return the share of an account plan's objectives that look further than a year; none where there are none."""
    horizons = [one.horizon_months for one in objectives if one.horizon_months]
    if not horizons:
        return None
    return CONTEXT.divide(
        Decimal(sum(months > LONG_OVER_MONTHS for months in horizons)), Decimal(len(horizons))
    )


def measures_of_plan(*, picture: Picture) -> dict[str, Decimal]:
    """Return the weight of each metric of a plan; what pays by commission counts as its base, outside the weights."""
    found: dict[str, Decimal] = {}
    for placed in picture.leaves:
        for metric in placed.metrics:
            found[metric] = found.get(metric, ZERO) + placed.leaf.weight / len(placed.metrics)
    return found
