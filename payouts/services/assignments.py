"""
People put on a version of a plan, several at once; who is to have other terms than the plan's has them once approved.

Everybody is on the plan's own terms at once, so that nobody waits for pay. Other terms (the share of target pay, the
personal values, over some days) are a departure from the plan: one exception each in the register, with reason and
money, reviewed and approved by others. States: docs/reference/states.md, "Exception".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from payouts.choices import ExceptionKind
from payouts.models import PlanException
from payouts.services.exceptions import Departure, exceptions_request
from plans.engine.document import plan_from_document
from plans.engine.needs import parameters_needed
from plans.models import Assignment, Plan, PlanVersion
from plans.services import OnPlan, overrides_check, people_put, versions_in
from teams.models import Person, StrategicAccount

ASSIGNERS = [Role.COMP_ADMIN]


class NobodyChosen(Refusal):
    """Somebody is put on a plan, or put on other terms."""


class OwnAssignment(Refusal):
    """Nobody puts themselves on a plan."""


class ValuesMissing(Refusal):
    """A plan that reads personal values is given each of them."""


class TermsUnsound(Refusal):
    """Other terms differ from the plan's own, and begin in a period of its calendar."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Somebody to be on the plan, paid on an account's results; with `assignment` they are on it already."""

    person: Person
    account: StrategicAccount | None = None
    assignment: Assignment | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    What is asked for in place of the plan's own terms, for each who is chosen.

    Units: `share` is a ratio of target pay, and None leaves each at theirs; `amount` is what it costs for one person,
    in the plan's currency.
    """

    share: Decimal | None = None
    values: Mapping[str, Decimal]
    since: date
    last_day: date
    amount: Decimal
    reason: str
    precedent: str = ""


@dataclass
class Assigned:
    """What came of it: the assignments made, and the exceptions that wait for their review."""

    assignments: list[Assignment] = field(default_factory=list)
    exceptions: list[PlanException] = field(default_factory=list)


@act
def assignments_make(
    *,
    version_id: UUID,
    chosen: Sequence[Chosen],
    since: date,
    last_day: date | None,
    values: Mapping[str, Decimal],
    terms: Terms | None = None,
    by: User,
    at: datetime,
) -> Assigned:
    """
    Put people on a plan from a day on; with `terms` ask for an exception for each, also for who is on it already.

    Asks as many questions of the database for many as for one.

    :raises RoleMissing: if `by` does not put people on plans.
    :raises NobodyChosen: if nobody new is chosen and no other terms are asked for.
    :raises OwnAssignment: if `by` is among them.
    :raises ValuesMissing: if a version that holds over the days reads a personal value that is not given.
    :raises DaysReversed, NotInForce, AssignedAlready: as `people_put`.
    :raises TermsUnsound, DayOutside, TermsTooLate, ExceptionUnsound: if the other terms cannot be asked for.
    """
    role_check(user=by, roles=ASSIGNERS, on=at.date(), act="Putting people on a plan")
    version = PlanVersion.objects.select_related("plan__calendar", "plan__account").get(pk=version_id)
    new = [each for each in chosen if each.assignment is None]
    if not (chosen if terms else new):
        raise NobodyChosen("Nobody is chosen: tick who is to be on %(plan)s.", plan=version.plan)
    if any(each.person.user_id == by.pk for each in chosen):
        raise OwnAssignment("%(by)s cannot put themselves on a plan: somebody else does.", by=by)
    found, made = Assigned(), []
    if new:
        _check_values(version, values, since=since, last_day=last_day)
        made = people_put(
            people=[OnPlan(person=each.person, account=each.account) for each in new], plan=version.plan,
            since=since, last_day=last_day, parameters=_texts(values), by=by,
        )  # fmt: skip
        found.assignments = [row for rows in made for row in rows]
    if terms is not None:
        left = iter(made)
        held = [[each.assignment] if each.assignment else next(left) for each in chosen]
        found.exceptions = _asked(held, version=version, terms=terms, by=by, at=at)
    return found


def _check_values(
    version: PlanVersion, values: Mapping[str, Decimal], *, since: date, last_day: date | None
) -> None:
    """Refuse where a version that holds over the days reads what is not given: of this one, or of one that follows."""
    in_force = [each for each, _days in versions_in(plan=version.plan, since=since, last_day=last_day)]
    over = version.span.until is not None and version.span.until <= since
    for each in [*([] if over else [version]), *(one for one in in_force if one.pk != version.pk)]:
        lacking = [
            name for name in parameters_needed(plan_from_document(each.document)) if name not in values
        ]
        if lacking:
            raise ValuesMissing(
                "%(version)s reads %(names)s of each person: say it.", version=each, names=", ".join(lacking)
            )


def _asked(
    held: Sequence[Sequence[Assignment]], *, version: PlanVersion, terms: Terms, by: User, at: datetime
) -> list[PlanException]:
    """Request the exceptions: of each person, for the assignment that holds when the other terms begin."""
    plan = version.plan
    assignments = [next((each for each in rows if terms.since in each.span), rows[0]) for rows in held]
    overrides_check(assignments=assignments, plan=plan, since=terms.since, last_day=terms.last_day)
    departures = [_departure(each, plan=plan, terms=terms) for each in assignments]
    period = Period.objects.filter(calendar=plan.calendar_id, days__contains=terms.since).first()
    if period is None:
        raise TermsUnsound(
            "No period of %(calendar)s contains %(day)s.", calendar=plan.calendar, day=terms.since
        )
    return exceptions_request(
        departures=departures, plan=plan, period=period, kind=ExceptionKind.TERMS, reason=terms.reason,
        precedent=terms.precedent, amount=terms.amount, currency=version.currency,
        # Terms of days that are over are asked for while their period is open: the asking ends today at the earliest.
        expires_on=max(terms.last_day, at.date()), by=by, at=at,
    )  # fmt: skip


def _departure(assignment: Assignment, *, plan: Plan, terms: Terms) -> Departure:
    share = assignment.share if terms.share is None else terms.share
    asked = {**assignment.parameters, **_texts(terms.values)}
    if share == assignment.share and asked == assignment.parameters:
        raise TermsUnsound(
            "The terms asked for %(person)s are those of %(plan)s: change the share or a value.",
            person=assignment.person,
            plan=plan,
        )
    return Departure(
        person=assignment.person, assignment=assignment, terms=_written(terms, share, asked, assignment)
    )


def _written(
    terms: Terms, share: Decimal, values: Mapping[str, Any], assignment: Assignment
) -> dict[str, Any]:
    """Return terms as an exception keeps them, with those it departs from."""
    return {
        "usual": {"share": f"{assignment.share:f}", "values": assignment.parameters},
        "share": f"{share:f}",
        "values": dict(values),
        "since": terms.since.isoformat(),
        "last_day": terms.last_day.isoformat(),
    }


def _texts(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{value:f}" for name, value in values.items()}
