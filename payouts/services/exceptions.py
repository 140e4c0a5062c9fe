"""
Exceptions from a plan: requested with type, reason, money and an end; reviewed; approved or rejected by another person.

Approving says that the departure may be paid; what is paid for it is an adjustment of its own. An approved one ends
on its last day by itself. States: docs/reference/states.md, "Exception".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from kamcomp import money
from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check, users_holding
from kamcomp.notices.choices import NoticeKind
from kamcomp.refusal import Refusal, Word
from payouts.choices import ExceptionKind, ExceptionStatus
from payouts.models import PlanException
from payouts.services.telling import exception_told, exceptions_requested_told
from plans.models import Assignment, Plan
from plans.services import assignment_override
from teams.models import Person

REQUESTERS = [Role.KAM, Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE]
REVIEWERS = [Role.COMP_ADMIN, Role.FINANCE]
APPROVERS = [Role.EXECUTIVE, Role.FINANCE]
NUMBERING = 4_402_119


class ExceptionUnsound(Refusal):
    """An exception has a reason, money above zero in whole minor units, and an end that is not over."""


class OwnException(Refusal):
    """Nobody requests, reviews or approves an exception of their own pay."""


class RequesterCannotDecide(Refusal):
    """Who requested an exception neither reviews nor approves it."""


class ExceptionMovedOn(Refusal):
    """The exception is at another step than the act is for."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Somebody for whom a plan is departed from; `terms` are those that `assignment` is to have instead."""

    person: Person
    assignment: Assignment | None = None
    terms: Mapping[str, Any] | None = None


@act
def exception_request(
    *,
    plan: Plan,
    person: Person,
    period: Period,
    kind: ExceptionKind,
    reason: str,
    precedent: str = "",
    amount: Decimal,
    currency: str,
    expires_on: date,
    by: User,
    at: datetime,
) -> PlanException:
    """
    Request a departure from a plan for a person in a period.

    Rules, units and refusals are those of `exceptions_request`.
    """
    (exception,) = _requested(
        [Departure(person=person)], plan=plan, period=period, kind=kind, reason=reason, precedent=precedent,
        amount=amount, currency=currency, expires_on=expires_on, by=by, at=at,
    )  # fmt: skip
    return exception


@act
def exceptions_request(
    *,
    departures: Sequence[Departure],
    plan: Plan,
    period: Period,
    kind: ExceptionKind,
    reason: str,
    precedent: str = "",
    amount: Decimal,
    currency: str,
    expires_on: date,
    by: User,
    at: datetime,
) -> list[PlanException]:
    """
    Request the same departure from a plan for several people in a period: one exception for each, in their order.

    Units: `amount` is what it costs for one, in whole minor units of `currency`. Asks as many questions of the
    database for many as for one.

    :raises ExceptionUnsound: if the reason is missing, the amount is not above zero, or the end is over.
    :raises OwnException: if one is about the pay of `by`.
    """
    return _requested(
        departures, plan=plan, period=period, kind=kind, reason=reason, precedent=precedent, amount=amount,
        currency=currency, expires_on=expires_on, by=by, at=at,
    )  # fmt: skip


def _requested(
    departures: Sequence[Departure],
    *,
    amount: Decimal,
    currency: str,
    reason: str,
    precedent: str,
    expires_on: date,
    by: User,
    at: datetime,
    **what: Any,
) -> list[PlanException]:
    role_check(user=by, roles=REQUESTERS, on=at.date(), act="Requesting an exception")
    if not reason.strip():
        raise ExceptionUnsound("Say why the plan is departed from: exceptions are read and counted.")
    if amount <= 0 or not money.is_settled(amount, currency=currency):
        raise ExceptionUnsound(
            "%(amount)s %(currency)s is not what an exception costs: say an amount above zero.",
            amount=amount,
            currency=currency,
        )
    if expires_on < at.date():
        raise ExceptionUnsound(
            "%(expires_on)s is over: an exception ends today at the earliest.", expires_on=expires_on
        )
    for each in departures:
        _refuse_own(person=each.person, by=by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])
    last = int(PlanException.objects.aggregate(last=Max("number"))["last"] or 0)
    exceptions = PlanException.objects.bulk_create(
        PlanException(
            number=number, person=each.person, assignment=each.assignment, terms=each.terms, amount=amount,
            currency=currency, reason=reason.strip(), precedent=precedent.strip(), expires_on=expires_on,
            requested_by=by, created_by=by, **what,
        )
        for number, each in enumerate(departures, start=last + 1)
    )  # fmt: skip
    users = users_holding(roles=REVIEWERS, on=at.date()).exclude(pk=by.pk)
    exceptions_requested_told(exceptions=exceptions, users=users, at=at)
    return exceptions


