"""
Replays kept as evidence: a version's document on the past, who asked when, and what came of it.

A replay is written once and belongs to the digest of the document it was made with. Nothing of it
is pay. Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from kamcomp.sentences import Sentence, sentence_document
from payouts.engine.controls import rep_changes
from payouts.models import ReplayPerson
from payouts.selectors.replays import (
    PersonReplayed,
    PlanReplayed,
    plan_replayed,
    reps_replayed,
    sum_amounts,
)
from payouts.selectors.replays.replaying import Amounts
from plans.choices import ReplayKind
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Draft, Plan, PlanVersion, Replay
from plans.selectors.drafts import draft_as_version
from teams.models import StrategicAccount

REPLAYERS = [Role.COMP_ADMIN, Role.FINANCE]
USUAL_PERIODS = 4
PROBLEMS_KEPT = 500
BATCH = 2_000


class NoSuchPlans(Refusal):
    """A replay is tried on the people of plans that there are, on the calendar of its own plan."""


@act
def replay_make(
    *,
    version_id: UUID,
    by: User,
    at: datetime,
    periods: int | Sequence[str] = USUAL_PERIODS,
    people_of: Sequence[str] = (),
) -> Replay:
    """
    Replay a version on locked periods (named, or the last so many) and keep what came of it.

    `people_of` are codes of plans whose people it is tried on; the version's own plan if none are named.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises NoSuchPlans: if a code is not of a plan on the same calendar.
    :raises NothingToReplay: if no locked period paid these people.
    :raises ReplayInAnotherCurrency: if they were paid in another currency.
    """
    role_check(user=by, roles=REPLAYERS, on=at.date(), act="Replaying a plan")
    version = PlanVersion.objects.select_related("plan__calendar", "plan__account").get(pk=version_id)
    return _kept(version=version, of={"version": version}, by=by, at=at, periods=periods, people_of=people_of)


@act
def draft_replay(
    *,
    draft_id: UUID,
    by: User,
    at: datetime,
    periods: int | Sequence[str] = USUAL_PERIODS,
    people_of: Sequence[str] = (),
) -> Replay:
    """
    Replay a working draft as it stands on locked periods and keep what came of it.

    It is evidence for the version that the draft becomes, where that says the same. The people of a plan that is new
    are named with `people_of`.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises DocumentInvalid: naming every place of the draft that does not hold.
    :raises NoSuchPlans: if a code is not of a plan on the same calendar.
    :raises NothingToReplay: if no locked period paid these people.
    :raises ReplayInAnotherCurrency: if they were paid in another currency.
    """
    role_check(user=by, roles=REPLAYERS, on=at.date(), act="Replaying a plan")
    draft = Draft.objects.select_related("plan__calendar", "calendar", "account").get(pk=draft_id)
    version = draft_as_version(draft=draft)
    return _kept(version=version, of={"draft": draft}, by=by, at=at, periods=periods, people_of=people_of)


def _kept(
    *,
    version: PlanVersion,
    of: Mapping[str, Any],
    by: User,
    at: datetime,
    periods: int | Sequence[str],
    people_of: Sequence[str],
) -> Replay:
    plans = plans_named(version=version, codes=people_of)
    found = plan_replayed(version=version, periods=periods, plans=plans)
    return _written(found, version=version, of={**of, "people_of": plans}, by=by, at=at)


@act
def rep_proof_make(*, version_id: UUID, by: User, at: datetime) -> Replay:
    """
    Replay the commission of regional representatives without a plan's people, and keep by how much each changes.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises NothingToReplay: if no locked period paid a representative commission in the plan's currency.
    """
    role_check(user=by, roles=REPLAYERS, on=at.date(), act="Replaying representatives")
    version = PlanVersion.objects.select_related("plan").get(pk=version_id)
    found = reps_replayed(version=version)
    of = {"version": version, "people_of": sorted(found.plans), "kind": ReplayKind.REPS}
    changes = _changes(found, currency=version.currency)
    return _written(found, version=version, of=of, by=by, at=at, changes=changes)


def _written(
    found: PlanReplayed,
    *,
    version: PlanVersion,
    of: Mapping[str, Any],
    by: User,
    at: datetime,
    changes: Mapping[str, str] | None = None,
) -> Replay:
    sums = _sums(found)
    if changes is not None:
        sums["figures"] = {**sums["figures"], "changes": changes}
    replay = Replay.objects.create(
        **of, version_digest=plan_digest(plan_from_document(version.document)), at=at,
        periods=[run.period.code for run in found.runs], currency=version.currency, created_by=by, **sums,
    )  # fmt: skip
    accounts = dict(StrategicAccount.objects.values_list("node__code", "node__name"))
    ReplayPerson.objects.bulk_create(
        (_row(replay, person_id, person, accounts) for person_id, person in found.people.items()),
        batch_size=BATCH,
    )
    return replay


def _changes(found: PlanReplayed, *, currency: str) -> dict[str, str]:
    """Return by how much the plan changes each representative's commission, by employee id."""
    people = found.people.values()
    changes = rep_changes(
        without_plan={each.employee_id: each.replayed for each in people},
        with_plan={each.employee_id: each.paid for each in people},
        currency=currency,
    )
    return {rep: f"{change.normalize():f}" for rep, change in changes.items()}


