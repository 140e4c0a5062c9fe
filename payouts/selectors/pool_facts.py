"""
Rows turned into pool cases: which accounts have a pool in a period, who may share in it, what funds it.

A handful of set-based queries for all accounts of a run, whatever their number.
Rules: docs/reference/formulas.md, "Pool members" and "Pool funding".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar
from uuid import UUID

from django.db.models import Q

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.currency.choices import RateSet
from kamcomp.currency.selectors import rates_on
from kamcomp.refusal import Refusal
from payouts.engine.conversion import RateMissing
from payouts.engine.pool_case import PoolCase
from payouts.engine.pool_members import Candidate, Promise, Service, Stint, period_part, pool_member
from plans.choices import VersionStatus
from plans.engine.conventions import Leave
from plans.engine.document import plan_from_document
from plans.engine.plan import Plan
from plans.engine.pool_terms import FundingRule, PoolTerms
from plans.models import Assignment, PlanVersion
from scorecards.choices import ResultStatus, Window
from scorecards.models import Result
from teams.choices import AccountStatus, EmploymentStatus, PackageStatus, Seat
from teams.models import Employment, Membership, PayPackage, Person, StrategicAccount

COUNTED = (ResultStatus.FINAL, ResultStatus.RESTATED, ResultStatus.PROVISIONAL)


class TwoPlansFundOnePool(Refusal):
    """Two plans in force both fund the pool of an account, and an account has one pool."""


class NobodyAllocates(Refusal):
    """An account with a pool has no key account manager on the period's last day."""


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """An active account, the plan version that funds its pool in a period, and what the version says of it."""

    account: StrategicAccount
    version: PlanVersion
    plan: Plan
    terms: PoolTerms


@dataclass(frozen=True, kw_only=True)
class PoolFacts:
    """The members of an account's pool as rows: candidates by employee id, their last membership, the KAM."""

    candidates: Sequence[Candidate]
    memberships: Mapping[str, Membership]
    allocator: Person


def period_pool_plans(*, period: Period) -> list[PoolPlan]:
    """
    Return the active accounts that have a pool in a period, by account code.

    A published version whose days hold the period's last day, with a pool section, funds
    the pool of its plan's own account, or of every account its people are assigned for.

    :raises TwoPlansFundOnePool: if two versions fund the same account's pool.
    """
    last_day = period.days.upper - timedelta(days=1)
    versions = PlanVersion.objects.filter(
        plan__calendar_id=period.calendar_id,
        status=VersionStatus.PUBLISHED,
        valid__contains=last_day,
        document__pool__isnull=False,
    ).select_related("plan")
    found: dict[UUID, PlanVersion] = {}
    for version in versions:
        if version.document["pool"] is None:
            continue
        for account_id in _accounts_of(version, period=period):
            other = found.setdefault(account_id, version)
            if other.plan_id != version.plan_id:
                raise TwoPlansFundOnePool(
                    "%(other)s and %(version)s both fund the pool of one account in %(period)s: end one "
                    "of them.",
                    other=other,
                    version=version,
                    period=period,
                )
    accounts = StrategicAccount.objects.filter(
        pk__in=found, status=AccountStatus.ACTIVE, programme_start__lte=last_day
    ).select_related("node")
    documents = {version.pk: plan_from_document(version.document) for version in set(found.values())}
    plans = []
    for account in accounts.order_by("node__code"):
        version, plan = found[account.pk], documents[found[account.pk].pk]
        if plan.pool is not None:
            plans.append(PoolPlan(account=account, version=version, plan=plan, terms=plan.pool))
    return plans


def pool_facts(*, plans: Sequence[PoolPlan], period: Period) -> dict[UUID, PoolFacts]:
    """
    Return the members of each account's pool, by account id, in seven queries.

    :raises NobodyAllocates: if an account has no KAM on the period's last day.
    :raises RateMissing: if a package is in another currency than the pool and no plan rate is stored.
    """
    members = list(
        Membership.objects.filter(account__in=[plan.account.pk for plan in plans], valid__overlap=period.days)
        .select_related("person", "role")
        .order_by("account_id", "person__employee_id", "valid")
    )
    people = {member.person_id for member in members if member.seat != Seat.KAM}
    rows = _PeopleRows.of(people, plans=plans, period=period)
    by_account = defaultdict(list)
    for member in members:
        by_account[member.account_id].append(member)
    return {
        plan.account.pk: _facts(plan, members=by_account[plan.account.pk], rows=rows, period=period)
        for plan in plans
    }


def pool_case(
    *,
    plan: PoolPlan,
    facts: PoolFacts,
    period: Period,
    results: Mapping[str, Decimal],
    contribution: Decimal | None,
    correction: Decimal,
) -> PoolCase:
    """Return the case of one account's pool: everything its figures are computed from."""
    span = period.span
    return PoolCase(
        terms=plan.terms,
        members=tuple(
            pool_member(candidate=candidate, period=span, terms=plan.terms) for candidate in facts.candidates
        ),
        period_days=span.days,
        currency=plan.plan.currency,
        results=results,
        contribution=contribution,
        correction=correction,
    )


