"""
The past of a plan's people, as a simulation needs it: their year, what closed periods held, and their pools.

Read once from what locked runs kept, which never changes, and remembered by the process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

from kamcomp.columns import FAST
from payouts.engine.pool_case import nodes_read
from payouts.engine.simulation.frame import PastDraws, account_places, inputs_of_year
from payouts.engine.simulation.kernel import PoolDrawn
from payouts.engine.simulation.merging import results_merged, years_merged
from payouts.engine.simulation.scenario import PastResults
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.replays.past import Past, past_held
from payouts.selectors.replays.pools import PoolThen
from payouts.selectors.replays.sources import NothingToReplay
from plans.engine.inputs import Inputs, Stated
from plans.engine.plan import Plan
from plans.engine.pool_terms import FundingRule
from plans.engine.reading import FINAL
from plans.models import PlanVersion

PERIODS = 4
REMEMBERED = 4
Kind = TypeVar("Kind")


class Memory(Generic[Kind]):
    """The last few things made, by key, of one process."""

    def __init__(self, most: int) -> None:
        self.most, self.lock = most, Lock()
        self.known: OrderedDict[Hashable, Kind] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], Kind]) -> Kind:
        """Return what is known under a key, or make it."""
        with self.lock:
            if key in self.known:
                self.known.move_to_end(key)
                return self.known[key]
        made = make()
        with self.lock:
            self.known[key] = made
            while len(self.known) > self.most:
                self.known.popitem(last=False)
        return made


@dataclass(frozen=True, kw_only=True)
class History:
    """
    The people of a plan in the last closed period as a year of theirs, and what the closed periods held.

    `accounts` has the code of each row's account; `unrated` counts judged objectives taken as met.
    """

    key: Hashable
    frame: Inputs
    accounts: tuple[str, ...]
    past: tuple[PastResults, ...]
    periods: tuple[str, ...]
    periods_a_year: int
    pools: tuple[PoolThen, ...]
    unrated: int = 0


_HISTORIES: Memory[History] = Memory(REMEMBERED)


def history_of(*, version: PlanVersion, plan: Plan, plans: Sequence[str]) -> History:
    """
    Return the past of the people whom `plans` (codes) paid, for what `plan` reads.

    :raises NothingToReplay: if no locked period paid them.
    :raises ReplayInAnotherCurrency: if a period was paid in another currency than the plan's.
    """
    past = past_held(version=version, plan=plan, periods=PERIODS, plans=plans)
    runs = tuple(period.run.pk for period in past.periods)
    key = (runs, tuple(plans), repr(past.reads), plan.currency)
    return _HISTORIES.of(key, lambda: _history(key, past))


def _history(key: Hashable, past: Past) -> History:
    held = tuple(
        results_merged(frames=[(source.inputs.results, source.inputs.size) for source in period.sources])
        for period in past.periods
    )
    newest = past.periods[-1]
    last = [source.inputs for source in newest.sources if source.inputs.size]
    if not last:
        raise NothingToReplay("Nobody was paid in the last locked period.")
    frame = years_merged(frames=[inputs_of_year(inputs=inputs) for inputs in last])
    accounts = tuple(account_of(stint) for stint in frame.stints)
    rated, unrated = _rated(_filled(frame, held, accounts))
    calendar = last[0].calendar
    return History(
        key=key, frame=rated, accounts=accounts, past=held,
        periods=tuple(period.run.period.code for period in past.periods),
        periods_a_year=len(calendar.years[calendar.year].periods), pools=tuple(newest.pools), unrated=unrated,
    )  # fmt: skip


def _filled(frame: Inputs, past: Sequence[PastResults], accounts: Sequence[str]) -> Inputs:
    """Return a frame in which what the last period has no result of is what the last one before it had."""
    codes = sorted(set(accounts))
    places = account_places(
        frame=frame, account_of=[codes.index(code) for code in accounts], keys=frame.results
    )
    last_first = list(past[::-1])
    draws = PastDraws(
        count=1,
        picks=np.zeros((1, len(codes)), dtype=np.int64),
        account_of=places,
        periods={key: [_in_floats(period).get(key) for period in last_first] for key in frame.results},
    )
    results = {
        key: draws.results(key=key, base=base, since=0, until=1) for key, base in frame.results.items()
    }
    return replace(
        frame, results={key: replace(each, index=frame.results[key].index) for key, each in results.items()}
    )


def _in_floats(results: PastResults) -> Mapping[Any, Any]:
    return FAST.of(dict(results))


def _rated(frame: Inputs) -> tuple[Inputs, int]:
    """Return a frame in which who has no rating yet stands as having met the objective, and how many those are."""
    ratings, count = {}, 0
    for key, stated in frame.ratings.items():
        gone = stated.state != FINAL
        count += int(gone.sum())
        value = np.where(gone, 1.0, stated.value.astype(np.float64))
        ratings[key] = Stated(value=value, state=np.zeros(len(value), dtype=np.int8))
    return replace(frame, ratings=ratings), count


def pools_drawn(*, plan: Plan, history: History, accounts: Sequence[str]) -> list[PoolDrawn]:
    """Return the pools of a year under a plan's rule, for the members as they were last; `accounts` are of the rows."""
    if plan.pool is None:
        return []
    found, times = [], history.periods_a_year
    funding = plan.pool.funding
    for pool in history.pools:
        account = pool.pool.account.node.code
        if account not in accounts:
            continue
        target = sum(float(member.target) for member in pool.case.members if member.eligible) * times
        if funding.rule is FundingRule.TARGETS_TIMES_RESULT:
            shares, fixed = dict.fromkeys(nodes_read(terms=plan.pool), 1.0), 0.0
        elif funding.rule is FundingRule.BUCKETS:
            shares, fixed = {each.node: float(each.share) for each in funding.buckets}, 0.0
        elif funding.rule is FundingRule.FIXED:
            shares, fixed = {}, float(funding.amount or 0) * times
        else:
            shares, fixed = {}, float((pool.pool.funded or 0) - pool.pool.correction) * times
        found.append(PoolDrawn(row=accounts.index(account), target=target, shares=shares, fixed=fixed))
    return found
