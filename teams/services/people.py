"""
Acts on people: take someone in, where they work from when to when, and the erasure of their personal fields.

The ledger knows a person by ids only. What names them stands apart and is erased after its retention date;
the books stay whole, because nothing in them was ever personal.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, JSONField, TextField, Value
from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.imports.models import ImportChange
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from kamcomp.spans import Span
from teams.choices import EmploymentStatus, PersonStatus
from teams.models import Employment, Person, PersonDetails
from teams.services.care.erasure import care_erase_person

PERSONAL = ("legal_name", "email", "payroll_number")
KEEPERS = [Role.COMP_ADMIN, Role.HR_LEGAL]


class PersonExists(Refusal):
    """An employee id means one person."""


class PersonChangedMeanwhile(Refusal):
    """Somebody else changed the person after the page was opened."""


class PersonSame(Refusal):
    """A change that changes nothing is no act."""


class ManagersInCircle(Refusal):
    """Nobody reports to somebody who reports to them."""


class EmploymentOverlaps(Refusal):
    """A person has one employment a day."""


class EmploymentMissing(Refusal):
    """The person has no employment on that day."""


class RetentionNotOver(Refusal):
    """Personal fields are kept until their retention date."""


class ErasedAlready(Refusal):
    """Personal fields are erased once."""


@act
def person_make(
    *,
    employee_id: str,
    legal_name: str = "",
    email: str = "",
    payroll_number: str = "",
    user: User | None = None,
    manager: Person | None = None,
    cost_centre: str = "",
    retain_until: date | None = None,
    by: User | None,
) -> Person:
    """
    Take a person in, the personal fields apart from what the ledger knows.

    :raises PersonExists: if the employee id, the payroll number or the user is another person's.
    """
    taken = PersonExists(
        "Employee id %(employee_id)s, payroll number %(payroll_number)s or the user is taken.",
        employee_id=employee_id,
        payroll_number=payroll_number or "-",
    )
    laws = dict.fromkeys(
        ("teams_person_employee_id_key", "teams_person_user_id_key", "person_details_one_payroll_number"),
        taken,
    )
    with refusing(laws):
        person = Person.objects.create(
            employee_id=employee_id, user=user, manager=manager, cost_centre=cost_centre, created_by=by
        )
        PersonDetails.objects.create(
            person=person,
            legal_name=legal_name,
            email=email,
            payroll_number=payroll_number,
            retain_until=retain_until,
        )
    return person


@act
def person_user_set(*, person: Person, user: User, by: User | None) -> Person:
    """
    Say which user a person signs in as.

    :raises PersonExists: if the user is another person's.
    """
    taken = PersonExists(
        "The user %(user)s is another person's: a user is one person.", user=user.get_username()
    )
    with refusing({"teams_person_user_id_key": taken}):
        person.user = user
        person.save(update_fields=["user"])
    return person


@act
def person_details_put(
    *, person_id: UUID, email: str, payroll_number: str, retain_until: date | None, by: User, at: datetime
) -> PersonDetails:
    """
    Put a person's e-mail address and payroll number, and the day until which the personal fields are kept.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises ErasedAlready: if the personal fields were erased.
    :raises PersonExists: if the payroll number is another person's.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Changing personal fields")
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    details, _made = PersonDetails.objects.get_or_create(person=person)
    _check_not_erased(details=details)
    taken = PersonExists(
        "The payroll number %(payroll_number)s is another person's.", payroll_number=payroll_number
    )
    with refusing({"person_details_one_payroll_number": taken}):
        details.email, details.payroll_number, details.retain_until = email, payroll_number, retain_until
        details.save(update_fields=["email", "payroll_number", "retain_until"])
    return details


@act
def person_place_put(
    *,
    person_id: UUID,
    seen: Mapping[str, str] | None,
    manager: Person | None,
    cost_centre: str,
    by: User,
    at: datetime,
) -> Person:
    """
    Say whom a person reports to and which cost centre bears their pay. `seen` is both as the editor saw them.

    What is not dated holds from now on: postings that are made keep the cost centre they were made with.

    :raises RoleMissing: if `by` is neither a compensation admin nor of HR and legal.
    :raises PersonChangedMeanwhile: if they are others by now; None as `seen` is not compared.
    :raises PersonSame: if nothing is different.
    :raises ManagersInCircle: if the manager would report to the person.
    """
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Changing a person's manager or cost centre")
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    if seen is not None and dict(seen) != place_state(person=person):
        raise PersonChangedMeanwhile("Somebody changed this person after you opened the page.")
    manager_id = manager.pk if manager else None
    if (manager_id, cost_centre) == (person.manager_id, person.cost_centre):
        raise PersonSame("Nothing is different; change something first.")
    _check_no_circle(person=person, manager=manager)
    person.manager, person.cost_centre = manager, cost_centre
    person.save(update_fields=["manager", "cost_centre"])
    return person


def place_state(*, person: Person) -> dict[str, str]:
    """Return a person's manager and cost centre, as a page keeps them."""
    return {"manager_id": str(person.manager_id or ""), "cost_centre": person.cost_centre}


@act
def employment_begin(
    *, person: Person, since: date, last_day: date | None = None, by: User, **terms: Any
) -> Employment:
    """
    Record where a person works from a day on; `terms` are the other fields of an employment.

    :raises EmploymentOverlaps: if another employment of the person holds on one of the days.
    """
    span = Span.inclusive(since, last_day)
    with refusing({"employments_do_not_overlap": EmploymentOverlaps(
        "%(person)s has another employment on one of the days from %(since)s; end or change "
"that one.", person=person, since=since
    )}):  # fmt: skip
        return Employment.objects.create(
            person=person, valid=DateRange(span.since, span.until), created_by=by, **terms
        )


