"""
Acts of a person's page on their employments: one begins, changes from a day on, ends, and the last edit is undone.

They are the acts of `teams.services.people` with who may do them and a guard against a page that is out of date.
An edit says what it found and what it left; it can be undone as long as the employments are as it left them.
How: docs/how-to/keep-teams-and-people.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal, Word
from teams.choices import PersonStatus
from teams.models import Employment, Person
from teams.services.people import (
    EmploymentOverlaps,
    employment_begin,
    employment_change,
    employment_end,
)

EDITORS = [Role.COMP_ADMIN, Role.HR_LEGAL]
ACT = "Editing employments"
TERMS = (
    "employer", "jurisdiction", "work_language", "payroll_currency", "overtime_status", "works_council",
    "status", "end_reason",
)  # fmt: skip
States = dict[str, dict[str, Any] | None]
PERSON = "person"
"""The key of a person's own state among those of their employments."""


class EmploymentChangedMeanwhile(Refusal):
    """Somebody else changed the employment after the page was opened."""


class EmploymentSame(Refusal):
    """A change that changes nothing is no edit."""


class EmploymentDayOutside(Refusal):
    """The day is not one of the employment's days."""


class EmploymentFollows(Refusal):
    """A person is no leaver while a later employment stands."""


class OwnEmployment(Refusal):
    """Nobody changes the employment they are paid by."""


class EmploymentsOvertaken(Refusal):
    """The employments are no longer as the edit left them."""


@dataclass(frozen=True, kw_only=True)
class EmploymentEdit:
    """An edit of a person's employments: from which day, what it found and what it left, by id."""

    person_id: UUID
    from_on: date
    before: States
    after: States


@act
def person_employment_begin(
    *, person_id: UUID, since: date, last_day: date | None, terms: Mapping[str, Any], by: User, at: datetime
) -> EmploymentEdit:
    """
    Let an employment begin; who had left is active again.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises OwnEmployment: if the employment is their own.
    :raises EmploymentOverlaps: if another one holds on one of the days.
    """
    person = _opened(person_id=person_id, by=by, at=at)
    before: States = {PERSON: {"status": person.status}}
    made = employment_begin(person=person, since=since, last_day=last_day, by=by, **terms)
    Person.objects.filter(pk=person.pk).update(status=PersonStatus.ACTIVE)
    return _kept(person=person, day=since, before={**before, str(made.pk): None})


@act
def person_employment_change(
    *,
    employment_id: UUID,
    seen: Mapping[str, Any] | None,
    since: date,
    changes: Mapping[str, Any],
    by: User,
    at: datetime,
) -> EmploymentEdit:
    """
    Change an employment from a day on; on its first day, correct it. `seen` is its state as the editor saw it.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises OwnEmployment: if the employment is their own.
    :raises EmploymentChangedMeanwhile: if it is another by now.
    :raises EmploymentSame: if `changes` is empty.
    :raises EmploymentDayOutside: if it does not hold on `since`.
    """
    old, person = _employment(employment_id=employment_id, seen=seen, by=by, at=at)
    if not changes:
        raise EmploymentSame("Nothing is different from what holds on that day; change something first.")
    _check_day(employment=old, day=since)
    before: States = {str(old.pk): employment_state(employment=old)}
    new = employment_change(person=person, since=since, by=by, **changes)
    before.setdefault(str(new.pk), None)
    return _kept(person=person, day=since, before=before)


@act
def person_employment_end(
    *,
    employment_id: UUID,
    seen: Mapping[str, Any] | None,
    last_day: date,
    reason: str,
    by: User,
    at: datetime,
) -> EmploymentEdit:
    """
    End an employment after its last day; the person is a leaver from then on.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises OwnEmployment: if the employment is their own.
    :raises EmploymentChangedMeanwhile: if it is another by now.
    :raises EmploymentDayOutside: if it does not hold on its last day.
    :raises EmploymentFollows: if a later employment of the person stands.
    """
    old, person = _employment(employment_id=employment_id, seen=seen, by=by, at=at)
    _check_day(employment=old, day=last_day)
    later = Employment.objects.filter(person=person, valid__startswith__gt=last_day).order_by("valid").first()
    if later is not None:
        raise EmploymentFollows(
            "%(person)s has an employment from %(since)s that follows; change this one from a day instead.",
            person=person,
            since=later.span.since,
        )
    before: States = {PERSON: {"status": person.status}, str(old.pk): employment_state(employment=old)}
    employment_end(person=person, last_day=last_day, reason=reason, by=by)
    return _kept(person=person, day=last_day, before=before)


