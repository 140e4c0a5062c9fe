"""
Reads of what HR keeps of people: who lacks which capability, is due to be trained, was rewarded, has a mentor.

All start from what the reader may see, but for what checks and erasure ask, which are nobody's view.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from kamcomp.money import CONTEXT
from kamcomp.policy.selectors import policy_value
from kamcomp.visibility import Viewer, visible
from teams.choices import AccountStatus, Destination, PersonStatus, Seat
from teams.engine.care import Gap, compa_ratio, gap_ratio, gaps
from teams.models import (
    AccountRelationship,
    Candidate,
    CapabilityScore,
    DevelopmentGoal,
    JobRole,
    Leaver,
    Membership,
    Mentorship,
    Person,
    ProfileCapability,
    Reward,
    StrategicAccount,
    Training,
    WorkLifeAction,
)
from teams.selectors.market import Standing, standings_on

KEEP_MONTHS = "people.keep_months"
"""A policy setting: how many months a row about somebody is kept after its day."""
USUAL_MONTHS = 24
DAYS_OF_A_YEAR = 365
ONE, COMPETITIVE = Decimal(1), Decimal("0.95")
"""Below so much of the market, a role's pay is behind it."""


def keep_months(*, on: date) -> int:
    """Return how many months after its day a row about somebody is kept."""
    return int(policy_value(key=KEEP_MONTHS, on=on, default=USUAL_MONTHS))


def profile_needs(*, roles: Iterable[JobRole]) -> dict[UUID, dict[str, int]]:
    """Return the capabilities that the profile of each role asks for, with their levels, by role id."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    rows = ProfileCapability.objects.filter(profile__role__in=list(roles))
    for role_id, name, level in rows.values_list("profile__role_id", "capability__name", "level"):
        found[role_id][name] = level
    return found


def scores_of(*, people: Iterable[UUID] = (), candidates: Iterable[UUID] = ()) -> dict[UUID, dict[str, int]]:
    """Return the newest score of each capability by person or candidate id."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for field, ids in (("person_id", list(people)), ("candidate_id", list(candidates))):
        rows = CapabilityScore.objects.filter(**{f"{field}__in": ids}).order_by("judged_on")
        for whose, name, level in rows.values_list(field, "capability__name", "level") if ids else ():
            found[whose][name] = level
    return found


@dataclass(frozen=True, kw_only=True)
class PersonCare:
    """
    What HR keeps of one person, as of a day.

    `gaps` are held against the profile of the role on the day, or the one asked about; none without a profile.
    """

    on: date
    role: JobRole | None
    gaps: Sequence[Gap]
    trainings: Sequence[Training]
    rewards: Sequence[Reward]
    mentor: Mentorship | None
    mentored: Sequence[Mentorship]
    goals: Sequence[DevelopmentGoal]
    actions: Sequence[WorkLifeAction]
    standing: Standing


