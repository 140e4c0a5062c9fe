"""Acts on assignments: who is on which plan version, from when to when, with which personal values."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg2.extras import DateRange

from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.lawful import law_says, refusing
from kamcomp.records import recording_moment
from kamcomp.refusal import Refusal, Word
from kamcomp.sentences import Sentence
from kamcomp.spans import Span, gaps
from plans.choices import VersionStatus
from plans.models import Assignment, Plan, PlanVersion
from teams.choices import Scope
from teams.models import JobProfile, Person, StrategicAccount
from teams.selectors.market import roles_on

IN_FORCE_LAW = law_says(
    "assignments_are_in_force",
    "%(person)s is on %(plan)s over %(days)s, but that version is %(status)s and holds over %(valid)s.",
)
WHOLE = Decimal(1)
PROFILE_RULE = "job_profile"
"""The rule of the finding that somebody is paid in a role without a job profile."""


class NotInForce(Refusal):
    """Nobody is on a version on a day on which it is not in force."""


class AssignedAlready(Refusal):
    """A person is on a plan, for an account, once a day."""


class ShareOutOfRange(Refusal):
    """A share lies between 0 and 1."""


class DayOutside(Refusal):
    """The day is not one of the assignment's days."""


class DaysReversed(Refusal):
    """A last day comes on or after the first."""


class TermsChanged(Refusal):
    """Other terms take the place of those they were asked against."""


class TermsTooLate(Refusal):
    """Terms of an assignment change for days that are not locked yet."""


@act
def assignment_make(
    *,
    person: Person,
    plan: Plan,
    since: date,
    last_day: date | None = None,
    account: StrategicAccount | None = None,
    scope: Scope = Scope.ACCOUNT,
    share: Decimal = WHOLE,
    parameters: Mapping[str, Any] | None = None,
    by: User,
) -> list[Assignment]:
    """
    Put a person on a plan over a span of days: one assignment for each version in force in it.

    Without a last day it runs as long as published versions follow each other. Somebody whose role has no job profile
    is put on the plan with a finding to look at: pay follows a job that is not described.
    Shape: `parameters` are personal values (rate, target, guarantee) by name, numbers as strings.

    :raises DaysReversed: if the last day is before the first.
    :raises NotInForce: naming the first day on which no published version is in force.
    :raises AssignedAlready: if the person is on the plan, for the account, on one of the days.
    :raises ShareOutOfRange: if the share is not between 0 and 1.
    """
    laws: dict[str, Refusal | type[Refusal]] = {
        "assignments_do_not_overlap": AssignedAlready(
            "%(person)s is on %(plan)s already on one of the days from %(since)s on; end that "
            "assignment first.",
            person=person,
            plan=plan.code,
            since=since,
        ),
        "assignments_share_is_a_share": ShareOutOfRange("A share lies between 0 and 1 (0 % and 100 %)."),
        IN_FORCE_LAW: NotInForce,
    }
    with refusing(laws, at_once=[IN_FORCE_LAW]):
        made = [
            Assignment.objects.create(
                person=person,
                plan=plan,
                plan_version=version,
                account=account or plan.account,
                scope=scope,
                share=share,
                parameters=dict(parameters or {}),
                valid=DateRange(span.since, span.until),
                created_by=by,
            )
            for version, span in _versions_in(plan=plan, since=since, last_day=last_day)
        ]
    _profile_missing_keep(assignment=made[0], at=recording_moment())
    return made


def _profile_missing_keep(*, assignment: Assignment, at: datetime) -> None:
    """Keep a finding on an assignment of somebody whose role has no job profile; one without a role is of none."""
    person, since = assignment.person, assignment.span.since
    role = roles_on(days={person.pk: since}).get(person.pk)
    if role is None or JobProfile.objects.filter(role=role).exists():
        return
    Finding.objects.create(
        subject_table=Assignment._meta.db_table,
        subject_id=str(assignment.pk),
        rule=PROFILE_RULE,
        message=Sentence(
            "%(person)s is paid by %(plan)s as %(role)s, a role without a job profile: write one.",
            person=person,
            plan=assignment.plan.code,
            role=role,
        ),
        severity=Severity.TO_LOOK_AT,
        status=FindingStatus.OPEN,
        found_at=at,
    )


