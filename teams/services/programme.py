"""
Acts on the strategic programme of an account: its strategy with weights and horizon, and the objectives of its plan.

A key account manager writes the objectives as drafts; a compensation admin agrees them, and changes what is agreed.
Who opened a page says what they saw of it: somebody else's newer change comes back beside theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing, role_check
from kamcomp.refusal import Refusal
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, Membership, ObjectiveMilestone, StrategicAccount
from teams.services.account_edits import EDITORS, AccountChangedMeanwhile
from teams.visibility import HOLDING

TERMS = (
    "strategy",
    "defend_weight",
    "grow_weight",
    "profit_weight",
    "horizon_months",
    "long_emphasis",
    "cycle_months",
    "opportunities_a_year",
    "tier",
    "pricing_agreement",
    "service_level",
)
OBJECTIVE_TERMS = (
    "statement",
    "metric_code",
    "unit",
    "baseline",
    "target",
    "due_on",
    "owner_id",
    "horizon_months",
    "perspective",
    "weight",
    "evidence",
    "status",
)
OPEN_TO_KAM = (ObjectiveStatus.DRAFT,)


class WeightsNotWhole(Refusal):
    """Defend, grow and profit are one whole."""


class ProgrammeSame(Refusal):
    """A change that changes nothing is no edit."""


class ObjectiveChangedMeanwhile(Refusal):
    """Somebody else changed the objective after its page was opened."""


class ObjectiveNotYours(Refusal):
    """A key account manager writes drafts; what is agreed is changed by a compensation admin."""


class OwnObjective(Refusal):
    """Nobody agrees the objective they own themselves."""


class MilestoneAfterObjective(Refusal):
    """A milestone comes before the day its objective is due."""


class MilestoneTwice(Refusal):
    """Each milestone of an objective has a name of its own."""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A step on the way to an objective: its name, by when, and the day it was reached, if it was."""

    name: str
    due_on: date
    reached_on: date | None = None


@act
def account_programme_put(
    *, account_id: UUID, seen: Mapping[str, Any] | None, values: Mapping[str, Any], by: User, at: datetime
) -> StrategicAccount:
    """
    Say what an account's programme is for: strategy, weights, horizon, emphasis, and how the customer buys.

    Shape: `values` maps TERMS to their new values; `seen` is the state the editor saw. They have no dates: they
    hold from now on for what is designed, and change nothing that was paid.

    :raises RoleMissing: if `by` is no compensation admin.
    :raises AccountChangedMeanwhile: if it is another by now.
    :raises ProgrammeSame: if nothing is different.
    :raises WeightsNotWhole: if the three weights do not sum to 1.
    """
    role_check(user=by, roles=EDITORS, on=at.date(), act="Changing an account's programme")
    account = StrategicAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)
    if seen is not None and dict(seen) != programme_state(account=account):
        raise AccountChangedMeanwhile(
            "Somebody changed %(account)s after you opened it; compare before you save.", account=account
        )
    changed = {name: values[name] for name in TERMS if name in values}
    changed = {name: value for name, value in changed.items() if value != getattr(account, name)}
    if not changed:
        raise ProgrammeSame("Nothing is different; change something first.")
    for name, value in changed.items():
        setattr(account, name, value)
    if account.defend_weight + account.grow_weight + account.profit_weight != 1:
        raise WeightsNotWhole("Defend, grow and profit have to be one whole.")
    account.save(update_fields=list(changed))
    return account


@act
def objective_put(
    *,
    account_id: UUID,
    objective_id: UUID | None,
    seen: Mapping[str, Any] | None,
    values: Mapping[str, Any],
    milestones: Sequence[Milestone],
    by: User,
    at: datetime,
) -> AccountObjective:
    """
    Write an objective of the account plan with its milestones, or change one; without an id it is a new one.

    Shape: `values` maps OBJECTIVE_TERMS to their values. A new one has the account's code and the next number.

    :raises RoleMissing: if `by` neither designs nor holds the account.
    :raises ObjectiveNotYours: if a key account manager changes what is agreed, or agrees it.
    :raises OwnObjective: if somebody agrees their own.
    :raises ObjectiveChangedMeanwhile: if it is another by now.
    :raises MilestoneAfterObjective: naming the milestone that is due after the objective.
    :raises MilestoneTwice: naming the milestone that stands there twice.
    """
    account = StrategicAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)
    objective = _objective(account=account, objective_id=objective_id, seen=seen)
    _check_writer(account=account, objective=objective, values=values, by=by, at=at)
    if objective.status != ObjectiveStatus.AGREED and values["status"] == ObjectiveStatus.AGREED:
        _check_not_own(owner_id=values["owner_id"], by=by)
    _check_milestones(milestones=milestones, due_on=values["due_on"])
    for name in OBJECTIVE_TERMS:
        setattr(objective, name, values[name])
    if objective_id is None:
        objective.created_by = by
    objective.save()
    _put_milestones(objective=objective, milestones=milestones, by=by)
    return objective


