"""
Whom somebody supports: the accounts on whose teams they are or were, with the KAM, and the share they were given.

A share is shown once its pool is approved, with the decider's reason and nobody else's amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kamcomp.visibility import Viewer, visible
from payouts.choices import PoolStatus
from payouts.models import Allocation, StatementReading
from teams.choices import Seat
from teams.models import Membership, Person
from teams.visibility import own_people

SHARES_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class ShareGiven:
    """A share of an account's pool: how much, by whom, why, and when its statement was first read."""

    period: str
    amount: Decimal
    currency: str
    decider: str
    reason: str
    person_id: UUID
    read_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Supported:
    """An account somebody supports. `until` is the last day, None while it has no end; newest share first."""

    account_id: UUID
    account: str
    kam: str
    role: str
    link: str
    scope: str
    dedication: Decimal
    since: date
    until: date | None
    eligible: bool
    why_not: str
    shares: Sequence[ShareGiven]

    def on(self, day: date) -> bool:
        """Tell whether they support it on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


def supported_accounts(*, viewer: Viewer) -> list[Supported]:
    """Return the accounts the viewer supports or supported, present ones first, in six queries."""
    own = viewer.once(own_people)
    seats = list(
        visible(Membership.objects.filter(person_id__in=own, seat=Seat.MEMBER), to=viewer)
        .filter(valid__startswith__lte=viewer.on)
        .select_related("account__node", "role")
        .order_by("account__node__name", "-valid")
    )
    kams, shares = _kams(seats, on=viewer.on), _shares(own, viewer=viewer)
    rows = [
        Supported(
            account_id=seat.account_id,
            account=str(seat.account),
            kam=kams.get(seat.pk, ""),
            role=seat.role.name,
            link=seat.link,
            scope=seat.get_scope_display(),
            dedication=seat.dedication,
            since=seat.valid.lower,
            until=None if seat.valid.upper is None else seat.valid.upper - timedelta(days=1),
            eligible=seat.pool_eligible,
            why_not=seat.opt_out_reason,
            shares=shares.get(seat.pk, []),
        )
        for seat in seats
    ]
    return sorted(rows, key=lambda row: (not row.on(viewer.on), row.account, -row.since.toordinal()))


def _kams(seats: Sequence[Membership], *, on: date) -> Mapping[UUID, str]:
    """Return the KAM of each membership's account: today's, or that of the last day."""
    rows = list(
        Membership.objects.filter(
            account_id__in={seat.account_id for seat in seats}, seat=Seat.KAM
        ).select_related("person__details")
    )
    found = {}
    for seat in seats:
        day = on if seat.valid.upper is None else min(on, seat.valid.upper - timedelta(days=1))
        for row in rows:
            if row.account_id == seat.account_id and day in row.span:
                found[seat.pk] = _name(row.person)
    return found


def _shares(own: Sequence[UUID], *, viewer: Viewer) -> Mapping[UUID, list[ShareGiven]]:
    rows = list(
        visible(Allocation.objects.filter(person_id__in=own, amount__isnull=False), to=viewer)
        .filter(pool__status=PoolStatus.APPROVED)
        .select_related("pool__period", "pool__allocator__details")
        .order_by("-pool__period__days")
    )
    read = dict(
        visible(StatementReading.objects.filter(person_id__in=own), to=viewer).values_list(
            "period_id", "first_read_at"
        )
    )
    found: dict[UUID, list[ShareGiven]] = {}
    for row in rows:
        mine = found.setdefault(row.membership_id, [])
        if len(mine) < SHARES_SHOWN:
            mine.append(
                ShareGiven(
                    period=row.pool.period.code,
                    amount=row.amount or Decimal(0),
                    currency=row.pool.currency,
                    decider="" if row.pool.allocator is None else _name(row.pool.allocator),
                    reason=row.reason,
                    person_id=row.person_id,
                    read_at=read.get(row.pool.period_id),
                )
            )
    return found


def _name(person: Person) -> str:
    details = getattr(person, "details", None)
    return str(details) if details is not None else person.employee_id