@act
def exception_review(*, exception_id: UUID, by: User, at: datetime) -> PlanException:
    """
    Say that a request is complete and can be decided.

    :raises ExceptionMovedOn: if it was reviewed or decided before.
    :raises RequesterCannotDecide, OwnException: if `by` requested it, or is paid it.
    """
    exception = _at_step(exception_id, ExceptionStatus.REQUESTED, by=by, at=at, roles=REVIEWERS)
    exception.status, exception.reviewed_by, exception.reviewed_at = ExceptionStatus.REVIEWED, by, at
    exception.save(update_fields=["status", "reviewed_by", "reviewed_at"])
    _told_next(exception, roles=APPROVERS, at=at)
    return exception


@act
def exception_decide(
    *, exception_id: UUID, approve: bool, words: str = "", by: User, at: datetime
) -> PlanException:
    """
    Approve a reviewed exception, or reject it with the reason. Approved personal terms hold from then on.

    :raises ExceptionUnsound: if it is rejected without a reason.
    :raises TermsChanged: if the assignment is on other terms by now than when the exception was requested.
    :raises DayOutside, TermsTooLate: if the assignment no longer holds on the days of its terms, or they are locked.
    :raises ExceptionMovedOn, RequesterCannotDecide, OwnException: as `exception_review`.
    """
    if not approve and not words.strip():
        raise ExceptionUnsound("Say why it is rejected.")
    exception = _at_step(exception_id, ExceptionStatus.REVIEWED, by=by, at=at, roles=APPROVERS)
    exception.status = ExceptionStatus.APPROVED if approve else ExceptionStatus.REJECTED
    exception.decided_by, exception.decided_at, exception.decision = by, at, words.strip()
    exception.save(update_fields=["status", "decided_by", "decided_at", "decision"])
    if approve and exception.assignment_id is not None:
        _terms_put(exception, exception.assignment_id, by=by)
    exception_told(
        exception=exception, users=[exception.requested_by], kind=NoticeKind.EXCEPTION_DECIDED, at=at
    )
    return exception


@act
def exceptions_expire(*, on: date) -> int:
    """End the approved exceptions whose last day is before `on`; return how many."""
    ended = PlanException.objects.select_for_update(no_key=True).filter(
        status=ExceptionStatus.APPROVED, expires_on__lt=on
    )
    return sum(_ended(each) for each in ended)


def _terms_put(exception: PlanException, assignment_id: UUID, *, by: User) -> None:
    """Put the assignment of an approved exception on the terms that were asked for."""
    terms: dict[str, Any] = exception.terms or {}
    assignment_override(
        assignment_id=assignment_id,
        since=date.fromisoformat(terms["since"]),
        last_day=date.fromisoformat(terms["last_day"]),
        share=Decimal(terms["share"]),
        parameters=terms["values"],
        usual={"share": Decimal(terms["usual"]["share"]), "parameters": terms["usual"]["values"]},
        by=by,
    )


def _told_next(exception: PlanException, *, roles: list[Role], at: datetime) -> None:
    users = users_holding(roles=roles, on=at.date()).exclude(pk=exception.requested_by_id)
    exception_told(exception=exception, users=users, kind=NoticeKind.EXCEPTION_DECIDE, at=at)


def _ended(exception: PlanException) -> int:
    exception.status = ExceptionStatus.EXPIRED
    exception.save(update_fields=["status"])
    return 1


def _at_step(
    exception_id: UUID, step: ExceptionStatus, *, by: User, at: datetime, roles: list[Role]
) -> PlanException:
    role_check(user=by, roles=roles, on=at.date(), act=f"Deciding on a {step.label.lower()} exception")
    exception = (
        PlanException.objects.select_for_update(of=("self",), no_key=True)
        .select_related("person", "reviewed_by", "decided_by", "requested_by")
        .get(pk=exception_id)
    )
    if exception.status != step:
        who = exception.decided_by or exception.reviewed_by
        status = Word(exception.get_status_display().lower())
        if who:
            raise ExceptionMovedOn(
                "%(exception)s is %(status)s by %(who)s already.",
                exception=exception,
                status=status,
                who=who.get_full_name() or who,
            )
        raise ExceptionMovedOn("%(exception)s is %(status)s already.", exception=exception, status=status)
    if exception.requested_by_id == by.pk:
        raise RequesterCannotDecide(
            "%(by)s requested %(exception)s: somebody else reviews and approves it.",
            by=by,
            exception=exception,
        )
    _refuse_own(person=exception.person, by=by)
    return exception


def _refuse_own(*, person: Person, by: User) -> None:
    if person.user_id == by.pk:
        raise OwnException("%(by)s cannot ask for or decide an exception of their own pay.", by=by)
