"""Reads of roles: the catalogue with what is said of each, and who does what in account work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kamcomp.visibility import Viewer, visible
from teams.choices import DutyPart, ObjectiveStatus
from teams.models import AccountObjective, JobProfile, JobRole, Membership, RoleDuty

LETTERS = {
    DutyPart.RESPONSIBLE: "R",
    DutyPart.ACCOUNTABLE: "A",
    DutyPart.CONSULTED: "C",
    DutyPart.INFORMED: "I",
}


@dataclass(frozen=True, kw_only=True)
class Activity:
    """An activity, this role's part in it, and the other roles by part."""

    activity: str
    objective: str
    duty: RoleDuty
    others: Sequence[RoleDuty]

    @property
    def letter(self) -> str:
        """Return the first letter of the part."""
        return LETTERS[DutyPart(self.duty.part)]


@dataclass(frozen=True, kw_only=True)
class DutyRow:
    """An activity, the objective it is towards if it is towards one, and each role's part in it, by role."""

    objective: AccountObjective | None
    activity: str
    parts: Sequence[RoleDuty | None]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Return of each role the first letter of its part and the part's words; empty where it has none."""
        return [
            (LETTERS[DutyPart(one.part)], one.get_part_display()) if one else ("", "") for one in self.parts
        ]


@dataclass(frozen=True, kw_only=True)
class DutyTable:
    """Roles against the objectives of an account plan, and against what they do for every account."""

    roles: Sequence[JobRole]
    rows: Sequence[DutyRow]


def roles_listed(*, viewer: Viewer) -> QuerySet[Any]:
    """Return the roles in use, each with `has_profile`, `duties_count` and `holders` as far as the reader sees them."""
    holders = visible(Membership.objects.filter(role=OuterRef("pk"), valid__contains=viewer.on), to=viewer)
    counted = holders.order_by().values("role").annotate(count=Count("person", distinct=True)).values("count")
    duties = RoleDuty.objects.filter(role=OuterRef("pk")).order_by().values("role")
    return visible(JobRole.objects.filter(retired=False), to=viewer).annotate(
        has_profile=Exists(JobProfile.objects.filter(role=OuterRef("pk"))),
        duties_count=Coalesce(Subquery(duties.annotate(count=Count("pk")).values("count")), 0),
        holders=Coalesce(Subquery(counted), 0),
    )


def role_duties(*, role: JobRole, viewer: Viewer) -> list[Activity]:
    """Return the activities a role has a part in, each with the other roles' parts."""
    own = visible(RoleDuty.objects.filter(role=role), to=viewer).select_related("objective")
    mine = list(own.order_by("activity"))
    beside: dict[tuple[str, UUID | None], list[RoleDuty]] = defaultdict(list)
    rows = RoleDuty.objects.filter(activity__in=[one.activity for one in mine]).exclude(role=role)
    for one in rows.select_related("role").order_by("part", "role__name"):
        beside[one.activity, one.objective_id].append(one)
    return [
        Activity(
            activity=one.activity,
            objective=one.objective.code if one.objective else "",
            duty=one,
            others=beside[one.activity, one.objective_id],
        )
        for one in mine
    ]


def duties_by_role(*, roles: Sequence[JobRole]) -> dict[UUID, list[RoleDuty]]:
    """
    Return the parts of roles in activities, by role id: those that hold everywhere by activity, then those towards
    one objective of an account plan, with it; an objective that was dropped asks nobody for anything.
    """
    found: dict[UUID, list[RoleDuty]] = defaultdict(list)
    rows = RoleDuty.objects.filter(role__in=roles).exclude(objective__status=ObjectiveStatus.DROPPED)
    ordered = rows.order_by(F("objective__code").asc(nulls_first=True), "activity")
    for one in ordered.select_related("objective"):
        found[one.role_id].append(one)
    return found


def duties_towards(*, objectives: Sequence[AccountObjective]) -> DutyTable:
    """
    Return who does what towards each of the objectives, then what roles do for every account; one query.

    An objective towards which no role is named is there with an activity without words. Roles are those
    in use that are named at all; duties of a retired one are nobody's.
    """
    found: dict[UUID | None, dict[str, dict[UUID, RoleDuty]]] = defaultdict(lambda: defaultdict(dict))
    duties = RoleDuty.objects.filter(Q(objective__in=objectives) | Q(objective=None), role__retired=False)
    roles: dict[UUID, JobRole] = {}
    for one in duties.select_related("role").order_by("role__name", "activity"):
        roles[one.role_id] = one.role
        found[one.objective_id][one.activity][one.role_id] = one
    nothing: dict[str, dict[UUID, RoleDuty]] = {"": {}}
    return DutyTable(
        roles=list(roles.values()),
        rows=[
            DutyRow(objective=objective, activity=activity, parts=[by_role.get(role) for role in roles])
            for objective in [*objectives, None]
            for activity, by_role in sorted(
                (found[objective.pk] or nothing if objective else found[None]).items()
            )
        ],
    )
