"""
Acts of the team sheet: somebody joins an account team, changes, hands over, leaves, and the last edit is undone.

They are the acts of `teams.services.memberships` with who may do them, with a guard against a sheet that is out of
date, and with an edit kept of each: what it found and what it left. The last edit of a team can be undone as long as
the memberships are as it left them and nothing has been built on them. How: docs/how-to/keep-teams-and-people.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import ProtectedError
from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal
from teams.choices import TeamEditKind
from teams.models import JobRole, Membership, Person, Segment, StrategicAccount, TeamEdit
from teams.selectors.teams import membership_state
from teams.services.memberships import (
    DEDICATION_LAW,
    DedicationExceeded,
    MemberAlready,
    membership_add,
    membership_change,
    membership_differences,
    membership_end,
    membership_hand_over,
)

EDITORS = [Role.COMP_ADMIN]
ACT = "Editing an account team"
States = dict[str, dict[str, Any] | None]


class MembershipChangedMeanwhile(Refusal):
    """Somebody else changed the membership after the sheet was opened."""


class NothingChanges(Refusal):
    """A change that changes nothing is no edit."""


class EditNotLast(Refusal):
    """Edits of a team are undone from the last one back."""


class EditUndoneAlready(Refusal):
    """An edit is undone once."""


class EditOvertaken(Refusal):
    """The memberships are no longer as the edit left them."""


class EditInUse(Refusal):
    """Something has been built on what the edit made: a share of a pool, say."""


@act
def team_member_add(
    *,
    account_id: UUID,
    person: Person,
    role: JobRole,
    since: date,
    last_day: date | None = None,
    by: User,
    at: datetime,
    **said: Any,
) -> TeamEdit:
    """
    Put a person on an account team from a day on; `said` is what `membership_add` takes besides.

    :raises RoleMissing: if `by` is no compensation admin.
    """
    account = _opened(account_id=account_id, by=by, at=at)
    status = account.status
    made = membership_add(
        account=account, person=person, role=role, since=since, last_day=last_day, by=by, **said
    )
    return _kept(
        kind=TeamEditKind.ADDED, member=made, day=since, before={str(made.pk): None}, status=status, by=by
    )


@act
def team_member_change(
    *,
    membership_id: UUID,
    seen: Mapping[str, Any] | None,
    since: date,
    changes: dict[str, Any],
    by: User,
    at: datetime,
) -> TeamEdit:
    """
    Change a membership from a day on. `seen` is its state as the editor saw it; none is not compared.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises MembershipChangedMeanwhile: if it is another by now.
    :raises NothingChanges: if all of `changes` is so already.
    """
    old, status = _membership(membership_id=membership_id, seen=seen, by=by, at=at)
    changes = membership_differences(membership=old, changes=changes)
    if not changes:
        raise NothingChanges("Nothing is different from what holds on that day; change something first.")
    before: States = {str(old.pk): membership_state(membership=old)}
    new = membership_change(membership_id=old.pk, since=since, changes=changes, by=by)
    before.setdefault(str(new.pk), None)
    return _kept(kind=TeamEditKind.CHANGED, member=new, day=since, before=before, status=status, by=by)


@act
def team_member_end(
    *, membership_id: UUID, seen: Mapping[str, Any] | None, last_day: date, by: User, at: datetime
) -> TeamEdit:
    """
    Let a membership end after its last day; an account left without a key account manager goes to review.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises MembershipChangedMeanwhile: if it is another by now.
    """
    old, status = _membership(membership_id=membership_id, seen=seen, by=by, at=at)
    before: States = {str(old.pk): membership_state(membership=old)}
    ended = membership_end(membership_id=old.pk, last_day=last_day, by=by)
    return _kept(
        kind=TeamEditKind.LAST_DAY, member=ended, day=ended.valid.upper, before=before, status=status, by=by
    )


@act
def team_member_hand_over(
    *, membership_id: UUID, seen: Mapping[str, Any] | None, to: Person, since: date, by: User, at: datetime
) -> TeamEdit:
    """
    Let another person take a membership over from a day on, with the same role, link and dedication.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises MembershipChangedMeanwhile: if it is another by now.
    """
    old, status = _membership(membership_id=membership_id, seen=seen, by=by, at=at)
    before: States = {str(old.pk): membership_state(membership=old)}
    new = membership_hand_over(membership_id=old.pk, to=to, since=since, by=by)
    before[str(new.pk)] = None
    return _kept(kind=TeamEditKind.HANDED_OVER, member=new, day=since, before=before, status=status, by=by)


@act
def team_edit_undo(*, edit_id: UUID, by: User, at: datetime) -> TeamEdit:
    """
    Undo the last edit of a team: the memberships are again as the edit found them.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises EditUndoneAlready: if it was undone before.
    :raises EditNotLast: if another edit of the team came after it.
    :raises EditOvertaken: if a membership is not as the edit left it: an import changed it, say.
    :raises EditInUse: if a membership that it made is already used, by a share of a pool, say.
    """
    known = TeamEdit.objects.only("account_id").get(pk=edit_id)
    account = _opened(account_id=known.account_id, by=by, at=at)
    edit = TeamEdit.objects.select_related("person").get(pk=edit_id)
    _check_undoable(edit=edit)
    laws = {DEDICATION_LAW: DedicationExceeded, "memberships_do_not_overlap": MemberAlready}
    with refusing(laws, at_once=[DEDICATION_LAW]):
        _states_put(edit=edit)
    if account.status == edit.status_after != edit.status_before:
        account.status = edit.status_before
        account.save(update_fields=["status"])
    edit.undone_at, edit.undone_by = at, by
    edit.save(update_fields=["undone_at", "undone_by"])
    return edit


def _opened(*, account_id: UUID, by: User, at: datetime) -> StrategicAccount:
    """Return the account, its row locked: edits of one team queue up."""
    role_check(user=by, roles=EDITORS, on=at.date(), act=ACT)
    return (
        StrategicAccount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("node")
        .get(pk=account_id)
    )


def _membership(
    *, membership_id: UUID, seen: Mapping[str, Any] | None, by: User, at: datetime
) -> tuple[Membership, str]:
    """Return a membership as it is now, with its account's status, unless somebody else changed it."""
    account_id = Membership.objects.values_list("account_id", flat=True).get(pk=membership_id)
    account = _opened(account_id=account_id, by=by, at=at)
    membership = Membership.objects.select_related("account__node", "person").get(pk=membership_id)
    if seen is not None and dict(seen) != membership_state(membership=membership):
        raise MembershipChangedMeanwhile("Somebody changed this membership after you opened it.")
    return membership, account.status


