"""Reads of roles: the catalogue with what is said of each, and who does what in account work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kamcomp.visibility import Viewer, visible
from teams.choices import DutyPart, ObjectiveStatus
from teams.models import JobProfile, JobRole, Membership, RoleDuty

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
