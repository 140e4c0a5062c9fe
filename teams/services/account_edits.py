"""
Acts of an account's page: its state in the programme, and the companies, divisions and sites of its tree.

They are the acts of `teams.services.accounts` with who may do them and a guard against a page that is out of date.
The tree has no dates: what a node is said to be holds for every period that has not been locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal, Word
from teams.choices import AccountStatus
from teams.models import AccountNode, StrategicAccount
from teams.services.accounts import account_activate, account_exit, account_review

EDITORS = [Role.COMP_ADMIN]
NODE_TERMS = ("name", "parent_id", "node_type", "country", "region", "status")


class AccountChangedMeanwhile(Refusal):
    """Somebody else changed the account after its page was opened."""


class AccountStateUnknown(Refusal):
    """An account becomes active, in review or exited."""


class LastDayMissing(Refusal):
    """An account leaves the programme after a last day."""


class TreeBroken(Refusal):
    """A part of an account stands under another part, never under its own, and a root stays a root."""


class PartSame(Refusal):
    """A change that changes nothing is no edit."""


@act
def account_state_put(
    *, account_id: UUID, seen: str, status: str, last_day: date | None, by: User, at: datetime
) -> StrategicAccount:
    """
    Put an account in force, in review, or out of the programme after its last day. `seen` is its state on the page.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises AccountChangedMeanwhile: if its state is another by now.
    :raises KamMissing: naming the days without a key account manager.
    :raises AccountExited: if the account left the programme.
    :raises LastDayMissing: if it leaves without a last day.
    """
    role_check(user=by, roles=EDITORS, on=at.date(), act="Changing an account's state")
    account = StrategicAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)
    if account.status != seen:
        raise AccountChangedMeanwhile(
            "%(account)s is %(status)s by now; look at it again before you change it.",
            account=account,
            status=Word(account.get_status_display().lower()),
        )
    if status == AccountStatus.ACTIVE:
        return account_activate(account_id=account_id, by=by)
    if status == AccountStatus.REVIEW:
        return account_review(account_id=account_id, by=by)
    if status != AccountStatus.EXITED:
        raise AccountStateUnknown("An account becomes active, in review or exited.")
    if last_day is None:
        raise LastDayMissing("Say the last day of %(account)s in the programme.", account=account)
    return account_exit(account_id=account_id, last_day=last_day, by=by)


@act
def account_part_put(
    *, node_id: UUID, seen: Mapping[str, Any] | None, values: Mapping[str, Any], by: User, at: datetime
) -> AccountNode:
    """
    Say what a company, division or site is, and under which it stands. `seen` is its state as the editor saw it.

    Shape: `values` maps fields of a node (NODE_TERMS) to their new values.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises AccountChangedMeanwhile: if it is another by now.
    :raises PartSame: if nothing is different.
    :raises TreeBroken: if it would stand under its own part, or a root of the programme under anything.
    """
    role_check(user=by, roles=EDITORS, on=at.date(), act="Changing an account's tree")
    node = AccountNode.objects.select_for_update(of=("self",), no_key=True).get(pk=node_id)
    if seen is not None and dict(seen) != part_state(node=node):
        raise AccountChangedMeanwhile(
            "Somebody changed %(node)s after you opened it; compare before you save.", node=node
        )
    changed = {name: values[name] for name in NODE_TERMS if name in values}
    changed = {name: value for name, value in changed.items() if value != getattr(node, name)}
    if not changed:
        raise PartSame("Nothing is different; change something first.")
    laws = dict.fromkeys(
        (
            "account_nodes_have_no_cycle",
            "strategic_accounts_are_roots",
            "account_nodes_are_not_their_own_parent",
        ),
        TreeBroken,
    )
    with refusing(laws):
        for name, value in changed.items():
            setattr(node, name, value)
        node.save(update_fields=[name.removesuffix("_id") for name in changed])
    return node


def part_state(*, node: AccountNode) -> dict[str, Any]:
    """Return what a node says of itself, as a page keeps it."""
    return {name: None if (value := getattr(node, name)) is None else str(value) for name in NODE_TERMS}