def contributions(*, plans: Sequence[PoolPlan], period: Period, known_at: datetime) -> dict[UUID, Decimal]:
    """Return, by account id, the metric of a period that funds a share-of-contribution pool, as known at an instant."""
    reading = {
        plan.account.node_id: plan
        for plan in plans
        if plan.terms.funding.rule is FundingRule.SHARE_OF_CONTRIBUTION
    }
    results = (
        Result.objects.known_at(known_at)
        .filter(
            period=period,
            window=Window.PERIOD,
            node__in=reading,
            segment=None,
            status__in=COUNTED,
            metric__code__in={plan.terms.funding.metric for plan in reading.values()},
        )
        .select_related("metric")
    )
    return {
        reading[result.node_id].account.pk: result.value
        for result in results
        if reading[result.node_id].terms.funding.metric == result.metric.code
    }


def _accounts_of(version: PlanVersion, *, period: Period) -> set[UUID]:
    if version.plan.account_id is not None:
        return {version.plan.account_id}
    return set(
        Assignment.objects.filter(
            plan_version=version, account__isnull=False, valid__overlap=period.days
        ).values_list("account_id", flat=True)
    )


def _facts(plan: PoolPlan, *, members: Iterable[Membership], rows: _PeopleRows, period: Period) -> PoolFacts:
    last_day = period.days.upper - timedelta(days=1)
    stints: dict[Person, list[Membership]] = defaultdict(list)
    allocator = None
    for member in members:
        if member.seat == Seat.KAM:
            allocator = member.person if last_day in member.span else allocator
        else:
            stints[member.person].append(member)
    if allocator is None:
        raise NobodyAllocates(
            "%(account)s has a pool and no key account manager on %(last_day)s: name one, or put "
            "it in review.",
            account=plan.account,
            last_day=last_day,
        )
    stints.pop(allocator, None)
    return PoolFacts(
        candidates=[rows.candidate(person, stints=own, plan=plan) for person, own in stints.items()],
        memberships={person.employee_id: own[-1] for person, own in stints.items()},
        allocator=allocator,
    )


@dataclass(frozen=True, kw_only=True)
class _PeopleRows:
    """What the other tables know of the members, by person id."""

    period: Period
    periods_a_year: int
    services: Mapping[UUID, list[Membership]]
    employments: Mapping[UUID, list[Employment]]
    packages: Mapping[UUID, list[PayPackage]]
    rates: Mapping[tuple[str, str], Decimal]

    @classmethod
    def of(cls, people: set[UUID], *, plans: Sequence[PoolPlan], period: Period) -> _PeopleRows:
        overlapping = Q(person__in=people, valid__overlap=period.days)
        packages = PayPackage.objects.filter(overlapping, status=PackageStatus.APPROVED)
        pairs = {
            (currency, plan.plan.currency)
            for currency in packages.values_list("currency", flat=True)
            for plan in plans
        }
        rates = rates_on(rate_set=RateSet.PLAN, on=period.days.upper - timedelta(days=1), pairs=pairs)
        return cls(
            period=period,
            periods_a_year=Period.objects.filter(
                calendar_id=period.calendar_id, fiscal_year=period.fiscal_year
            ).count(),
            services=_by_person(Membership.objects.filter(overlapping, pool_eligible=True)),
            employments=_by_person(
                Employment.objects.filter(overlapping).exclude(status=EmploymentStatus.ENDED)
            ),
            packages=_by_person(packages),
            rates={pair: rate.rate for pair, rate in rates.items()},
        )

    def candidate(self, person: Person, *, stints: Sequence[Membership], plan: PoolPlan) -> Candidate:
        employments = self.employments.get(person.pk, [])
        leave_counts = plan.plan.proration.leave is not Leave.NO_CHANGE
        return Candidate(
            key=person.employee_id,
            stints=[
                Stint(
                    span=stint.span,
                    role=stint.role.code,
                    link=stint.link,
                    dedication=stint.dedication,
                    role_weight=stint.role.role_weight,
                    pool_eligible=stint.pool_eligible,
                    opt_out_reason=stint.opt_out_reason,
                )
                for stint in stints
            ],
            services=[
                Service(span=each.span, dedication=each.dedication)
                for each in self.services.get(person.pk, [])
            ],
            promises=[self._promise(package, plan=plan) for package in self.packages.get(person.pk, [])],
            employed=[each.span for each in employments],
            on_leave=[
                each.span for each in employments if leave_counts and each.status == EmploymentStatus.LEAVE
            ],
        )

    @money.exactly
    def _promise(self, package: PayPackage, *, plan: PoolPlan) -> Promise:
        part = period_part(
            yearly=package.pool_target,
            number=self.period.number,
            periods=self.periods_a_year,
            currency=package.currency,
        )
        return Promise(
            span=package.span, period_target=part * self._rate(package.currency, plan.plan.currency)
        )

    def _rate(self, base: str, quote: str) -> Decimal:
        if base == quote:
            return Decimal(1)
        try:
            return self.rates[base, quote]
        except KeyError:
            raise RateMissing(
                "A pool target in %(base)s meets a pool in %(quote)s, and no plan rate %(base)s to "
                "%(quote)s is stored for %(period)s: import one.",
                base=base,
                quote=quote,
                period=self.period,
            ) from None


class _HasPerson(Protocol):
    person_id: UUID


OfPerson = TypeVar("OfPerson", bound=_HasPerson)


def _by_person(rows: Iterable[OfPerson]) -> dict[UUID, list[OfPerson]]:
    by_person: dict[UUID, list[OfPerson]] = defaultdict(list)
    for row in rows:
        by_person[row.person_id].append(row)
    return dict(by_person)