def person_care(*, person: Person, viewer: Viewer, on: date, against: JobRole | None = None) -> PersonCare:
    """Return what HR keeps of a person whom the reader sees, held against a role's profile, their own if none."""
    standing = standings_on(days={person.pk: on})[person.pk]
    role = against or standing.role
    needs = profile_needs(roles=[role])[role.pk] if role else {}
    mentors = visible(Mentorship.objects.filter(valid__contains=on), to=viewer)
    mentors = mentors.select_related("mentor__details", "person__details")
    trainings = visible(Training.objects.filter(person=person), to=viewer).select_related("course")
    rewards = visible(Reward.objects.filter(person=person), to=viewer)
    goals = visible(DevelopmentGoal.objects.filter(person=person), to=viewer)
    actions = visible(WorkLifeAction.objects.filter(person=person), to=viewer)
    return PersonCare(
        on=on,
        role=role,
        gaps=gaps(needs=needs, has=scores_of(people=[person.pk])[person.pk]),
        trainings=list(trainings.order_by("-due_on")),
        rewards=list(rewards.order_by("-given_on")),
        mentor=mentors.filter(person=person).first(),
        mentored=list(mentors.filter(mentor=person).order_by("person__details__legal_name")),
        goals=list(goals.order_by("due_on")),
        actions=list(actions.order_by("-agreed_on")),
        standing=standing,
    )


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A candidate for a role beside its profile."""

    candidate: Candidate
    gaps: Mapping[str, Gap]
    lacks: int
    judged: int


def candidates_compared(*, role: JobRole, viewer: Viewer) -> tuple[Sequence[str], Sequence[Compared]]:
    """Return the capabilities a role asks for, and its candidates beside them, who lacks least first."""
    needs = profile_needs(roles=[role])[role.pk]
    rows = list(visible(Candidate.objects.filter(role=role), to=viewer).select_related("person__details"))
    inside = [one.person_id for one in rows if one.person_id]
    scores = scores_of(people=inside, candidates=[one.pk for one in rows])
    found = []
    for one in rows:
        has = scores[one.pk] | (scores[one.person_id] if one.person_id else {})
        held = gaps(needs=needs, has=has)
        judged = sum(1 for gap in held if gap.has is not None)
        found.append(
            Compared(
                candidate=one,
                gaps={gap.capability: gap for gap in held},
                lacks=sum(gap.lacks for gap in held),
                judged=judged,
            )
        )
    return list(needs), sorted(found, key=lambda one: (-one.judged, one.lacks, one.candidate.name))


@dataclass(frozen=True, kw_only=True)
class CareRow:
    """What a list says of a person beside what the database orders by."""

    role_name: str | None = None
    gap: Decimal | None = None
    ratio: Decimal | None = None


def people_cared_for(*, viewer: Viewer, on: date) -> QuerySet[Any]:
    """
    Return the people a reader sees who work here.

    Adds `name`, `overdue` (trainings that were due before the day and are not done), `rewarded_on`, `rewarded_lately`
    and `mentor_name`.
    """
    due = visible(Training.objects.filter(person=OuterRef("pk"), done_on=None, due_on__lt=on), to=viewer)
    counted = due.order_by().values("person").annotate(count=Count("pk")).values("count")
    given = visible(Reward.objects.filter(person=OuterRef("pk"), given_on__lte=on), to=viewer)
    lately = given.filter(given_on__gt=on - timedelta(days=DAYS_OF_A_YEAR))
    mentors = visible(Mentorship.objects.filter(person=OuterRef("pk"), valid__contains=on), to=viewer)
    names = mentors.values(called=Coalesce("mentor__details__legal_name", "mentor__employee_id"))
    here = Person.objects.filter(status=PersonStatus.ACTIVE, leaver=None)
    people = visible(here, to=viewer).select_related("details")
    return people.annotate(
        name=Coalesce("details__legal_name", "employee_id", output_field=CharField()),
        overdue=Coalesce(Subquery(counted), 0),
        rewarded_on=Subquery(given.order_by("-given_on").values("given_on")[:1]),
        rewarded_lately=Exists(lately),
        mentor_name=Coalesce(Subquery(names[:1]), Value(""), output_field=CharField()),
    )


def care_rows(*, people: Sequence[UUID], on: date) -> dict[UUID, CareRow]:
    """Return each person's role, gap to its profile and pay over market on a day, read together."""
    standings = standings_on(days=dict.fromkeys(people, on))
    needs = profile_needs(roles={one.role for one in standings.values() if one.role})
    scores = scores_of(people=people)
    return {
        person_id: CareRow(
            role_name=one.role.name if one.role else None,
            gap=gap_ratio(gaps=gaps(needs=needs[one.role.pk], has=scores[person_id])) if one.role else None,
            ratio=one.ratio,
        )
        for person_id, one in standings.items()
    }


