"""
The year that is drawn: people as they stand, for one whole year that is one period, and its results by draw.

A measure ends the year at one drawn result, whatever window a goal reads it over; everybody is there all year, with
the pay they had last; nothing was posted before. Pure.
Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

import numpy as np

from kamcomp.columns import FAST, Column
from payouts.engine.simulation.draws import Floats, Places
from plans.engine.conventions import Spread
from plans.engine.inputs import (
    Balances,
    Calendar,
    Inputs,
    Ints,
    Period,
    ResultKey,
    Results,
    Stated,
    Year,
)
from plans.engine.plan import Branch, Incentive, Node, Plan
from plans.engine.reading import FINAL, MISSING
from scorecards.engine.attainment import AttainmentRule

YEAR = date(2001, 1, 1), date(2002, 1, 1)
"""Any year will do: whoever is there all of it is paid all of the year's target incentive."""


def plan_of_year(*, plan: Plan) -> Plan:
    """Return a plan for one whole year: what is owed over several is owed for it, with its part of the target."""
    spread = replace(plan.target_incentive, spread=Spread.EVEN, weights=())
    return replace(plan, incentive=_of_year(plan.incentive), target_incentive=spread)


def _of_year(node: Any) -> Any:
    if isinstance(node, Incentive | Branch):
        return replace(node, years=1, children=tuple(_of_year(child) for child in node.children))
    return replace(node, years=1)


def inputs_of_year(*, inputs: Inputs) -> Inputs:
    """Return a period's inputs as those of one whole year, in float64: the last known pay, nothing brought."""
    fast = FAST.of(inputs)
    since, until = (day.toordinal() for day in YEAR)
    last = _last_spans(fast)
    spans = replace(
        fast.spans,
        row=fast.spans.row[last], since=np.full(len(last), since), until=np.full(len(last), until),
        target_incentive=fast.spans.target_incentive[last], base_salary=fast.spans.base_salary[last],
        fte=fast.spans.fte[last], dedication=fast.spans.dedication[last], on_leave=np.zeros(len(last), dtype=bool),
    )  # fmt: skip
    nothing = np.zeros(len(fast.payees))
    return replace(
        fast,
        calendar=Calendar(years=(Year("year", (Period("year", *YEAR),)),), year=0, period=0),
        spans=spans,
        balances=Balances(
            posted=nothing, carried=nothing, excess=nothing, bank=nothing, draw=nothing, recoverable=nothing
        ),
    )


def _last_spans(inputs: Inputs) -> Ints:
    """Return the place of the last span of each row, in the order of the rows."""
    spans = inputs.spans
    order = np.lexsort((spans.since, spans.row))
    last = (
        np.append(spans.row[order][1:] != spans.row[order][:-1], True) if len(order) else order.astype(bool)
    )
    return np.asarray(order[last], dtype=np.int64)


class Draws(Protocol):
    """Results by draw: what is known of a key for some draws, subject by subject."""

    @property
    def count(self) -> int:
        """Return how many draws there are."""
        ...

    def results(self, *, key: ResultKey, base: Results, since: int, until: int) -> Results:
        """Return results of draws x subjects, draw by draw; its index is that of one draw."""
        ...


@dataclass(frozen=True, kw_only=True)
class PastDraws:
    """Past periods repeated: which one each account repeats in each draw, and what the periods held."""

    count: int
    picks: Places
    account_of: Mapping[ResultKey, Places]
    periods: Mapping[ResultKey, Sequence[Results | None]]

    def results(self, *, key: ResultKey, base: Results, since: int, until: int) -> Results:
        """Return what the drawn periods held; where one held nothing, the next that did, round and round."""
        past = self.periods.get(key, ())
        if not any(past) or not len(base.subjects):
            return _repeated(base, until - since)
        lined = [_lined_up(each, base) for each in past]
        picked = self.picks[since:until][:, self.account_of[key]]
        return _gathered(lined, _present(lined)[picked, np.arange(len(base.subjects))])


def _lined_up(results: Results | None, base: Results) -> Results:
    """Return a period's results of the subjects of `base`, in their order; missing where it has none."""
    if results is None or not len(results.subjects):
        return replace(base, state=np.full(len(base.state), MISSING, dtype=np.int8))
    if results.subjects == base.subjects:
        return results
    place = {subject: at for at, subject in enumerate(results.subjects)}
    at = np.array([place.get(subject, -1) for subject in base.subjects], dtype=np.int64)
    state = np.where(at < 0, MISSING, results.state[at]).astype(np.int8)
    return replace(
        base,
        numerator=results.numerator[at],
        denominator=None if results.denominator is None else results.denominator[at],
        state=state,
        target=None
        if results.target is None
        else Stated(value=results.target.value[at], state=results.target.state[at]),
    )


def _present(past: Sequence[Results]) -> Ints:
    """Return for each period and subject the period itself, or the next one in which the subject has a result."""
    states = np.array([each.state for each in past])
    count, subjects = states.shape
    here = states == FINAL
    found = np.tile(np.arange(count)[:, None], (1, subjects))
    for step in range(1, count):
        later = (np.arange(count) + step) % count
        lacks = ~here[found, np.arange(subjects)]
        found = np.where(lacks, later[:, None], found)
    return found


