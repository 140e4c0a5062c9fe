"""Acts on one person: what they can do, are trained in, are given besides pay, want to learn, and their mentor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from teams.engine.care import months_after
from teams.models import (
    Capability,
    CapabilityScore,
    Course,
    DevelopmentGoal,
    Mentorship,
    Person,
    Reward,
    Training,
    WorkLifeAction,
)
from teams.services.care.rules import WordsMissing, care_check, kept_until, own_check, words_check


class LevelOutOfRange(Refusal):
    """A capability is had at a level from 0 to 5."""


class TrainingDueAlready(Refusal):
    """A course is due to a person on one day at a time."""


class TrainingDone(Refusal):
    """A training is done once, and not in days to come."""


class OwnMentor(Refusal):
    """Nobody is their own mentor."""


class MentorFollows(Refusal):
    """A mentor is set from a day on after the one before began."""


class ValueWithoutCurrency(Refusal):
    """What a reward is worth has a currency."""


def _person(*, person_id: UUID, by: User, at: datetime, act_words: str) -> Person:
    care_check(by=by, at=at, act=act_words)
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    own_check(user_id=person.user_id, by=by)
    return person


@act
def capability_scores_put(
    *, person_id: UUID, levels: Mapping[Capability, int], on: date, by: User, at: datetime
) -> list[CapabilityScore]:
    """
    Say how far a person has capabilities, 0 to 5, as judged on a day; a second judgement of the day replaces the first.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises OwnCare: if it is about themselves.
    :raises LevelOutOfRange: if a level is none of 0 to 5.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Judging capabilities")
    levels_check(levels=levels)
    until = kept_until(day=on, at=at)
    return [
        CapabilityScore.objects.update_or_create(
            person=person,
            candidate=None,
            capability=capability,
            judged_on=on,
            defaults={"level": level, "retain_until": until},
            create_defaults={"level": level, "retain_until": until, "created_by": by},
        )[0]
        for capability, level in levels.items()
    ]


def levels_check(*, levels: Mapping[Capability, int]) -> None:
    """
    Check that something was judged, on the scale.

    :raises LevelOutOfRange: if a level is none of 0 to 5.
    :raises WordsMissing: if nothing was judged.
    """
    if not levels:
        raise WordsMissing("Judge at least one capability.")
    for capability, level in levels.items():
        if not 0 <= level <= 5:
            raise LevelOutOfRange(
                "%(capability)s is judged from 0 (not at all) to 5 (teaches it), not %(level)s.",
                capability=capability,
                level=level,
            )


@act
def training_assign(*, person_id: UUID, course: Course, due_on: date, by: User, at: datetime) -> Training:
    """
    Say that a person is due to take a course by a day.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises TrainingDueAlready: if the course is due to them, or was, on that day already.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Assigning training")
    taken = TrainingDueAlready(
        "%(course)s is due to %(person)s already; say when that was done first.", course=course, person=person
    )
    with refusing(dict.fromkeys(("trainings_one_is_open", "trainings_once_a_due_day"), taken)):
        return Training.objects.create(
            person=person,
            course=course,
            due_on=due_on,
            retain_until=kept_until(day=due_on, at=at),
            created_by=by,
        )


@act
def training_done(*, training_id: UUID, on: date, by: User, at: datetime) -> Training | None:
    """
    Say that a training was done on a day; return when it is due again, none if its course does not recur.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises TrainingDone: if it was done already, or the day is to come.
    """
    care_check(by=by, at=at, act="Saying that a training was done")
    rows = Training.objects.select_for_update(of=("self",), no_key=True).select_related("course", "person")
    training = rows.get(pk=training_id)
    own_check(user_id=training.person.user_id, by=by)
    if training.done_on is not None or on > at.date():
        raise TrainingDone("%(course)s was done already, or the day is to come.", course=training.course)
    training.done_on, training.retain_until = on, kept_until(day=on, at=at)
    training.save(update_fields=["done_on", "retain_until"])
    months = training.course.recurs_months
    if months is None:
        return None
    due_on = months_after(day=on, months=months)
    if Training.objects.filter(person=training.person, course=training.course, due_on=due_on).exists():
        return None
    return Training.objects.create(
        person=training.person,
        course=training.course,
        due_on=due_on,
        retain_until=kept_until(day=due_on, at=at),
        created_by=by,
    )


@act
def reward_give(
    *,
    person_id: UUID,
    kind: str,
    given_on: date,
    what: str,
    value: Decimal | None,
    currency: str,
    by: User,
    at: datetime,
) -> Reward:
    """
    Record something given to a person besides pay. It is recorded, never paid from here.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises ValueWithoutCurrency: if only one of value and currency is given.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Recording a reward")
    if (value is None) == bool(currency):
        raise ValueWithoutCurrency("A value and its currency stand together: fill both or neither.")
    words_check(what)
    return Reward.objects.create(
        person=person,
        kind=kind,
        given_on=given_on,
        what=what,
        value=value,
        currency=currency,
        retain_until=kept_until(day=given_on, at=at),
        created_by=by,
    )


@act
def mentor_set(*, person_id: UUID, mentor: Person, since: date, by: User, at: datetime) -> Mentorship:
    """
    Give a person a mentor from a day on; the one before ends the day before.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises OwnMentor: if mentor and person are the same.
    :raises MentorFollows: if another begins on that day or later.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Naming a mentor")
    if mentor.pk == person.pk:
        raise OwnMentor("Nobody is their own mentor: name somebody else.")
    before = Mentorship.objects.filter(person=person, valid__contains=since).first()
    if before is not None and before.span.since < since:
        before.valid = DateRange(before.span.since, since)
        before.save(update_fields=["valid"])
    law = {
        "mentorships_one_mentor_a_day": MentorFollows(
            "Another mentor of %(person)s begins on %(since)s or later; take that one out first.",
            person=person,
            since=since,
        )
    }
    with refusing(law):
        return Mentorship.objects.create(
            person=person,
            mentor=mentor,
            valid=DateRange(since, None),
            retain_until=kept_until(day=since, at=at),
            created_by=by,
        )


@act
def development_goal_put(
    *, person_id: UUID, goal: str, due_on: date | None, conflict: str, by: User, at: datetime
) -> DevelopmentGoal:
    """
    Keep what a person wants to become able to do, and what stands against it.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises HealthNamed: if a text says something about health.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Keeping development goals")
    words_check(goal, conflict)
    return DevelopmentGoal.objects.create(
        person=person,
        goal=goal,
        due_on=due_on,
        conflict=conflict,
        retain_until=kept_until(day=due_on or at.date(), at=at),
        created_by=by,
    )


@act
def work_life_agree(
    *, person_id: UUID, kind: str, agreed_on: date, last_day: date | None, what: str, by: User, at: datetime
) -> WorkLifeAction:
    """
    Keep what was agreed so that work leaves room for a life; never why.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises HealthNamed: if the text says something about health.
    """
    person = _person(person_id=person_id, by=by, at=at, act_words="Keeping agreements on work and life")
    words_check(what)
    return WorkLifeAction.objects.create(
        person=person,
        kind=kind,
        agreed_on=agreed_on,
        last_day=last_day,
        what=what,
        retain_until=kept_until(day=last_day or agreed_on, at=at),
        created_by=by,
    )
