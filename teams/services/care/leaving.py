"""Acts on leavers, on what the market pays, and on whom the relationship with an account rests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from teams.models import AccountRelationship, JobRole, Leaver, MarketBenchmark, Person, StrategicAccount
from teams.selectors.market import standings_on
from teams.services.care.rules import care_check, kept_until, own_check, words_check


class BenchmarkUnusable(Refusal):
    """What the market pays is a positive amount at a percentile from 1 to 99."""


class BenchmarkExists(Refusal):
    """A source says one figure for a role, a country and a percentile on a day."""


class SuccessorHolds(Refusal):
    """Who holds an account is not its own successor."""


@act
def leaver_record(
    *, person_id: UUID, last_day: date, said: Mapping[str, Any], by: User, at: datetime
) -> Leaver:
    """
    Keep where a person went and why, with role, country, pay and market pay as they were on the last day.

    `said` are `reason`, `destination`, `destination_name` and `non_compete`. Said again, it is corrected.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises OwnCare: if it is about themselves.
    """
    care_check(by=by, at=at, act="Keeping the register of leavers")
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    own_check(user_id=person.user_id, by=by)
    stood = standings_on(days={person.pk: last_day})[person.pk]
    known = {
        "last_day": last_day,
        "role": stood.role,
        "country": stood.country,
        "target_cash": stood.pay,
        "market_cash": stood.market,
        "currency": stood.currency,
        "retain_until": kept_until(day=last_day, at=at),
        **said,
    }
    leaver, _made = Leaver.objects.update_or_create(
        person=person, defaults=known, create_defaults={**known, "created_by": by}
    )
    return leaver


@act
def market_benchmark_put(
    *,
    role: JobRole,
    country: str,
    percentile: int,
    target_cash: Decimal,
    base_salary: Decimal | None,
    currency: str,
    as_of: date,
    source: str,
    by: User,
    at: datetime,
) -> MarketBenchmark:
    """
    Keep what the market pays a role in a country at a percentile, a year.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises BenchmarkUnusable: if an amount is not positive, or the percentile none of 1 to 99.
    :raises BenchmarkExists: if the source said so of that day already.
    """
    care_check(by=by, at=at, act="Keeping market pay")
    laws = {
        "market_benchmarks_are_positive": BenchmarkUnusable(
            "Market pay is a positive amount, at a percentile from 1 to 99."
        ),
        "market_benchmarks_once": BenchmarkExists(
            "%(source)s is kept already for this role, country, percentile and day.", source=source
        ),
    }
    with refusing(laws):
        return MarketBenchmark.objects.create(
            role=role,
            country=country,
            percentile=percentile,
            target_cash=target_cash,
            base_salary=base_salary,
            currency=currency,
            as_of=as_of,
            source=source,
            created_by=by,
        )


@act
def account_relationship_put(
    *,
    account: StrategicAccount,
    sole_contact: bool,
    successor: Person | None,
    looked_on: date,
    note: str,
    by: User,
    at: datetime,
) -> AccountRelationship:
    """
    Say on whom the relationship with an account rests, and who would succeed its key account manager.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises SuccessorHolds: if the successor is its key account manager on that day.
    :raises HealthNamed: if the note says something about health.
    """
    care_check(by=by, at=at, act="Looking at relationships with accounts")
    words_check(note)
    holds = account.memberships.filter(seat="kam", valid__contains=looked_on)
    if successor is not None and holds.filter(person=successor).exists():
        raise SuccessorHolds("The successor is somebody else than the key account manager.")
    said = {"sole_contact": sole_contact, "successor": successor, "looked_on": looked_on, "note": note}
    found, _made = AccountRelationship.objects.update_or_create(
        account=account, defaults=said, create_defaults={**said, "created_by": by}
    )
    return found
