"""
Reads of account teams as they are on a day: the list of teams, one team, and the days on which it changes.

All start from what the reader may see. A membership holds on its last day and not on the day after, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from kamcomp.visibility import Viewer, visible
from teams.choices import Link, Seat
from teams.models import Membership, Person, StrategicAccount, TeamEdit

SALES = "Sales"
SHARED = DecimalField(max_digits=20, decimal_places=8)
STATE = ("person_id", "role_id", "node_id", "leader_id")
SAID = ("seat", "link", "scope", "pool_eligible", "opt_out_reason")


def person_name(person: Person | None) -> str:
    """Return what people call somebody: the name, or the employee id where no name is kept."""
    if person is None:
        return ""
    details = getattr(person, "details", None)
    return (details.legal_name if details else "") or person.employee_id


def membership_state(*, membership: Membership) -> dict[str, Any]:
    """Return all that a membership says of its person, as JSON keeps it."""
    ids = {name: _text(getattr(membership, name)) for name in STATE}
    said = {name: getattr(membership, name) for name in SAID}
    return {
        **ids,
        **said,
        "segments": sorted(map(str, membership.segments.values_list("pk", flat=True))),
        "dedication": str(Decimal(membership.dedication).quantize(Decimal("0.00000001"))),
        "since": membership.valid.lower.isoformat(),
        "until": membership.valid.upper.isoformat() if membership.valid.upper else None,
    }


def with_segments(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Return the memberships, each with `segment_ids`: the segments it is narrowed to, always in one order."""
    narrowed = Membership.segments.through.objects.filter(membership=OuterRef("pk")).order_by("segment_id")
    return memberships.annotate(segment_ids=ArraySubquery(narrowed.values("segment_id")))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def teams_on(*, viewer: Viewer, on: date) -> QuerySet[Any]:
    """
    Return the accounts a reader sees, each with its team on a day.

    Adds `kam_name`, `kam_id`, `selling` (people in a role of sales, the KAM too), `direct`, `matrix` (people besides
    the KAM), `sharing` (people who share in the pool) and `dedicated` (the sum of dedications, 1 is one whole person).
    """
    there = visible(Membership.objects.filter(account=OuterRef("pk"), valid__contains=on), to=viewer)
    there = there.order_by()
    kam = there.filter(seat=Seat.KAM)
    others = there.exclude(seat=Seat.KAM)
    return (
        visible(StrategicAccount.objects.all(), to=viewer)
        .select_related("node")
        .annotate(
            kam_name=Coalesce(
                Subquery(kam.values("person__details__legal_name")[:1], output_field=CharField()),
                Subquery(kam.values("person__employee_id")[:1], output_field=CharField()),
            ),
            selling=_counted(there.filter(role__family__iexact=SALES)),
            direct=_counted(others.filter(link=Link.DIRECT)),
            matrix=_counted(others.filter(link=Link.MATRIX)),
            sharing=_counted(there.filter(pool_eligible=True)),
            dedicated=Coalesce(
                Subquery(
                    there.values("account").annotate(all=Sum("dedication")).values("all"), output_field=SHARED
                ),
                Decimal(0),
                output_field=SHARED,
            ),
        )
    )


def _counted(rows: QuerySet[Membership]) -> Coalesce:
    return Coalesce(Subquery(rows.values("account").annotate(all=Count("pk")).values("all")), 0)


@dataclass(frozen=True)
class Team:
    """An account team on a day: who leads it, who is on it directly, and who from elsewhere in the company."""

    account: StrategicAccount
    on: date
    kam: Membership | None
    direct: list[Membership]
    matrix: list[Membership]

    @property
    def members(self) -> list[Membership]:
        """Return everybody, the key account manager first."""
        return [*([self.kam] if self.kam else []), *self.direct, *self.matrix]

    @property
    def selling(self) -> int:
        """Return how many are in a role of sales; everybody else supports them."""
        return sum(member.role.family.lower() == SALES.lower() for member in self.members)

    @property
    def dedicated(self) -> Decimal:
        """Return the sum of all dedications; 1 is one whole person."""
        return sum((member.dedication for member in self.members), Decimal(0))

    @property
    def sharing(self) -> int:
        """Return how many people share in the pool."""
        return sum(member.pool_eligible for member in self.members)


def team_on(*, account: StrategicAccount, viewer: Viewer, on: date) -> Team:
    """Return those of an account team on a day whom a reader sees, deputies first, then by dedication and name."""
    rows = visible(Membership.objects.filter(account=account, valid__contains=on), to=viewer)
    members = list(
        rows.select_related("person__details", "role", "leader__details", "node").prefetch_related("segments")
    )
    members.sort(key=lambda one: (one.seat != Seat.DEPUTY, -one.dedication, person_name(one.person)))
    kam = next((one for one in members if one.seat == Seat.KAM), None)
    others = [one for one in members if one is not kam]
    return Team(
        account=account,
        on=on,
        kam=kam,
        direct=[one for one in others if one.link == Link.DIRECT],
        matrix=[one for one in others if one.link == Link.MATRIX],
    )


@dataclass(frozen=True)
class TeamDay:
    """A day on which a team is another than the day before: who comes, who changes, who is gone."""

    on: date
    joined: list[str]
    changed: list[str]
    left: list[str]


def team_days(*, account: StrategicAccount, viewer: Viewer) -> list[TeamDay]:
    """Return the days on which a team changes, as far as a reader sees it, newest first."""
    rows = visible(Membership.objects.filter(account=account), to=viewer)
    spans = list(rows.values_list("person_id", "person__details__legal_name", "person__employee_id", "valid"))
    names = {person: name or employee for person, name, employee, _valid in spans}
    begun = {(person, valid.lower) for person, _n, _e, valid in spans}
    ended = {(person, valid.upper) for person, _n, _e, valid in spans if valid.upper}
    return [
        TeamDay(
            on=day,
            joined=_named(begun - ended, day, names),
            changed=_named(begun & ended, day, names),
            left=_named(ended - begun, day, names),
        )
        for day in sorted({day for _person, day in begun | ended}, reverse=True)
    ]


def _named(pairs: set[tuple[Any, date]], day: date, names: dict[Any, str]) -> list[str]:
    return sorted(names[person] for person, on in pairs if on == day)


def days_around(*, days: Sequence[TeamDay], on: date) -> tuple[date | None, date | None]:
    """Return the last day before `on` and the first day after it on which the team changes."""
    earlier = [day.on for day in days if day.on < on]
    later = [day.on for day in days if day.on > on]
    return (max(earlier) if earlier else None, min(later) if later else None)


def team_edits(*, account: StrategicAccount, viewer: Viewer, most: int = 8) -> list[TeamEdit]:
    """Return the last edits of a team, newest first."""
    rows = visible(TeamEdit.objects.filter(account=account), to=viewer)
    return list(
        rows.select_related("person__details", "created_by", "undone_by").order_by("-created_at")[:most]
    )


def people_named(*, text: str, viewer: Viewer) -> QuerySet[Person]:
    """Return the people a reader sees whose employee id or name is exactly the text, else whose name has it."""
    words = text.strip()
    rows = visible(Person.objects.all(), to=viewer).select_related("details")
    exact = rows.filter(Q(employee_id__iexact=words) | Q(details__legal_name__iexact=words))
    return exact if exact.exists() else rows.filter(details__legal_name__icontains=words)
