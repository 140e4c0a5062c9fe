"""
Objectives and their ratings in a period: what somebody rates, and what of their own others rated.

Who rates what is the rule of `scorecards.services.objective_rate`; here it only decides what a page offers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Subquery

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.visibility import Viewer, visible
from scorecards.models import ObjectiveRating
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, StrategicAccount
from teams.visibility import held_accounts, own_people, reports


@dataclass(frozen=True, kw_only=True)
class ObjectiveRow:
    """An objective in a period: who owns it, what it was rated, whether the viewer rates it. Rating is a ratio."""

    objective_id: UUID
    code: str
    statement: str
    account: str
    owner: str
    baseline: Decimal | None
    target: Decimal | None
    unit: str
    due_on: object
    rating: Decimal | None
    evidence: str
    may_rate: bool


def rating_periods(*, viewer: Viewer) -> list[Period]:
    """Return the periods that are rated: begun, not locked, since the programme began; oldest first."""
    started = StrategicAccount.objects.order_by("programme_start").values("programme_start")[:1]
    periods = Period.objects.filter(status__in=[PeriodStatus.COLLECTING, PeriodStatus.OPEN])
    return list(
        periods.filter(days__startswith__lte=viewer.on, days__endswith__gt=Subquery(started)).order_by("days")
    )


def objectives_rated(*, period: Period, viewer: Viewer) -> list[ObjectiveRow]:
    """
    Return the objectives that somebody rates in a period, then those they own, in three queries.

    An objective stands in the periods up to the one it is due in.
    """
    rates = Q(owner__in=viewer.once(reports)) | Q(account__in=viewer.once(held_accounts))
    own = Q(owner__in=viewer.once(own_people))
    every = Q() if viewer.holds(Role.COMP_ADMIN) else rates | own
    objectives = (
        visible(AccountObjective.objects.filter(every, due_on__gte=period.days.lower), to=viewer)
        .exclude(status__in=[ObjectiveStatus.DRAFT, ObjectiveStatus.DROPPED])
        .select_related("account__node", "owner__details")
        .order_by("account__node__name", "due_on", "code")
    )
    rows = list(objectives)
    given = {
        each.objective_id: each
        for each in ObjectiveRating.objects.current().filter(objective__in=rows, period=period)
    }
    mine = set(viewer.once(own_people))
    found = [_row(each, given=given, may_rate=each.owner_id not in mine) for each in rows]
    return sorted(found, key=lambda row: not row.may_rate)


def _row(
    objective: AccountObjective, *, given: Mapping[UUID, ObjectiveRating], may_rate: bool
) -> ObjectiveRow:
    details = getattr(objective.owner, "details", None)
    rating = given.get(objective.pk)
    return ObjectiveRow(
        objective_id=objective.pk,
        code=objective.code,
        statement=objective.statement,
        account=str(objective.account),
        owner=str(details or objective.owner),
        baseline=objective.baseline,
        target=objective.target,
        unit=objective.unit,
        due_on=objective.due_on,
        rating=None if rating is None else rating.rating,
        evidence="" if rating is None else rating.evidence,
        may_rate=may_rate,
    )


def rated_so_far(rows: Sequence[ObjectiveRow]) -> tuple[int, int]:
    """Return how many of the objectives somebody rates are rated, and how many there are."""
    theirs = [row for row in rows if row.may_rate]
    return sum(1 for row in theirs if row.rating is not None), len(theirs)