def _kept(
    *, kind: TeamEditKind, member: Membership, day: date, before: States, status: str, by: User
) -> TeamEdit:
    return TeamEdit.objects.create(
        account_id=member.account_id,
        person_id=member.person_id,
        kind=kind,
        from_on=day,
        before=before,
        after=_states(before),
        status_before=status,
        status_after=StrategicAccount.objects.values_list("status", flat=True).get(pk=member.account_id),
        created_by=by,
    )


def _states(ids: Iterable[str]) -> States:
    found: States = dict.fromkeys(ids)
    for membership in Membership.objects.filter(pk__in=list(found)):
        found[str(membership.pk)] = membership_state(membership=membership)
    return found


def _check_undoable(*, edit: TeamEdit) -> None:
    if edit.undone_at is not None:
        raise EditUndoneAlready("This edit has been undone already.")
    later = TeamEdit.objects.filter(account_id=edit.account_id, undone_at=None)
    if later.filter(created_at__gt=edit.created_at).exists():
        raise EditNotLast("Another edit of this team came after it; undo that one first.")
    if any(_differs(now, edit.after[key]) for key, now in _states(edit.after).items()):
        raise EditOvertaken(
            "The team is no longer as this edit left it, because an import or a later act changed it;"
            " edit it from a date instead."
        )


def _differs(now: Mapping[str, Any] | None, left: Mapping[str, Any] | None) -> bool:
    """Tell whether a membership is not as an edit left it, in what the edit kept of it."""
    if now is None or left is None:
        return now is not left
    return any(now.get(name) != value for name, value in left.items())


def _states_put(*, edit: TeamEdit) -> None:
    """Put each membership back, those that were not there first, so that no day is held twice."""
    for key in (key for key, state in edit.before.items() if state is None):
        try:
            Membership.objects.get(pk=key).delete()
        except ProtectedError as error:
            raise EditInUse(
                "%(person)s has a share in a pool from this membership; end it from a date instead.",
                person=edit.person,
            ) from error
    for key, state in edit.before.items():
        if state is not None:
            Membership.objects.filter(pk=key).update(**_values(state))
            if "segments" in state:
                Membership.objects.get(pk=key).segments.set(Segment.objects.filter(pk__in=state["segments"]))


def _values(state: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in state.items() if name not in ("since", "until", "segments")}
    until = state["until"]
    values["valid"] = DateRange(
        date.fromisoformat(state["since"]), None if until is None else date.fromisoformat(until)
    )
    values["dedication"] = Decimal(state["dedication"])
    return values
