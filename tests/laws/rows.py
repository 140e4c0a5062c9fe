"""Rows the laws are tried on: the least that the tables ask for, made as the app role."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import JSONField
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from payouts.choices import PoolStatus, RunStatus
from payouts.models import Allocation, Payout, PayoutLine, Pool, PoolBudget, ReplayPerson, Run, RunChunk
from plans.choices import PlanType, VersionStatus
from plans.models import Assignment, Plan, PlanVersion, Replay, Scenario
from scorecards.choices import CreditType
from scorecards.models import Collection, Credit, Scorecard, Transaction
from teams.choices import AccountStatus, Link, Seat
from teams.models import AccountNode, JobRole, Membership, Person, StrategicAccount

NUMBERS = count(1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def days(since: str, until: str | None = None) -> DateRange:
    """Return the half-open span between two ISO dates."""
    return DateRange(date.fromisoformat(since), None if until is None else date.fromisoformat(until))


def user() -> User:
    return User.objects.create(username=f"user-{next(NUMBERS)}")


def approver() -> User:
    """Return a user who may approve plans, on any day."""
    return user_make(
        username=f"user-{next(NUMBERS)}", roles=[Role.EXECUTIVE], since=date(2020, 1, 1), by=None
    )


def designer() -> User:
    """Return a user who designs and publishes plans, on any day."""
    return user_make(
        username=f"user-{next(NUMBERS)}", roles=[Role.COMP_ADMIN], since=date(2020, 1, 1), by=None
    )


def person(**values: Any) -> Person:
    return Person.objects.create(**{"employee_id": f"E{next(NUMBERS)}", **values})


def role() -> JobRole:
    return JobRole.objects.get_or_create(code="tried", defaults={"name": "Tried"})[0]


def node(**values: Any) -> AccountNode:
    code = f"N{next(NUMBERS)}"
    return AccountNode.objects.create(**{"code": code, "name": code, "currency": "EUR", **values})


def account(**values: Any) -> StrategicAccount:
    return StrategicAccount.objects.create(
        node=values.pop("node", None) or node(),
        programme_start=date(2026, 1, 1),
        plan_currency="EUR",
        **values,
    )


def membership(**values: Any) -> Membership:
    seat = values.get("seat", Seat.MEMBER)
    return Membership.objects.create(
        **{
            "account": values.pop("account", None) or account(),
            "person": values.pop("person", None) or person(),
            "role": role(),
            "link": Link.DIRECT,
            "valid": days("2026-01-01"),
            "pool_eligible": seat != Seat.KAM,
            **values,
        }
    )


def active_account(**values: Any) -> tuple[StrategicAccount, Membership]:
    """Return an active account and the membership of its key account manager."""
    made = account(**values)
    kam = membership(account=made, seat=Seat.KAM)
    StrategicAccount.objects.filter(pk=made.pk).update(status=AccountStatus.ACTIVE)
    return made, kam


def transactions(number: int) -> list[Transaction]:
    """Return invoice lines of one node, written in one statement."""
    where = node()
    return Transaction.objects.bulk_create(
        Transaction(
            source_id=f"T{next(NUMBERS)}",
            date=date(2026, 1, 1) + timedelta(days=index),
            node=where,
            revenue="100.00",
            currency="EUR",
        )
        for index in range(number)
    )


def credit(line: Transaction, share: str, **values: Any) -> Credit:
    """Return a credit that is not saved."""
    return Credit(
        **{
            "source": line.source,
            "source_id": line.source_id,
            "line": line.line,
            "person": values.pop("person", None) or person(),
            "share": share,
            "credit_type": CreditType.SPLIT,
            **values,
        }
    )


def collection(line: Transaction, amount: str, **values: Any) -> Collection:
    """Return money collected for an invoice."""
    return Collection.objects.create(
        **{
            "source": line.source,
            "source_id": line.source_id,
            "collection_id": f"C{next(NUMBERS)}",
            "collected_on": date(2026, 2, 1),
            "amount": amount,
            "currency": line.currency,
            **values,
        }
    )


def scorecard(**values: Any) -> Scorecard:
    return Scorecard.objects.create(**{"period": period(), "node": node(), **values})


def calendar() -> FiscalCalendar:
    code = f"C{next(NUMBERS)}"
    return FiscalCalendar.objects.create(code=code, name=code)


def period(**values: Any) -> Period:
    return Period.objects.create(
        **{
            "calendar": values.pop("calendar", None) or calendar(),
            "code": f"P{next(NUMBERS)}",
            "fiscal_year": 2026,
            "number": next(NUMBERS),
            "days": days("2026-01-01", "2026-04-01"),
            "cut_off_on": date(2026, 4, 9),
            "status": PeriodStatus.COLLECTING,
            **values,
        }
    )


def period_lock(locked: Period) -> None:
    Period.objects.filter(pk=locked.pk).update(status=PeriodStatus.LOCKED)


def plan(**values: Any) -> Plan:
    code = f"plan-{next(NUMBERS)}"
    return Plan.objects.create(
        **{
            "code": code,
            "name": code,
            "plan_type": PlanType.TEAM_PERFORMANCE,
            "calendar": values.pop("calendar", None) or calendar(),
            **values,
        }
    )


def version(**values: Any) -> PlanVersion:
    """Return a published version, unless another status is asked for."""
    decided = values.get("status", VersionStatus.PUBLISHED) != VersionStatus.DRAFT
    return PlanVersion.objects.create(
        **{
            "plan": values.pop("plan", None) or plan(),
            "number": next(NUMBERS),
            "valid": days("2026-01-01", "2027-01-01"),
            "document": {"format": "kamcomp.plan/1"},
            "digest": "0" * 64,
            "currency": "EUR",
            "status": VersionStatus.PUBLISHED,
            "prepared_by": user(),
            "approved_by": user() if decided else None,
            "approved_at": NOON if decided else None,
            **values,
        }
    )


def assignment(of: PlanVersion, **values: Any) -> Assignment:
    return Assignment.objects.create(
        **{"person": person(), "plan_id": of.plan_id, "plan_version": of, "valid": of.valid, **values}
    )


def run(in_period: Period | None = None, **values: Any) -> Run:
    in_period = in_period or period()
    return Run.objects.create(
        **{
            "calendar_id": in_period.calendar_id,
            "period": in_period,
            "number": next(NUMBERS),
            "status": RunStatus.CALCULATING,
            "is_current": True,
            "started_by": user(),
            "engine_format": 1,
            "known_at": NOON,
            **values,
        }
    )


def run_move(moved: Run, *statuses: RunStatus) -> None:
    """Move a run on, with the reviewer and approver that later states ask for."""
    Run.objects.filter(pk=moved.pk).update(
        reviewed_by=user(), reviewed_at=NOON, approved_by=user(), approved_at=NOON
    )
    for status in statuses:
        Run.objects.filter(pk=moved.pk).update(status=status)


def chunk(of: Run, **values: Any) -> RunChunk:
    return RunChunk.objects.create(
        **{"run": of, "number": next(NUMBERS), "plan_version": version(), "assignments": [], **values}
    )


def payout(of: Run, **values: Any) -> Payout:
    return Payout.objects.create(
        **{
            "run": of,
            "chunk": values.pop("chunk", None) or chunk(of),
            "period_id": of.period_id,
            "person": person(),
            "plan_version": version(),
            "currency": "EUR",
            "due": "10.00",
            "amount": "10.00",
            "input_digest": "0" * 64,
            **values,
        }
    )


def payout_columns(of: Run, **values: Any) -> dict[str, Any]:
    """Return a payout of the run that is not saved, as column names and values for a raw insert."""
    unsaved = Payout(
        **{
            "run": of,
            "chunk": values.pop("chunk", None) or chunk(of),
            "period_id": of.period_id,
            "person": person(),
            "plan_version": version(),
            "currency": "EUR",
            "due": "50",
            "amount": "50",
            "input_digest": "0" * 64,
            **values,
        }
    )
    fields = [field for field in Payout._meta.concrete_fields if not field.generated]
    return {
        field.column: json.dumps(getattr(unsaved, field.attname))
        if isinstance(field, JSONField)
        else field.get_db_prep_save(getattr(unsaved, field.attname), connection=connection)
        for field in fields
    }


def payout_insert(columns: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the statement and values that insert a payout."""
    slots = ", ".join(["%s"] * len(columns))
    values = [str(value) if isinstance(value, UUID) else value for value in columns.values()]
    return f"INSERT INTO payouts_payout ({', '.join(columns)}) VALUES ({slots})", values


