"""
Acts on account teams: who joins, changes, leaves, and who takes over as key account manager.

Dates are half-open inside; `since` is the first day, `last_day` the last one, included, as people say it.
A change in the middle ends the old membership and begins a new one, so that every day keeps what held on it.
An account left without a manager by an act is put in review in the same transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.imports.values import FIRST_YEAR, LAST_YEAR
from kamcomp.lawful import law_says, refusing
from kamcomp.refusal import Refusal, Word
from kamcomp.spans import Span
from teams.choices import Scope, Seat
from teams.models import AccountNode, JobRole, Membership, Person, Segment, StrategicAccount
from teams.services.accounts import accounts_review

DEDICATION_LAW = law_says(
    "memberships_dedication_is_at_most_one",
    "From %(day)s on, %(person)s would give %(share)s %% of their time to account teams; 100 %% is all there is.",
)
CHANGEABLE = {
    "role", "seat", "link", "scope", "dedication", "leader", "node", "pool_eligible", "opt_out_reason",
}  # fmt: skip
WHOLE = Decimal(1)


class DedicationExceeded(Refusal):
    """Nobody gives more than all of a day to account teams."""


class KamAlready(Refusal):
    """An account has exactly one key account manager a day."""


class MemberAlready(Refusal):
    """A person is on an account team once a day."""


class KamSharesNoPool(Refusal):
    """Who hands out a pool is never paid from it."""


class ShareOutOfRange(Refusal):
    """A share lies between 0 and 1."""


class NotAMembership(Refusal):
    """What is to be changed is no property of a membership."""


class DayOutside(Refusal):
    """The day is not one of the membership's days."""


class DayBeyondCalendar(Refusal):
    """Memberships have days of the same years as files."""


class LastDayBeforeFirst(Refusal):
    """A membership holds on one day at least."""


class RoleRetired(Refusal):
    """Nobody is newly given a role that is no longer in use."""


class NodeElsewhere(Refusal):
    """A membership is narrowed to a part of its own account."""


@act
def membership_add(
    *,
    account: StrategicAccount,
    person: Person,
    role: JobRole,
    since: date,
    last_day: date | None = None,
    seat: str | None = None,
    link: str | None = None,
    scope: Scope = Scope.ACCOUNT,
    dedication: Decimal = WHOLE,
    leader: Person | None = None,
    node: AccountNode | None = None,
    segments: Iterable[Segment] = (),
    pool_eligible: bool | None = None,
    opt_out_reason: str = "",
    by: User,
) -> Membership:
    """
    Put a person on an account team. Left unsaid, everybody but the key account manager may share in the pool.

    Seat and link are those of the role if they are left unsaid, as in a file of account teams.

    :raises DayBeyondCalendar: if a day is in no year that a membership can have.
    :raises LastDayBeforeFirst: if the last day is before the first.
    :raises RoleRetired: if the role is no longer in use.
    :raises NodeElsewhere: if the part is none of the account.
    :raises DedicationExceeded: naming the first day and the sum.
    :raises KamAlready: if the account has another manager on one of the days.
    :raises MemberAlready: if the person is on the team on one of the days.
    :raises KamSharesNoPool: if the manager is said to share in the pool.
    :raises ShareOutOfRange: if the dedication is not between 0 and 1.
    """
    span = _span(since=since, last_day=last_day)
    _check_role(role=role)
    seat, link = seat or role.seat, link or role.usual_link
    eligible = seat != Seat.KAM if pool_eligible is None else pool_eligible
    part = _part(account=account, node=node)
    with _refusing(account=account, person=person):
        membership = Membership.objects.create(
            account=account,
            person=person,
            role=role,
            valid=DateRange(span.since, span.until),
            seat=seat,
            link=link,
            scope=scope,
            dedication=dedication,
            leader=leader,
            node=part,
            pool_eligible=eligible,
            opt_out_reason=opt_out_reason,
            created_by=by,
        )
        membership.segments.set(segments)
    return membership


@act
def membership_change(*, membership_id: UUID, since: date, changes: dict[str, Any], by: User) -> Membership:
    """
    Change a membership from a day on: the old one ends the day before, a new one begins. Return the new one.

    Shape: `changes` maps properties of a membership to their new values; `segments` is the whole set.

    :raises NotAMembership: if something else is to be changed.
    :raises DayOutside: if the membership does not hold on `since`.
    :raises DayBeyondCalendar: if `since` is in no year that a membership can have.
    :raises RoleRetired: if another role is given that is no longer in use.
    :raises NodeElsewhere: if the part is none of the account.
    """
    old = Membership.objects.select_for_update(no_key=True).get(pk=membership_id)
    changes = membership_differences(membership=old, changes=changes)
    _check_day(membership=old, day=since)
    segments, rest = changes.pop("segments", None), DateRange(since, old.valid.upper)
    if segments is None:
        segments = list(old.segments.all())
    with _refusing(account=old.account, person=old.person):
        if since == old.valid.lower:
            for name, value in changes.items():
                setattr(old, name, value)
            old.save(update_fields=list(changes))
            new = old
        else:
            Membership.objects.filter(pk=old.pk).update(valid=DateRange(old.valid.lower, since))
            same = {name: getattr(old, name) for name in CHANGEABLE | {"account", "person"}}
            new = Membership.objects.create(**{**same, **changes}, valid=rest, created_by=by)
        new.segments.set(segments)
        accounts_review(account_ids=[old.account_id], by=by)
    return new


