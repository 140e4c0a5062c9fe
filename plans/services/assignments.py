"""Acts on assignments: who is on which plan version, from when to when, with which personal values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class OnPlan:
    """Somebody to be put on a plan, paid on an account's results: the plan's own where none is named."""

    person: Person
    account: StrategicAccount | None = None


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

    Rules and refusals are those of `people_put`.
    """
    (made,) = people_put(
        people=[OnPlan(person=person, account=account)], plan=plan, since=since, last_day=last_day, scope=scope,
        share=share, parameters=parameters, by=by,
    )  # fmt: skip
    return made


@act
def people_put(
    *,
    people: Sequence[OnPlan],
    plan: Plan,
    since: date,
    last_day: date | None = None,
    scope: Scope = Scope.ACCOUNT,
    share: Decimal = WHOLE,
    parameters: Mapping[str, Any] | None = None,
    by: User,
) -> list[list[Assignment]]:
    """
    Put people on a plan over the same days: for each of them, in their order, an assignment for each version in force.

    Without a last day it runs as long as published versions follow each other. Somebody whose role has no job profile
    is put on the plan with a finding to look at: pay follows a job that is not described. Asks as many questions for
    many as for one.
    Shape: `parameters` are personal values (rate, target, guarantee) by name, numbers as strings.

    :raises DaysReversed: if the last day is before the first.
    :raises NotInForce: naming the first day on which no published version is in force.
    :raises AssignedAlready: naming who is on the plan, for the account, on one of the days.
    :raises ShareOutOfRange: if the share is not between 0 and 1.
    """
    parts = versions_in(plan=plan, since=since, last_day=last_day)
    _check_free(people=people, plan=plan, parts=parts, since=since)
    laws: dict[str, Refusal | type[Refusal]] = {
        "assignments_do_not_overlap": _taken_meanwhile(people, plan, since),
        "assignments_share_is_a_share": ShareOutOfRange("A share lies between 0 and 1 (0 % and 100 %)."),
        IN_FORCE_LAW: NotInForce,
    }
    found = [
        [
            Assignment(
                person=each.person,
                plan=plan,
                plan_version=version,
                account=each.account or plan.account,
                scope=scope,
                share=share,
                parameters=dict(parameters or {}),
                valid=DateRange(span.since, span.until),
                created_by=by,
            )
            for version, span in parts
        ]
        for each in people
    ]
    with refusing(laws, at_once=[IN_FORCE_LAW]):
        Assignment.objects.bulk_create(row for rows in found for row in rows)
    _profiles_missing_keep(assignments=[rows[0] for rows in found], at=recording_moment())
    return found


def _check_free(
    *, people: Sequence[OnPlan], plan: Plan, parts: Sequence[tuple[PlanVersion, Span]], since: date
) -> None:
    """Refuse who is on the plan already, by name; what is written at the same moment the law refuses."""
    whole = DateRange(parts[0][1].since, parts[-1][1].until)
    on_it = Assignment.objects.filter(
        plan=plan, person__in=[each.person for each in people], valid__overlap=whole
    )
    taken: set[tuple[UUID, UUID | None]] = set(on_it.values_list("person_id", "account_id"))
    for each in people:
        account = each.account or plan.account
        key = (each.person.pk, account.pk if account else None)
        if key in taken:
            raise _taken(each.person, plan, since)
        taken.add(key)


def _taken_meanwhile(people: Sequence[OnPlan], plan: Plan, since: date) -> AssignedAlready:
    if len(people) == 1:
        return _taken(people[0].person, plan, since)
    return AssignedAlready(
        "Somebody of them is on %(plan)s already on one of the days from %(since)s on; look who is on it now.",
        plan=plan.code,
        since=since,
    )


def _taken(person: Person, plan: Plan, since: date) -> AssignedAlready:
    return AssignedAlready(
        "%(person)s is on %(plan)s already on one of the days from %(since)s on; end that assignment first.",
        person=person,
        plan=plan.code,
        since=since,
    )


def _profiles_missing_keep(*, assignments: Sequence[Assignment], at: datetime) -> None:
    """Keep a finding on each assignment of somebody whose role has no job profile; one without a role is of none."""
    roles = roles_on(days={each.person_id: each.span.since for each in assignments})
    described = set(JobProfile.objects.filter(role__in=set(roles.values())).values_list("role_id", flat=True))
    Finding.objects.bulk_create(
        Finding(
            subject_table=Assignment._meta.db_table,
            subject_id=str(each.pk),
            rule=PROFILE_RULE,
            message=Sentence(
                "%(person)s is paid by %(plan)s as %(role)s, a role without a job profile: write one.",
                person=each.person,
                plan=each.plan.code,
                role=roles[each.person_id],
            ),
            severity=Severity.TO_LOOK_AT,
            status=FindingStatus.OPEN,
            found_at=at,
        )
        for each in assignments
        if each.person_id in roles and roles[each.person_id].pk not in described
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


def overrides_check(*, assignments: Sequence[Assignment], plan: Plan, since: date, last_day: date) -> Span:
    """
    Return the days over which assignments to a plan can be on other terms, if all of them can be.

    Asks as many questions for many as for one.

    :raises DaysReversed: if the last day is before the first.
    :raises DayOutside: if one does not hold on all of them.
    :raises TermsTooLate: if a day lies in a locked period.
    """
    asked = _days(since, last_day)
    for assignment in assignments:
        whole = assignment.span
        if since not in whole or last_day not in whole:
            raise DayOutside(
                "%(assignment)s holds from %(since)s to %(last)s; other terms lie within these days.",
                assignment=assignment,
                since=whole.since,
                last=whole.last or Word("an open end"),
            )
    locked = Period.objects.filter(
        calendar=plan.calendar_id, status=PeriodStatus.LOCKED,
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
    :raises DayOutside, TermsTooLate: as `overrides_check`.
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
    asked = overrides_check(assignments=[assignment], plan=assignment.plan, since=since, last_day=last_day)
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


def versions_in(*, plan: Plan, since: date, last_day: date | None) -> list[tuple[PlanVersion, Span]]:
    """
    Return the published versions in force over the days, without a gap, each with its part of them.

    :raises DaysReversed, NotInForce: as `people_put`.
    """
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