def payout_line(of: Payout, **values: Any) -> PayoutLine:
    return PayoutLine.objects.create(
        **{
            "payout": of,
            "number": 1,
            "period_id": of.period_id,
            "leaf": "revenue",
            "amount": "10.00",
            **values,
        }
    )


def pool(**values: Any) -> Pool:
    """Return a pool of 100.00 that is being allocated by the account's manager."""
    of, kam = active_account()
    return Pool.objects.create(
        **{
            "account": of,
            "period": values.pop("period", None) or period(),
            "plan_version": version(),
            "currency": "EUR",
            "funded": "100.00",
            "status": PoolStatus.ALLOCATING,
            "allocator": kam.person,
            **values,
        }
    )


def pool_budget(of: Period, **values: Any) -> PoolBudget:
    return PoolBudget.objects.create(
        **{
            "period": of,
            "code": "KEY",
            "number": 1,
            "amount": "100.00",
            "currency": "EUR",
            "reason": "r",
            **values,
        }
    )


def allocation(of: Pool, amount: str | None, **values: Any) -> Allocation:
    member = values.pop("membership", None) or membership(account=of.account)
    return Allocation.objects.create(
        **{
            "pool": of,
            "person": member.person,
            "membership": member,
            "role": member.role,
            "link": Link.DIRECT,
            "dedication": 1,
            "days_eligible": 90,
            "role_weight": 1,
            "amount": amount,
            **values,
        }
    )