@act
def assignment_end(*, assignment_id: UUID, last_day: date, by: User) -> Assignment:
    """
    End an assignment after its last day.

    :raises DayOutside: if it does not hold on its last day.
    """
    assignment = Assignment.objects.select_for_update(no_key=True).get(pk=assignment_id)
    if last_day not in assignment.span:
        raise DayOutside(
            "The assignment of %(assignment)s does not hold on %(last_day)s.",
            assignment=assignment,
            last_day=last_day,
        )
    assignment.valid = DateRange(assignment.span.since, last_day + timedelta(days=1))
    assignment.save(update_fields=["valid"])
    return assignment


def override_check(*, assignment: Assignment, since: date, last_day: date) -> Span:
    """
    Return the days over which an assignment can be on other terms, if it can be.

    :raises DaysReversed: if the last day is before the first.
    :raises DayOutside: if it does not hold on all of them.
    :raises TermsTooLate: if one lies in a locked period.
    """
    whole, asked = assignment.span, _days(since, last_day)
    if since not in whole or last_day not in whole:
        raise DayOutside(
            "%(assignment)s holds from %(since)s to %(last)s; other terms lie within these days.",
            assignment=assignment,
            since=whole.since,
            last=whole.last or Word("an open end"),
        )
    locked = Period.objects.filter(
        calendar=assignment.plan.calendar_id, status=PeriodStatus.LOCKED,
        days__overlap=DateRange(asked.since, asked.until),
    )  # fmt: skip
    last = locked.order_by("days").last()
    if last is not None:
        raise TermsTooLate(
            "%(period)s is locked: other terms begin on %(day)s at the earliest.",
            period=last.code,
            day=last.days.upper,
        )
    return asked


@act
def assignment_override(
    *,
    assignment_id: UUID,
    since: date,
    last_day: date,
    share: Decimal,
    parameters: Mapping[str, Any],
    usual: Mapping[str, Any],
    by: User,
) -> Assignment:
    """
    Put an assignment on other terms over some of its days; before and after them it stays as it was.

    Shape: `usual` is the share and the parameters that it was on when the others were asked for.

    :raises TermsChanged: if it is on others than `usual` by now.
    :raises DayOutside, TermsTooLate: as `override_check`.
    :raises ShareOutOfRange: if the share is not between 0 and 1.
    """
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("plan", "person")
    assignment = rows.get(pk=assignment_id)
    stands = {"share": assignment.share, "parameters": dict(assignment.parameters)}
    if stands != dict(usual):
        raise TermsChanged(
            "The terms of %(assignment)s have changed since others were asked for: ask for them again.",
            assignment=assignment,
        )
    asked = override_check(assignment=assignment, since=since, last_day=last_day)
    other = {"share": share, "parameters": dict(parameters)}
    parts = [(span, stands) for span in gaps(spans=[asked], within=assignment.span)] + [(asked, other)]
    (first, terms), *later = sorted(parts, key=lambda part: part[0].since)
    share_law = ShareOutOfRange("A share lies between 0 and 1 (0 % and 100 %).")
    with refusing({"assignments_share_is_a_share": share_law}):
        _put(assignment, first, terms)
        made = {asked.since: assignment} if first == asked else {}
        for span, terms in later:
            copy = Assignment(
                person=assignment.person, plan=assignment.plan, plan_version_id=assignment.plan_version_id,
                account_id=assignment.account_id, scope=assignment.scope, created_by=by,
            )  # fmt: skip
            made[span.since] = _put(copy, span, terms)
    return made[asked.since]


def _put(assignment: Assignment, span: Span, terms: Mapping[str, Any]) -> Assignment:
    assignment.valid = DateRange(span.since, span.until)
    assignment.share, assignment.parameters = terms["share"], terms["parameters"]
    assignment.save()
    return assignment


def _days(since: date, last_day: date | None) -> Span:
    if last_day is not None and last_day < since:
        raise DaysReversed(
            "%(last)s is before %(since)s: say a last day on or after the first.", last=last_day, since=since
        )
    return Span.inclusive(since, last_day)


def _versions_in(*, plan: Plan, since: date, last_day: date | None) -> list[tuple[PlanVersion, Span]]:
    """Return the published versions in force over the days, without a gap, each with its part of them."""
    wanted = _days(since, last_day)
    found, day = [], since
    published = plan.versions.filter(status=VersionStatus.PUBLISHED, valid__overlap=DateRange(since, None))
    for version in published.order_by("valid"):
        shared = version.span.overlap(wanted)
        if shared is None or shared.since != day:
            break
        found.append((version, shared))
        if shared.until is None:
            return found
        day = shared.until
    if not found or (wanted.until is not None and day < wanted.until):
        raise NotInForce(
            "No published version of %(plan)s is in force on %(day)s; publish one for that day first.",
            plan=plan.code,
            day=day,
        )
    return found