def _gathered(past: Sequence[Results], chosen: Ints) -> Results:
    subjects = np.arange(chosen.shape[1])

    def taken(columns: Sequence[Column]) -> Column:
        return np.asarray(columns)[chosen, subjects].reshape(-1)

    ratio = any(each.denominator is not None for each in past)
    one = np.ones(chosen.shape[1])
    targets = [each.target or Stated(value=one, state=_none(one)) for each in past]
    return Results(
        subjects=past[0].subjects,
        index=past[0].index,
        numerator=taken([each.numerator for each in past]),
        denominator=taken([one if each.denominator is None else each.denominator for each in past])
        if ratio
        else None,
        state=taken([each.state for each in past]),
        target=Stated(
            value=taken([each.value for each in targets]), state=taken([each.state for each in targets])
        ),
    )


def _none(like: Column) -> Any:
    return np.full(len(like), MISSING, dtype=np.int8)


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How a key is drawn from a distribution: the readings (draws x subjects), and what is read."""

    readings: Floats
    rule: AttainmentRule | None


@dataclass(frozen=True, kw_only=True)
class StatedDraws:
    """Results drawn from stated distributions, by key; what has none stays as it is."""

    count: int
    stands: Mapping[ResultKey, Stands]

    def results(self, *, key: ResultKey, base: Results, since: int, until: int) -> Results:
        """Return the drawn results of a key."""
        stand = self.stands.get(key)
        if stand is None:
            return _repeated(base, until - since)
        return results_at(base=base, readings=stand.readings[since:until], rule=stand.rule)


def results_at(*, base: Results, readings: Floats, rule: AttainmentRule | None) -> Results:
    """
    Return results that read as wanted: as attainments of the targets by a rule, or as raw values where it is None.

    Shape: `readings` are draws x subjects. A subject without a target that the rule reads is held against 1.
    """
    times = len(readings)
    state = np.full(readings.size, FINAL, dtype=np.int8)
    if base.target is None:
        goals = np.ones(len(base.state))
    else:
        goals = np.where(base.target.state == FINAL, base.target.value, 1.0).astype(np.float64)
    least = 0.0 if rule is not AttainmentRule.DISTANCE else -np.inf
    goals = np.where((goals > least) & (goals != 0), goals, 1.0)
    if rule is None:
        actual = readings
    elif rule is AttainmentRule.LOWER_IS_BETTER:
        actual = goals / np.maximum(readings, 1e-9)
    elif rule is AttainmentRule.DISTANCE:
        actual = goals + (readings - 1.0) * np.abs(goals)
    else:
        actual = readings * goals
    return Results(
        subjects=base.subjects,
        index=base.index,
        numerator=np.ascontiguousarray(actual).reshape(-1),
        state=state,
        target=Stated(value=np.tile(goals, times), state=state),
    )


def _repeated(base: Results, times: int) -> Results:
    def tiled(column: Column) -> Column:
        return np.tile(column, times)

    return Results(
        subjects=base.subjects,
        index=base.index,
        numerator=tiled(base.numerator),
        denominator=None if base.denominator is None else tiled(base.denominator),
        state=tiled(base.state),
        target=None
        if base.target is None
        else Stated(value=tiled(base.target.value), state=tiled(base.target.state)),
    )


class DrawnResults(Mapping[ResultKey, Results]):
    """The results of some draws, made when they are read: draw after draw, each with all subjects and rows."""

    def __init__(self, *, frame: Inputs, draws: Draws, since: int, until: int) -> None:
        self.frame, self.draws, self.since, self.until = frame, draws, since, until

    def __getitem__(self, key: ResultKey) -> Results:
        base = self.frame.results[key]
        found = self.draws.results(key=key, base=base, since=self.since, until=self.until)
        return replace(found, index=repeated_index(base.index, len(base.subjects), self.until - self.since))

    def __iter__(self) -> Iterator[ResultKey]:
        return iter(self.frame.results)

    def __len__(self) -> int:
        return len(self.frame.results)


def repeated_index(index: Ints, size: int, times: int) -> Ints:
    """Return an index into one draw as an index into so many draws laid end to end; -1 stays."""
    first = np.repeat(np.arange(times, dtype=np.int64) * size, len(index))
    whole = np.tile(index, times)
    return np.where(whole < 0, -1, whole + first)


def account_places(
    *, frame: Inputs, account_of: Sequence[int], keys: Iterable[ResultKey]
) -> dict[ResultKey, Places]:
    """Return for each key the account (by number) of each subject: that of the first row that reads it."""
    found: dict[ResultKey, Places] = {}
    accounts = np.asarray(account_of, dtype=np.int64)
    for key in keys:
        results = frame.results[key]
        places = np.zeros(len(results.subjects), dtype=np.int64)
        rows = np.flatnonzero(results.index >= 0)[::-1]
        places[results.index[rows]] = accounts[rows]
        found[key] = places
    return found


def nodes_of(node: Incentive | Node) -> Iterator[Node]:
    """Yield every node below one, in order."""
    for child in getattr(node, "children", ()):
        yield child
        yield from nodes_of(child)