def membership_differences(*, membership: Membership, changes: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return those of `changes` that are not so already; the account's root as `node` is all of it: None.

    :raises NotAMembership: if something is no property of a membership.
    :raises RoleRetired: if another role is given that is no longer in use.
    :raises NodeElsewhere: if the part is none of the account.
    """
    if unknown := changes.keys() - CHANGEABLE - {"segments"}:
        raise NotAMembership("A membership has no %(fields)s to change.", fields=", ".join(sorted(unknown)))
    said = dict(changes)
    if "node" in said:
        said["node"] = _part(account=membership.account, node=said["node"])
    standing = {name: getattr(membership, name) for name in said if name != "segments"}
    if "segments" in said:
        said["segments"] = set(said["segments"])
        standing["segments"] = set(membership.segments.all())
    differing = {name: value for name, value in said.items() if value != standing[name]}
    if "role" in differing:
        _check_role(role=differing["role"])
    return differing


@act
def membership_end(*, membership_id: UUID, last_day: date, by: User) -> Membership:
    """
    End a membership after its last day; an account left without a manager is put in review.

    :raises DayOutside: if the membership does not hold on its last day.
    :raises DayBeyondCalendar: if that day is in no year that a membership can have.
    """
    membership = Membership.objects.select_for_update(no_key=True).get(pk=membership_id)
    _check_day(membership=membership, day=last_day)
    membership.valid = DateRange(membership.valid.lower, last_day + timedelta(days=1))
    membership.save(update_fields=["valid"])
    accounts_review(account_ids=[membership.account_id], by=by)
    return membership


@act
def membership_hand_over(*, membership_id: UUID, to: Person, since: date, by: User) -> Membership:
    """
    Let another person take over a membership from a day on, with the same role, link and dedication.

    :raises DayOutside: if the membership does not hold the day before.
    :raises DayBeyondCalendar: if `since` is in no year that a membership can have.
    """
    _check_calendar(days=[since])
    old = Membership.objects.select_for_update(no_key=True).get(pk=membership_id)
    _check_day(membership=old, day=since - timedelta(days=1))
    until = old.valid.upper
    segments = list(old.segments.all())
    with _refusing(account=old.account, person=to):
        Membership.objects.filter(pk=old.pk).update(valid=DateRange(old.valid.lower, since))
        same = {name: getattr(old, name) for name in CHANGEABLE | {"account"}}
        new = Membership.objects.create(**same, person=to, valid=DateRange(since, until), created_by=by)
        new.segments.set(segments)
    return new


def _span(*, since: date, last_day: date | None) -> Span:
    _check_calendar(days=[since, *([last_day] if last_day else [])])
    if last_day is not None and last_day < since:
        raise LastDayBeforeFirst(
            "The last day, %(last)s, is before the first, %(since)s.", last=last_day, since=since
        )
    return Span.inclusive(since, last_day)


def _check_calendar(*, days: Iterable[date]) -> None:
    for day in days:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise DayBeyondCalendar(
                "%(day)s is no day of a membership: it lies in the years %(first)s to %(last)s.",
                day=day,
                first=FIRST_YEAR,
                last=LAST_YEAR,
            )


def _check_role(*, role: JobRole) -> None:
    if role.retired:
        raise RoleRetired("The role %(role)s is no longer in use; take another one.", role=role)


def _part(*, account: StrategicAccount, node: AccountNode | None) -> AccountNode | None:
    """Return the part of the account that a membership is narrowed to; its root is all of it: None."""
    above = node
    while above is not None and above.pk != account.node_id:
        above = above.parent
    if node is not None and above is None:
        raise NodeElsewhere("%(part)s is no part of %(account)s.", part=node, account=account)
    return None if node is None or node.pk == account.node_id else node


def _check_day(*, membership: Membership, day: date) -> None:
    _check_calendar(days=[day])
    if day not in membership.span:
        raise DayOutside(
            "%(membership)s does not hold on %(day)s: it runs from %(since)s to %(last)s.",
            membership=membership,
            day=day,
            since=membership.span.since,
            last=membership.span.last or Word("further notice"),
        )


def _refusing(*, account: StrategicAccount, person: Person) -> Any:
    return refusing(
        {
            DEDICATION_LAW: DedicationExceeded,
            "memberships_one_kam_a_day": KamAlready(
                "%(account)s has another key account manager on one of these days; end that "
                "membership first.",
                account=account,
            ),
            "memberships_do_not_overlap": MemberAlready(
                "%(person)s is on the team of %(account)s already on one of these days; change that "
                "membership.",
                person=person,
                account=account,
            ),
            "memberships_kam_takes_no_pool_share": KamSharesNoPool(
                "%(person)s hands out the pool of %(account)s as its key account manager and shares "
                "in none of it.",
                person=person,
                account=account,
            ),
            "memberships_dedication_is_a_share": ShareOutOfRange(
                "A dedication lies between 0 and 1 (0 % and 100 %)."
            ),
        },
        at_once=[DEDICATION_LAW],
    )