def programme_state(*, account: StrategicAccount) -> dict[str, str | None]:
    """Return the terms of an account's programme, as a page keeps them."""
    return {name: _said(getattr(account, name)) for name in TERMS}


def objective_state(*, objective: AccountObjective) -> dict[str, str | None]:
    """Return what an objective says, as a page keeps it."""
    return {name: _said(getattr(objective, name)) for name in OBJECTIVE_TERMS}


def holds_account(*, account_id: UUID, by: User, on: date) -> bool:
    """Tell whether somebody is the key account manager or deputy of an account on a day."""
    rows: QuerySet[Membership] = Membership.objects.filter(account_id=account_id, person__user=by)
    return rows.filter(seat__in=HOLDING, valid__contains=on).exists()


def _said(value: object) -> str | None:
    if value is None:
        return None
    return format(value.normalize(), "f") if hasattr(value, "normalize") else str(value)


def _objective(
    *, account: StrategicAccount, objective_id: UUID | None, seen: Mapping[str, Any] | None
) -> AccountObjective:
    if objective_id is None:
        numbers = AccountObjective.objects.filter(account=account).count()
        code = f"{account.node.code[:50]}-O{numbers + 1}"
        while AccountObjective.objects.filter(code=code).exists():
            numbers += 1
            code = f"{account.node.code[:50]}-O{numbers + 1}"
        return AccountObjective(account=account, code=code)
    objective = AccountObjective.objects.select_for_update(of=("self",)).get(pk=objective_id, account=account)
    if seen is not None and dict(seen) != objective_state(objective=objective):
        raise ObjectiveChangedMeanwhile(
            "Somebody changed %(code)s after you opened it; compare before you save.", code=objective.code
        )
    return objective


def _check_writer(
    *,
    account: StrategicAccount,
    objective: AccountObjective,
    values: Mapping[str, Any],
    by: User,
    at: datetime,
) -> None:
    if by.roles_on(at.date()) & set(EDITORS):
        return
    if not holds_account(account_id=account.pk, by=by, on=at.date()):
        raise RoleMissing(
            "Writing an objective is for compensation admins, and for whoever holds %(account)s.",
            account=account,
        )
    if {objective.status, values["status"]} - set(OPEN_TO_KAM):
        raise ObjectiveNotYours(
            "An objective of yours is a draft until a compensation admin agrees it; what is agreed they change."
        )


def _check_not_own(*, owner_id: UUID, by: User) -> None:
    person = getattr(by, "person", None)
    if person is not None and person.pk == owner_id:
        raise OwnObjective("This objective is yours: somebody else agrees it.")


def _check_milestones(*, milestones: Sequence[Milestone], due_on: date) -> None:
    for one in milestones:
        if one.due_on > due_on:
            raise MilestoneAfterObjective(
                "%(name)s is due %(day)s, after the objective itself: %(due)s.",
                name=one.name,
                day=one.due_on,
                due=due_on,
            )
    names = [one.name for one in milestones]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise MilestoneTwice("%(name)s stands there twice; give each milestone its own name.", name=twice)


def _put_milestones(*, objective: AccountObjective, milestones: Sequence[Milestone], by: User) -> None:
    known = {one.name: one for one in objective.milestones.all()}
    for name in known.keys() - {one.name for one in milestones}:
        known[name].delete()
    for one in milestones:
        row = known.get(one.name) or ObjectiveMilestone(objective=objective, name=one.name, created_by=by)
        if one.name not in known or (row.due_on, row.reached_on) != (one.due_on, one.reached_on):
            row.due_on, row.reached_on = one.due_on, one.reached_on
            row.save()
