"""
Pay against the market: target total cash of people over the benchmark of their role, country and policy line.

The benchmark is the newest of the role in the country of employment, at the percentile its job profile names. One in
another currency is taken at the plan rate of the day; where a part is missing there is no figure, never a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from kamcomp.currency.selectors import rates_on
from kamcomp.money import CONTEXT
from teams.choices import PackageStatus
from teams.engine.care import compa_ratio
from teams.models import Employment, JobRole, MarketBenchmark, Membership, PayPackage

MEDIAN = 50
STALE_MONTHS = 24


@dataclass(frozen=True, kw_only=True)
class Standing:
    """
    What somebody is promised a year beside what the market pays, on a day; what is not known is None.

    `market` is in `currency`, which is the package's. `benchmark` is the row it was taken from.
    """

    role: JobRole | None = None
    country: str = ""
    pay: Decimal | None = None
    currency: str = ""
    market: Decimal | None = None
    benchmark: MarketBenchmark | None = None

    @property
    def ratio(self) -> Decimal | None:
        """Return pay over market."""
        if self.pay is None or self.market is None:
            return None
        return compa_ratio(pay=self.pay, market=self.market)


def standings_on(*, days: Mapping[UUID, date]) -> dict[UUID, Standing]:
    """Return the standing of people, each on their own day, with as many queries for one as for many."""
    if not days:
        return {}
    people = list(days)
    employments = _employments(people)
    roles = _roles(days=days, employments=employments)
    packages = PayPackage.objects.filter(person__in=people, status=PackageStatus.APPROVED)
    paid = {one.person_id: one for one in packages if days[one.person_id] in one.span}
    found = {}
    for person_id, day in days.items():
        employment = next((one for one in employments[person_id] if day in one.span), None)
        found[person_id] = standing(
            role=roles.get(person_id), employment=employment, package=paid.get(person_id)
        )
    return against_market(standings=found, days=days)


def standing(*, role: JobRole | None, employment: Employment | None, package: PayPackage | None) -> Standing:
    """Return where somebody stands before it is held against the market."""
    return Standing(
        role=role,
        country=employment.jurisdiction[:2] if employment else "",
        pay=CONTEXT.add(package.base_salary, package.variable_target) if package else None,
        currency=package.currency if package else "",
    )


def roles_on(*, days: Mapping[UUID, date]) -> dict[UUID, JobRole]:
    """Return the role of people on their day: of the team they give most time to, or else of their employment."""
    return _roles(days=days, employments=_employments(list(days)))


def _roles(*, days: Mapping[UUID, date], employments: Mapping[UUID, list[Employment]]) -> dict[UUID, JobRole]:
    rows = Membership.objects.filter(person__in=list(days)).select_related("role")
    employed = {
        one.person_id: one.job_role
        for found in employments.values()
        for one in found
        if one.job_role is not None and days[one.person_id] in one.span
    }
    serving = rows.order_by("dedication", "valid")
    return employed | {one.person_id: one.role for one in serving if days[one.person_id] in one.span}


def _employments(people: Iterable[UUID]) -> dict[UUID, list[Employment]]:
    found: dict[UUID, list[Employment]] = defaultdict(list)
    for one in Employment.objects.filter(person__in=list(people)).select_related("job_role"):
        found[one.person_id].append(one)
    return found


def against_market(*, standings: Mapping[UUID, Standing], days: Mapping[UUID, date]) -> dict[UUID, Standing]:
    """Return standings held against the benchmark of role, country and policy line, each on its day."""
    roles = {one.role for one in standings.values() if one.role}
    line = Coalesce("role__profile__market_percentile", MEDIAN)
    rows: QuerySet[Any] = MarketBenchmark.objects.filter(role__in=roles).annotate(line=line)
    rows = rows.filter(percentile=F("line"))
    by_place: dict[tuple[UUID, str], list[Any]] = defaultdict(list)
    for row in rows.order_by("-as_of", "-created_at"):
        by_place[row.role_id, row.country].append(row)
    held: dict[UUID, MarketBenchmark | None] = {}
    for person_id, one in standings.items():
        known = by_place[one.role.pk, one.country] if one.role else []
        held[person_id] = next((row for row in known if row.as_of <= days[person_id]), None)
    pairs = {(row.currency, standings[who].currency) for who, row in held.items() if row}
    rates = rates_on(
        rate_set=RateSet.PLAN, on=max(days.values()), pairs={pair for pair in pairs if all(pair)}
    )
    return {
        person_id: one if (row := held[person_id]) is None else _held_against(one, row, rates)
        for person_id, one in standings.items()
    }


def _held_against(one: Standing, row: MarketBenchmark, rates: Mapping[tuple[str, str], FxRate]) -> Standing:
    rate = rates.get((row.currency, one.currency))
    market = row.target_cash if row.currency == one.currency else None
    if rate is not None:
        market = CONTEXT.multiply(row.target_cash, rate.rate)
    return replace(one, market=market, benchmark=row)
