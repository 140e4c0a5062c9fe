"""
What a setting would change if it were set: tried out on the open runs inside a transaction that is always taken back.

Nothing is estimated. The setting is put, the rules that read it are asked once before and once after, and what differs
is counted; then all of it is undone. Locked periods are never asked, because nothing of them would change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from kamcomp.identity.models import User
from kamcomp.policy.selectors import policy_value
from kamcomp.policy.services import setting_put
from kamcomp.records import recording_moment
from payouts.choices import PoolStatus, RunStatus
from payouts.models import Pool, Run
from payouts.selectors.ceilings import EXCESS_SETTING, ceiling_effects
from payouts.selectors.disputes import ANSWER_DAYS
from payouts.selectors.disputes import WINDOW_DAYS as DISPUTE_DAYS
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING
from scorecards.models import Result
from scorecards.services.results import results_compute
from teams.models import AccountNode

ENDED = [RunStatus.LOCKED, RunStatus.SUPERSEDED]
DECIDED = [PoolStatus.PLANNED, PoolStatus.APPROVED]
MOST_PEOPLE = 2_000


@dataclass
class RunEffect:
    """What a setting would change about one open run."""

    run: Run
    review_before: date | None = None
    review_after: date | None = None
    people: int = 0
    results: int = 0
    pools: list[Pool] = field(default_factory=list)
    too_large: bool = False

    @property
    def changes(self) -> bool:
        """Tell whether anything would be different."""
        moved = self.review_before != self.review_after
        return bool(moved or self.people or self.results)


@dataclass(frozen=True)
class PolicyEffect:
    """What a setting would change, by open run; runs that stay the same are in `runs` too."""

    runs: list[RunEffect]

    @property
    def changed(self) -> list[RunEffect]:
        """Return the runs that something would change about."""
        return [one for one in self.runs if one.changes]

    @property
    def pools(self) -> int:
        """Return how many pools that are not approved rest on a result that would change."""
        return sum(len(one.pools) for one in self.runs)

    @property
    def untried(self) -> list[RunEffect]:
        """Return the runs that are too large to be tried while somebody waits."""
        return [one for one in self.runs if one.too_large]


def policy_effect(*, key: str, value: Any, since: date, by: User, at: datetime) -> PolicyEffect:
    """
    Return what a setting would change about the runs that are not locked, and leave everything as it is.

    :raises RoleMissing, SettingNotLater: as putting the setting does.
    """
    open_runs = Run.objects.filter(is_current=True).exclude(status__in=ENDED).select_related("period")
    effects = [RunEffect(run) for run in open_runs.order_by("period__days")]
    ask = _QUESTIONS.get(key, _results)
    with transaction.atomic():
        before = [ask(effect, since, at) for effect in effects]
        setting_put(key=key, value=value, since=since, reason="tried out", by=by, at=at)
        for effect, known in zip(effects, before, strict=True):
            _compare(effect, known, ask(effect, since, at))
        transaction.set_rollback(True)
    return PolicyEffect(effects)


def _review(effect: RunEffect, since: date, at: datetime) -> dict[Any, Any]:
    """Ask until when a run's accounts are reviewed; once it is reviewed, the window does not matter."""
    if effect.run.status not in (RunStatus.CALCULATED, RunStatus.QUEUED, RunStatus.CALCULATING):
        return {}
    days = policy_value(key=WINDOW_SETTING, on=max(since, at.date()), default=WINDOW_DAYS)
    return {"review": effect.run.period.cut_off_on + timedelta(days=int(days))}


def _ceilings(effect: RunEffect, _since: date, _at: datetime) -> dict[Any, Any]:
    """Ask what personal ceilings do to each person of a run."""
    return {("person", one.person_id): one.amount for one in ceiling_effects(run=effect.run)}


def _results(effect: RunEffect, _since: date, _at: datetime) -> dict[Any, Any]:
    """Ask what every computed result of a run's period is, with the facts known now."""
    if effect.run.people > MOST_PEOPLE:
        effect.too_large = True
        return {}
    results_compute(period=effect.run.period, by=None, at=recording_moment())
    rows = Result.objects.current().filter(period_id=effect.run.period_id)
    keys = ("metric_id", "window", "node_id", "person_id", "segment_id")
    return {
        ("result", *row[:5]): row[5:] for row in rows.values_list(*keys, "value", "numerator", "denominator")
    }


def _nothing(_effect: RunEffect, _since: date, _at: datetime) -> dict[Any, Any]:
    """Ask nothing: no run reads it."""
    return {}


_QUESTIONS: dict[str, Callable[[RunEffect, date, datetime], dict[Any, Any]]] = {
    ANSWER_DAYS: _nothing,
    DISPUTE_DAYS: _nothing,
    WINDOW_SETTING: _review,
    EXCESS_SETTING: _ceilings,
}


def _compare(effect: RunEffect, before: dict[Any, Any], after: dict[Any, Any]) -> None:
    """Count what differs, by what it is."""
    effect.review_before, effect.review_after = before.get("review"), after.get("review")
    different = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {
        "review"
    }
    effect.people = sum(key[0] == "person" for key in different)
    results = [key for key in different if key[0] == "result"]
    effect.results = len(results)
    if results:
        roots = _roots({key[3] for key in results if key[3] is not None})
        pools = Pool.objects.filter(period_id=effect.run.period_id, account__node__in=roots)
        waiting = pools.exclude(status__in=DECIDED).select_related("account__node")
        effect.pools = list(waiting.order_by("account__node__name"))


def _roots(nodes: set[Any]) -> set[Any]:
    above = dict(AccountNode.objects.exclude(parent=None).values_list("pk", "parent_id"))
    found = set()
    for node in nodes:
        while node in above:
            node = above[node]
        found.add(node)
    return found