def plans_named(*, version: PlanVersion, codes: Sequence[str]) -> list[str]:
    """
    Return the codes of the plans whose people are meant, in order: the version's own if none are named.

    :raises NoSuchPlans: if one is not there.
    """
    chosen = sorted(set(codes)) or [version.plan.code]
    there = Plan.objects.filter(code__in=chosen, calendar_id=version.plan.calendar_id)
    lacking = sorted(set(chosen) - set(there.values_list("code", flat=True)))
    if lacking:
        raise NoSuchPlans(
            "There is no plan %(lacking)s on the calendar %(calendar)s.",
            lacking=", ".join(lacking),
            calendar=version.plan.calendar,
        )
    return chosen


def _sums(found: PlanReplayed) -> dict[str, Any]:
    paid, replayed = sum_amounts((each.paid, each.replayed) for each in found.people.values())
    pools_paid, pools_replayed = sum_amounts((each.paid, each.replayed) for each in found.pools)
    problems = found.problems[:PROBLEMS_KEPT]
    if len(found.problems) > PROBLEMS_KEPT:
        problems.append(Sentence("... and %(more)s more.", more=len(found.problems) - PROBLEMS_KEPT))
    return {
        "people": len(found.people),
        "paid": paid,
        "replayed": replayed,
        "pools_paid": pools_paid,
        "pools_replayed": pools_replayed,
        "figures": {**_figures(found), "said": [sentence_document(each) for each in problems]},
        "problems": [str(each) for each in problems],
        "input_digest": found.input_digest,
        "result_digest": found.result_digest,
    }


def _figures(found: PlanReplayed) -> dict[str, Any]:
    """Return the sums by period, leaf and pool, as strings."""
    codes = [run.period.code for run in found.runs]
    people = found.people.values()
    by_leaf: dict[str, list[Amounts]] = defaultdict(list)
    for person in people:
        for leaf, amounts in person.leaves.items():
            by_leaf[leaf].append(amounts)
    pools = {
        code: [(each.paid, each.replayed) for each in found.pools if each.period == code] for code in codes
    }
    return {
        "periods": {
            code: {
                "people": sum(code in person.periods for person in people),
                "pay": _texts(sum_amounts(each.periods[code] for each in people if code in each.periods)),
                "pools": _texts(sum_amounts(pools[code])),
                "read_anew": code in found.read_anew,
            }
            for code in codes
        },
        "leaves": {leaf: _texts(sum_amounts(amounts)) for leaf, amounts in sorted(by_leaf.items())},
        "pools": [
            {"account": each.account, "name": each.name, "period": each.period,
             "amounts": _texts((each.paid, each.replayed))}
            for each in found.pools
        ],
    }  # fmt: skip


def _texts(amounts: Amounts) -> list[str]:
    return [f"{amount.normalize():f}" for amount in amounts]


def _row(
    replay: Replay, person_id: UUID, person: PersonReplayed, accounts: Mapping[str, str]
) -> ReplayPerson:
    return ReplayPerson(
        replay=replay,
        person_id=person_id,
        account=accounts.get(person.account, person.account)[:160],
        currency=replay.currency,
        target=person.target,
        paid=person.paid,
        replayed=person.replayed,
        difference=person.replayed - person.paid,
        figures={"periods": _pairs(person.periods), "leaves": _pairs(person.leaves)},
    )


def _pairs(amounts: Mapping[str, Amounts]) -> dict[str, list[str]]:
    return {name: _texts(each) for name, each in amounts.items()}


def codes_of(text: str | Iterable[str]) -> list[str]:
    """Return codes from a text of codes with commas, or from several of them."""
    texts = [text] if isinstance(text, str) else list(text)
    return [code.strip() for part in texts for code in part.split(",") if code.strip()]