@act
def employment_change(*, person: Person, since: date, by: User, **changes: Any) -> Employment:
    """
    Change the terms of a person's employment from a day on: the old span ends, a new one begins.

    :raises EmploymentMissing: if nothing holds on that day.
    """
    old = _employment_on(person=person, day=since)
    if old.valid.lower == since:
        Employment.objects.filter(pk=old.pk).update(**changes)
        return Employment.objects.get(pk=old.pk)
    Employment.objects.filter(pk=old.pk).update(valid=DateRange(old.valid.lower, since))
    kept = {
        field.name: getattr(old, field.name)
        for field in Employment._meta.concrete_fields
        if field.name not in ("id", "created_at", "created_by", "valid")
    }
    return Employment.objects.create(
        **{**kept, **changes}, valid=DateRange(since, old.valid.upper), created_by=by
    )


@act
def employment_end(*, person: Person, last_day: date, reason: str, by: User) -> Employment:
    """
    End a person's employment after its last day; they are a leaver from then on.

    :raises EmploymentMissing: if nothing holds on that day.
    """
    employment = _employment_on(person=person, day=last_day)
    employment.valid = DateRange(employment.valid.lower, last_day + timedelta(days=1))
    employment.status, employment.end_reason = EmploymentStatus.ENDED, reason
    employment.save(update_fields=["valid", "status", "end_reason"])
    Person.objects.filter(pk=person.pk).update(status=PersonStatus.LEAVER)
    return employment


@act
def person_erase(*, person_id: UUID, by: User | None, at: datetime) -> Person:
    """
    Erase a person's personal fields once their retention date has passed, wherever they stand.

    All that HR keeps of them besides pay goes with them. What the ledger, runs and exports know, ids and amounts,
    stays. The user they signed in with is closed.

    :raises RetentionNotOver: if the retention date has not passed, or none is set.
    :raises ErasedAlready: if it was done before.
    """
    person = (
        Person.objects.select_for_update(of=("self",), no_key=True)
        .select_related("details", "user")
        .get(pk=person_id)
    )
    details = person.details
    _check_not_erased(details=details)
    if details.retain_until is None or details.retain_until >= at.date():
        until = details.retain_until or "a date that is not set yet"
        raise RetentionNotOver(
            "The personal fields of %(employee_id)s are kept until %(until)s.",
            employee_id=person.employee_id,
            until=until,
        )
    PersonDetails.objects.filter(pk=details.pk).update(**dict.fromkeys(PERSONAL, ""), erased_at=at)
    _imported_values_erase(person_id=person.pk)
    care_erase_person(person_id=person.pk)
    if person.user is not None:
        _user_close(user=person.user)
    return Person.objects.select_related("details").get(pk=person_id)


def people_erase_due(*, at: datetime) -> list[Person]:
    """
    Erase the personal fields of everybody whose retention date has passed; return them.

    Each is an act of its own, so that one that fails leaves the others done. Nobody's act: the calendar's.
    """
    due = PersonDetails.objects.filter(erased_at=None, retain_until__lt=at.date()).order_by(
        "retain_until", "pk"
    )
    return [
        person_erase(person_id=person_id, by=None, at=at) for person_id in due.values_list("pk", flat=True)
    ]


def _check_no_circle(*, person: Person, manager: Person | None) -> None:
    """Refuse a manager who reports to the person, at any distance."""
    above = dict(Person.objects.values_list("pk", "manager_id"))
    step, passed = manager.pk if manager else None, set[UUID]()
    while step is not None and step not in passed:
        if step == person.pk:
            raise ManagersInCircle(
                "%(manager)s reports to %(person)s already: nobody is above themselves.",
                manager=manager,
                person=person,
            )
        passed.add(step)
        step = above.get(step)


def _check_not_erased(*, details: PersonDetails) -> None:
    if details.erased_at is not None:
        raise ErasedAlready(
            "The personal fields of %(employee_id)s were erased on %(erased_at)s.",
            employee_id=details.person.employee_id,
            erased_at=f"{details.erased_at:%Y-%m-%d}",
        )


def _imported_values_erase(*, person_id: UUID) -> None:
    """Erase the personal values that imports keep for their undo."""
    without = Value(list(PERSONAL), output_field=ArrayField(TextField()))
    kept = {
        name: Func(F(name), without, arg_joiner=" - ", template="(%(expressions)s)", output_field=JSONField())
        for name in ("before", "after")
    }
    ImportChange.objects.filter(subject_table=PersonDetails._meta.db_table, subject_id=str(person_id)).update(
        **kept
    )


def _user_close(*, user: User) -> None:
    user.username, user.is_active = f"erased-{user.pk}", False
    user.first_name = user.last_name = user.email = ""
    user.set_unusable_password()
    user.save(update_fields=["username", "is_active", "first_name", "last_name", "email", "password"])


def _employment_on(*, person: Person, day: date) -> Employment:
    employment = (
        Employment.objects.select_for_update(no_key=True).filter(person=person, valid__contains=day).first()
    )
    if employment is None:
        raise EmploymentMissing("%(person)s has no employment on %(day)s; begin one.", person=person, day=day)
    return employment
