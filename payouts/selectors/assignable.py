"""Who can be put on a plan on a day: who is on it already, who serves its accounts, and who is looked for by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from psycopg2.extras import DateRange

from kamcomp.visibility import Viewer, visible
from plans.models import Assignment, PlanVersion
from teams.models import Membership, Person, StrategicAccount

MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Assignable:
    """A person to tick, with the account they would be paid on; with `assignment` they are on the plan already."""

    person: Person
    account: StrategicAccount | None = None
    role: str = ""
    assignment: Assignment | None = None

    @property
    def key(self) -> str:
        """Return what stands for this row in a form."""
        if self.assignment is not None:
            return f"on:{self.assignment.pk}"
        return f"new:{self.person.pk}:{self.account.pk if self.account else ''}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which of them: of an account, in a role, by name or number; nothing is everybody."""

    account: UUID | None = None
    role: UUID | None = None
    words: str = ""


def assignables(*, version: PlanVersion, on: date, wanted: Wanted, viewer: Viewer) -> list[Assignable]:
    """
    Return who can be put on a version on a day, or on other terms there, by name; at most one more than are shown.

    Who begins after that day is on it already. Who serves no account is found by name only. Three queries, however
    many there are.
    """
    there = list(_assignments(version, on, wanted, viewer)[: MOST_SHOWN + 1])
    seats = list(_seats(version, on, wanted, viewer)[: MOST_SHOWN + 1])
    taken = {(each.person_id, each.account_id) for each in there}
    roles: dict[tuple[UUID, UUID | None], str] = {
        (seat.person_id, seat.account_id): seat.role.name for seat in seats
    }
    rows = [
        Assignable(
            person=each.person, account=each.account, assignment=each,
            role=roles.get((each.person_id, each.account_id), ""),
        )
        for each in there
    ]  # fmt: skip
    rows += [
        Assignable(person=seat.person, account=seat.account, role=seat.role.name)
        for seat in seats
        if (seat.person_id, seat.account_id) not in taken
    ]
    known = {row.person.pk for row in rows}
    rows += [Assignable(person=each, account=version.plan.account) for each in _named(wanted, known, viewer)]
    return sorted(rows, key=lambda row: (str(getattr(row.person, "details", "")), str(row.account or "")))


def assignables_named(
    *, version: PlanVersion, on: date, keys: Iterable[str], viewer: Viewer
) -> list[Assignable]:
    """Return the rows that a form's keys stand for, of those the viewer may see; others are left out."""
    asked = [key.split(":") for key in keys]
    on_it = [_id(each[1]) for each in asked if each[0] == "on" and len(each) == 2]
    new = [(_id(each[1]), _id(each[2])) for each in asked if each[0] == "new" and len(each) == 3]
    rows = visible(
        Assignment.objects.filter(pk__in=[one for one in on_it if one], plan_version=version), to=viewer
    )
    found = [
        Assignable(person=each.person, account=each.account, assignment=each)
        for each in rows.select_related("person__details", "account__node", "plan", "plan_version").order_by(
            "pk"
        )
    ]
    people = _by_id(
        visible(Person.objects.select_related("details"), to=viewer), [one for one, _other in new]
    )
    accounts = _by_id(
        visible(StrategicAccount.objects.select_related("node"), to=viewer), [other for _one, other in new]
    )
    for person_id, account_id in new:
        if person_id in people and (account_id is None or account_id in accounts):
            found.append(Assignable(person=people[person_id], account=accounts.get(account_id)))
    return found


def _assignments(version: PlanVersion, on: date, wanted: Wanted, viewer: Viewer) -> QuerySet[Assignment]:
    begun_or_to_begin = Assignment.objects.filter(plan_version=version, valid__overlap=DateRange(on, None))
    rows = visible(begun_or_to_begin, to=viewer)
    if wanted.account:
        rows = rows.filter(account=wanted.account)
    if wanted.role:
        held = Membership.objects.filter(role=wanted.role, valid__contains=on)
        rows = rows.filter(person__in=held.values("person"))
    rows = rows.filter(_names(wanted.words, "person__"))
    return rows.select_related("person__details", "account__node").order_by(
        "person__details__legal_name", "pk"
    )


def _seats(version: PlanVersion, on: date, wanted: Wanted, viewer: Viewer) -> QuerySet[Membership]:
    rows = visible(Membership.objects.filter(valid__contains=on), to=viewer)
    chosen = {"account": version.plan.account_id or wanted.account, "role": wanted.role}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    rows = rows.filter(_names(wanted.words, "person__"))
    return rows.select_related("person__details", "account__node", "role").order_by(
        "person__details__legal_name", "pk"
    )


def _named(wanted: Wanted, known: set[UUID], viewer: Viewer) -> list[Person]:
    if not wanted.words or wanted.account or wanted.role:
        return []
    rows = visible(Person.objects.filter(_names(wanted.words, "")).exclude(pk__in=known), to=viewer)
    return list(rows.select_related("details").order_by("details__legal_name", "pk")[:MOST_SHOWN])


def _names(words: str, path: str) -> Q:
    if not words:
        return Q()
    return Q(**{f"{path}employee_id__icontains": words}) | Q(
        **{f"{path}details__legal_name__icontains": words}
    )


def _by_id(rows: QuerySet[Any], ids: Iterable[UUID | None]) -> dict[UUID | None, Any]:
    wanted = {one for one in ids if one}
    return {each.pk: each for each in rows.filter(pk__in=wanted)} if wanted else {}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