@dataclass(frozen=True, kw_only=True)
class Loss:
    """
    A role in a country: who is there, who left, of them to competitors, and pay over market now and at leaving.

    `rate` is those who left over them and those who are there. Ratios are means; None where no market pay is known.
    """

    role: str
    country: str
    here: int
    left: int
    to_competitors: int
    rate: Decimal
    ratio_left: Decimal | None
    ratio_now: Decimal | None

    @property
    def behind(self) -> bool:
        """Tell whether the company pays less than the market there: at leaving, or now."""
        return any(ratio is not None and ratio < COMPETITIVE for ratio in (self.ratio_left, self.ratio_now))


def losses(*, viewer: Viewer, on: date) -> list[Loss]:
    """Return where people are lost and where pay is behind the market, by role and country, the highest loss first."""
    left = list(visible(Leaver.objects.all(), to=viewer).select_related("role"))
    here = visible(Person.objects.filter(status=PersonStatus.ACTIVE), to=viewer).values_list("pk", flat=True)
    now: dict[tuple[str, str], list[Decimal | None]] = defaultdict(list)
    for one in standings_on(days=dict.fromkeys(here, on)).values():
        if one.role:
            now[one.role.name, one.country].append(one.ratio)
    gone: dict[tuple[str, str], list[Leaver]] = defaultdict(list)
    for leaver in left:
        gone[leaver.role.name if leaver.role else "", leaver.country].append(leaver)
    found = [
        Loss(
            role=role,
            country=country,
            here=len(now[role, country]),
            left=len(gone[role, country]),
            to_competitors=sum(one.destination == Destination.COMPETITOR for one in gone[role, country]),
            rate=_share(len(gone[role, country]), len(gone[role, country]) + len(now[role, country])),
            ratio_left=_mean([leaver_ratio(leaver=one) for one in gone[role, country]]),
            ratio_now=_mean(now[role, country]),
        )
        for role, country in {**gone, **now}
        if gone[role, country] or any(now[role, country])
    ]
    return sorted(
        found, key=lambda one: (-one.rate, one.ratio_now or one.ratio_left or ONE, one.role, one.country)
    )


def leaver_ratio(*, leaver: Leaver) -> Decimal | None:
    """Return what a leaver was paid over the market on the last day."""
    if leaver.target_cash is None or leaver.market_cash is None:
        return None
    return compa_ratio(pay=leaver.target_cash, market=leaver.market_cash)


def _share(part: int, whole: int) -> Decimal:
    return CONTEXT.divide(Decimal(part), Decimal(whole)) if whole else Decimal(0)


def _mean(ratios: Iterable[Decimal | None]) -> Decimal | None:
    known = [ratio for ratio in ratios if ratio is not None]
    return CONTEXT.divide(sum(known, Decimal(0)), Decimal(len(known))) if known else None


def relationships_listed(*, viewer: Viewer, on: date) -> QuerySet[Any]:
    """
    Return the accounts of the programme a reader sees, with `kam_name`, `kam_id`, and what HR says of the relationship.

    `sole` and `successor_name` are None and empty where nobody has looked yet.
    """
    said = visible(AccountRelationship.objects.filter(account=OuterRef("pk")), to=viewer)
    kams = visible(
        Membership.objects.filter(account=OuterRef("pk"), seat=Seat.KAM, valid__contains=on), to=viewer
    )
    accounts = visible(StrategicAccount.objects.exclude(status=AccountStatus.EXITED), to=viewer)
    called = Coalesce("successor__details__legal_name", "successor__employee_id")
    return accounts.select_related("node").annotate(
        kam_id=Subquery(kams.values("person")[:1]),
        kam_name=Coalesce(Subquery(kams.values("person__details__legal_name")[:1]), Value("")),
        sole=Subquery(said.values("sole_contact")[:1]),
        successor_name=Coalesce(
            Subquery(said.values(called=called)[:1]), Value(""), output_field=CharField()
        ),
        looked_on=Subquery(said.values("looked_on")[:1]),
        note=Coalesce(Subquery(said.values("note")[:1]), Value("")),
    )