@act
def person_employment_undo(*, edit: EmploymentEdit, by: User, at: datetime) -> Person:
    """
    Undo an edit: the person's employments are again as it found them.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises OwnEmployment: if the employment is their own.
    :raises EmploymentsOvertaken: if one is not as the edit left it: an import or a later edit changed it.
    """
    person = _opened(person_id=edit.person_id, by=by, at=at)
    if _states(person, edit.after) != edit.after:
        raise EmploymentsOvertaken(
            "The employments are no longer as this edit left them; change them from a date instead."
        )
    overlaps = EmploymentOverlaps(
        "%(person)s has another employment on one of the days by now.", person=person
    )
    with refusing({"employments_do_not_overlap": overlaps}):
        Employment.objects.filter(
            pk__in=[key for key, state in edit.before.items() if state is None]
        ).delete()
        for key, state in edit.before.items():
            if key == PERSON and state is not None:
                Person.objects.filter(pk=person.pk).update(**state)
            elif state is not None:
                Employment.objects.filter(pk=key).update(**_values(state))
    return person


def employment_state(*, employment: Employment) -> dict[str, Any]:
    """Return all that an employment says, as JSON keeps it."""
    role = employment.job_role_id
    return {
        **{name: getattr(employment, name) for name in (*TERMS, "salaried")},
        "job_role_id": None if role is None else str(role),
        "fte": str(Decimal(employment.fte).quantize(Decimal("0.00000001"))),
        "since": employment.valid.lower.isoformat(),
        "until": employment.valid.upper.isoformat() if employment.valid.upper else None,
    }


def _opened(*, person_id: UUID, by: User, at: datetime) -> Person:
    role_check(user=by, roles=EDITORS, on=at.date(), act=ACT)
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    if person.user_id == by.pk:
        raise OwnEmployment("%(by)s cannot change the employment they are paid by; ask a colleague.", by=by)
    return person


def _employment(
    *, employment_id: UUID, seen: Mapping[str, Any] | None, by: User, at: datetime
) -> tuple[Employment, Person]:
    person_id = Employment.objects.only("person_id").get(pk=employment_id).person_id
    person = _opened(person_id=person_id, by=by, at=at)
    employment = Employment.objects.get(pk=employment_id)
    if seen is not None and dict(seen) != employment_state(employment=employment):
        raise EmploymentChangedMeanwhile(
            "Somebody changed the employment of %(person)s after you opened it; compare before you save.",
            person=person,
        )
    return employment, person


def _check_day(*, employment: Employment, day: date) -> None:
    if day not in employment.span:
        span = employment.span
        raise EmploymentDayOutside(
            "The employment does not hold on %(day)s: it runs from %(since)s to %(last)s.",
            day=day,
            since=span.since,
            last=span.last or Word("further notice"),
        )


def _kept(*, person: Person, day: date, before: States) -> EmploymentEdit:
    return EmploymentEdit(person_id=person.pk, from_on=day, before=before, after=_states(person, before))


def _states(person: Person, keys: Mapping[str, Any]) -> States:
    found: States = dict.fromkeys(keys)
    if PERSON in found:
        found[PERSON] = {"status": str(Person.objects.values_list("status", flat=True).get(pk=person.pk))}
    for employment in Employment.objects.filter(person=person, pk__in=[key for key in keys if key != PERSON]):
        found[str(employment.pk)] = employment_state(employment=employment)
    return found


def _values(state: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in state.items() if name not in ("since", "until")}
    until = None if state["until"] is None else date.fromisoformat(state["until"])
    return {
        **values,
        "valid": DateRange(date.fromisoformat(state["since"]), until),
        "fte": Decimal(state["fte"]),
    }
