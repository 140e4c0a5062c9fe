"""What a plan reads: its metrics by window and level, its ratings, its milestones, its credits. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from payouts.engine.crediting import MANAGERS
from plans.engine.conventions import (
    Accumulation,
    AttainmentRule,
    CreditBase,
    CreditType,
    EarningEvent,
    Policy,
    Reads,
    Scaling,
    TargetSource,
    Window,
)
from plans.engine.document import plan_from_document
from plans.engine.inputs import ResultKey
from plans.engine.plan import Commission, Milestone, NodeCommon, Objectives, Plan, Reading
from plans.engine.reading import WINDOW_OF, result_key
from scorecards.engine.windows import Rolling


@dataclass(frozen=True)
class KeyRead:
    """
    How a result is read: whether its stored target is needed, and whether the last reading may be carried.

    `rule` is how those that read it attain it; None if they read the raw value. `years` are
    those of the nodes that read it, where they measure over several.
    """

    key: ResultKey
    needs_target: bool
    carries: bool
    rule: AttainmentRule | None
    years: frozenset[int]


@dataclass(frozen=True)
class PlanReads:
    """
    Everything a plan reads, gathered once a plan version.

    `ratings` are (leaf, item) codes, `milestones` are leaf code and objective code;
    `credit_windows` are the windows over which commissions count credits, `manager_credits`
    the kinds of credits they read that people's sales give their managers, `credit_bases` the
    amounts of a deal they count, `events` those they are earned on; `windows` are read
    over, and `rolling` ones too, `owed` are owed for. `counts_periods`: a draw or guarantee counts the periods of an
    assignment from its first.
    """

    keys: tuple[KeyRead, ...]
    ratings: tuple[tuple[str, str], ...]
    milestones: tuple[tuple[str, str], ...]
    credit_windows: frozenset[Window]
    manager_credits: frozenset[CreditType]
    credit_bases: frozenset[CreditBase]
    events: frozenset[EarningEvent]
    windows: frozenset[Window]
    rolling: frozenset[Rolling]
    owed: frozenset[Window]
    years: int
    needs_package: bool
    needs_dedication: bool
    counts_periods: bool


def plan_of(document: Any) -> Plan:
    """Return the plan a stored document describes; one that was read before is not read again."""
    return _plan(json.dumps(document, sort_keys=True))


@lru_cache(maxsize=64)
def _plan(document: str) -> Plan:
    return plan_from_document(json.loads(document))


@lru_cache(maxsize=64)
def plan_reads(plan: Plan) -> PlanReads:
    """Return what a plan reads."""
    found: dict[ResultKey, list[tuple[Reading, int]]] = {}
    windows: set[Window] = {Window.PERIOD}
    owed: set[Window] = {Window.PERIOD}
    years = 1
    for holder, window in _holders(plan.incentive, Window.PERIOD):
        windows.add(window)
        owed.add(window)
        years = max(years, getattr(holder, "years", 1))
        for reading in _readings(holder):
            key = result_key(reading, window=window)
            if key.rolling is None:
                windows.add(Window(key.window))
            found.setdefault(key, []).append((reading, getattr(holder, "years", 1)))
    for leaf in plan.commissions:
        window = WINDOW_OF[leaf.accumulation]
        windows.add(window)
        owed.add(window)
        years = max(years, leaf.years)
        for reading in _readings(leaf):
            key = result_key(reading, window=window)
            if key.rolling is None:
                windows.add(Window(key.window))
            found.setdefault(key, []).append((reading, leaf.years))
    leaves = [holder for holder, _window in _holders(plan.incentive, Window.PERIOD)]
    weighted = bool(plan.incentive.children)
    by_target = any(
        isinstance(leaf, Commission) and leaf.basis != "credited_value" for leaf in plan.commissions
    )
    return PlanReads(
        keys=tuple(_key_read(key, readings) for key, readings in sorted(found.items())),
        ratings=tuple(
            (leaf.code, item.code) for leaf in leaves if isinstance(leaf, Objectives) for item in leaf.items
        ),
        milestones=tuple(
            (leaf.code, leaf.objective or leaf.code) for leaf in leaves if isinstance(leaf, Milestone)
        ),
        credit_windows=frozenset(
            WINDOW_OF[leaf.accumulation] for leaf in plan.commissions if isinstance(leaf, Commission)
        ),
        manager_credits=frozenset(
            kind
            for leaf in plan.commissions
            if isinstance(leaf, Commission)
            for kind in leaf.credit_types
            if kind in MANAGERS
        ),
        credit_bases=frozenset(leaf.base for leaf in plan.commissions if isinstance(leaf, Commission)),
        events=frozenset(
            part.event for leaf in plan.commissions if isinstance(leaf, Commission) for part in leaf.earned_on
        ),
        windows=frozenset(windows),
        rolling=frozenset(key.rolling for key in found if key.rolling is not None),
        owed=frozenset(owed),
        years=years,
        needs_package=weighted or by_target or plan.target_incentive.source is TargetSource.SHARE_OF_BASE,
        needs_dedication=plan.proration.dedication is Scaling.PRORATE,
        counts_periods=plan.payment.draw is not None or plan.payment.guarantee is not None,
    )


def _holders(node: Any, window: Window) -> Iterator[tuple[Any, Window]]:
    """Yield every node of the tree, the root included, with the window it measures over."""
    yield node, WINDOW_OF[node.accumulation]
    for child in getattr(node, "children", ()):
        yield from _holders(child, window)


def _readings(holder: Any) -> Iterator[Reading]:
    if isinstance(holder, Reading):
        yield holder
    for field in dataclasses.fields(holder):
        if field.name == "children":
            continue
        value = getattr(holder, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Reading):
                yield item


def _key_read(key: ResultKey, found: list[tuple[Reading, int]]) -> KeyRead:
    readings = [reading for reading, _years in found]
    attained = [reading for reading in readings if reading.reads is Reads.ATTAINMENT]
    return KeyRead(
        key=key,
        needs_target=any(reading.target is None for reading in attained),
        rule=attained[0].attainment.rule if attained else None,
        carries=any(Policy.CARRY in (reading.missing, reading.zero_target) for reading in readings),
        years=frozenset(years for _reading, years in found),
    )


def accumulates(plan: Plan) -> bool:
    """Tell whether anything of a plan is due to date, so that each run settles what was posted of its year."""
    return any(node.accumulation is Accumulation.YEAR_TO_DATE for node in _nodes(plan))


def counts_alone(plan: Plan, *, leaf: str) -> bool:
    """Tell whether a leaf counts a period alone while others of the plan are due to date."""
    own = [node for node in _nodes(plan) if getattr(node, "code", None) == leaf]  # the root has no code
    return accumulates(plan) and any(node.accumulation is not Accumulation.YEAR_TO_DATE for node in own)


def _nodes(plan: Plan) -> list[NodeCommon]:
    return [*(node for node, _window in _holders(plan.incentive, Window.PERIOD)), *plan.commissions]