def replay(**values: Any) -> Replay:
    return Replay.objects.create(
        **{
            "version": values.pop("version", None) or version(),
            "version_digest": "0" * 64,
            "at": NOON,
            "periods": ["Q1"],
            "people_of": ["P"],
            "currency": "EUR",
            "people": 1,
            "paid": 1,
            "replayed": 2,
            "pools_paid": 0,
            "pools_replayed": 0,
            "figures": {},
            "problems": [],
            "input_digest": "0" * 64,
            "result_digest": "0" * 64,
            **values,
        }
    )


def scenario(**values: Any) -> Scenario:
    whose = {} if "draft" in values else {"version": values.pop("version", None) or version()}
    return Scenario.objects.create(
        **{
            **whose,
            "document_digest": "0" * 64,
            "name": "Bolder",
            "at": NOON,
            "currency": "EUR",
            "people": 1,
            "draws": 200,
            "figures": {},
            **values,
        }
    )


def simulated(version: PlanVersion) -> PlanVersion:
    """Keep a scenario of a version, as a plan without a past is asked for, and return the version."""
    levels = dict.fromkeys(("0.5", "1.0", "1.5"), "1000")
    scenario(version=version, document_digest=version.digest, figures={"levels": levels})
    return version


def replay_person(of: Replay, **values: Any) -> ReplayPerson:
    return ReplayPerson.objects.create(
        **{
            "replay": of,
            "person": values.pop("person", None) or person(),
            "currency": "EUR",
            "target": 1,
            "paid": 1,
            "replayed": 3,
            "difference": 2,
            "figures": {},
            **values,
        }
    )
