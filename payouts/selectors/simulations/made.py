"""
A simulation made: figures of a plan in drawn years, beside those of the document as it stands.

Draws of a scenario are remembered by the process, so that moving a point of a curve costs only what hangs on it.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from kamcomp.refusal import Refusal
from payouts.engine.simulation.draws import Distribution, Shape
from payouts.engine.simulation.figures import (
    CostFigures,
    blocked_payees,
    cost_figures,
    level_costs,
    readings_of,
    rule_of,
)
from payouts.engine.simulation.frame import plan_of_year
from payouts.engine.simulation.kernel import Drawn, PoolDrawn, Simulation
from payouts.engine.simulation.merging import expected, people_left, people_stated
from payouts.engine.simulation.scenario import (
    PastResults,
    Scenario,
    Source,
    Usual,
    scenario_draws,
    usual_readings,
)
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.replays import NothingToReplay
from payouts.selectors.simulations.asked import FEWEST_DRAWS, MOST_ROWS, Asked, Subject
from payouts.selectors.simulations.history import History, Memory, history_of, pools_drawn
from payouts.selectors.simulations.moves import moved
from plans.engine.document import plan_digest, plan_from_document
from plans.engine.inputs import Inputs
from plans.engine.plan import Plan

HELD = 3


class NobodyToSimulate(Refusal):
    """Nobody of the plan can be paid on what is known, so there is nothing to draw."""


@dataclass(frozen=True, kw_only=True)
class MeasureAsked:
    """A metric that the plan reads: whether as an attainment, and how it ended in the past."""

    metric: str
    of_target: bool
    usual: Usual

    @property
    def distribution(self) -> Distribution:
        """Return how it is spread where nobody says otherwise: as in the past, or a tenth around what is expected."""
        return Distribution(
            shape=Shape.NORMAL if self.of_target or self.usual.count else Shape.FIXED,
            centre=self.usual.mean,
            spread=self.usual.spread or abs(self.usual.mean) / 10,
        )


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """
    Figures of a plan in drawn years; `stands` are those of the document as it stands, where points were moved.

    `left_out` says who is in no figure, and why.
    """

    cost: CostFigures
    drawn: Drawn
    stands: CostFigures | None
    scenario: Scenario
    plan: Plan
    people: int
    target: float
    left_out: Mapping[str, str]
    digest: str


@dataclass
class _Held:
    """Draws of a scenario with what was found of documents on them."""

    simulation: Simulation
    frame: Inputs
    lock: Lock = field(default_factory=Lock)
    found: dict[str, tuple[Drawn, Mapping[float, float]]] = field(default_factory=dict)


_DRAWS: Memory[_Held] = Memory(HELD)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a simulation stands on: the plan as it stands, over a year, and the past of its people if they have one."""

    subject: Subject
    plan: Plan
    year: Plan
    history: History | None
    measures: Sequence[MeasureAsked]

    @property
    def past(self) -> Sequence[PastResults]:
        """Return what closed periods held, oldest first."""
        return self.history.past if self.history else ()


def ground_of(*, subject: Subject) -> Ground:
    """
    Return what a simulation of a draft or version stands on.

    :raises DocumentInvalid: if the document breaks a law of the language.
    :raises NobodyToSimulate: if the plan has no goals: commissions stay as they ended last.
    :raises ReplayInAnotherCurrency: if the past was paid in another currency.
    """
    plan = plan_from_document(subject.document)
    if not plan.incentive.children:
        raise NobodyToSimulate("This plan has no goals whose results could be drawn.")
    year = plan_of_year(plan=plan)
    try:
        history = history_of(version=subject.version, plan=plan, plans=[subject.plan_code])
    except NothingToReplay:  # a first plan is asked for scenarios
        history = None
    usual = usual_readings(plan=year, past=history.past) if history else {}
    return Ground(subject=subject, plan=plan, year=year, history=history, measures=_measures(year, usual))


def asked_usually(
    *,
    ground: Ground,
    draws: int = 1_000,
    seed: int = 1,
    budget: float | None = None,
    people: int = 10,
    target: float = 20_000.0,
    accounts: int = 5,
) -> Asked:
    """Return what is asked where nobody says otherwise: the past of its people again, or stated spreads without one."""
    spreads = (
        {} if ground.history else {one.metric: one.distribution for one in ground.measures if one.metric}
    )
    source = Source.PAST if ground.history else Source.STATED
    return Asked(
        scenario=Scenario(source=source, draws=draws, seed=seed, distributions=spreads),
        budget=budget, people=people, target=target, accounts=min(accounts, people),
    )  # fmt: skip


def simulated(*, ground: Ground, asked: Asked) -> Simulated:
    """
    Return what a plan comes to in the scenario asked for.

    :raises DocumentInvalid: if the document with the moved points breaks a law of the language.
    :raises NobodyToSimulate: if nobody of the plan can be paid.
    :raises DistributionUnsound: if a distribution cannot be.
    :raises CorrelationImpossible: if no draws can have the correlations asked for.
    """
    changed = ground.plan
    if asked.moves:
        changed = plan_from_document(moved(document=ground.subject.document, moves=asked.moves))
    year, history = ground.year, ground.history
    frame = _people(year, history, asked)
    gone = blocked_payees(plan=year, frame=frame)
    frame = people_left(frame=frame, gone=gone)
    if not frame.size:
        raise NobodyToSimulate(
            "Nobody of this plan can be paid on what is known: %(reason)s",
            reason=next(iter(gone.values()), "nobody is on it."),
        )
    accounts = tuple(account_of(stint) for stint in frame.stints)
    scenario = _fitting(asked.scenario, frame, history)
    held = _held(ground, asked, scenario, frame, accounts)
    with held.lock:
        cost, drawn = _figures(held, changed, _pools(changed, history, accounts), asked.budget)
        stands = None
        if asked.moves:
            stands, _as_it_is = _figures(
                held, ground.plan, _pools(ground.plan, history, accounts), asked.budget
            )
    return Simulated(
        cost=cost, drawn=drawn, stands=stands, scenario=scenario, plan=changed, people=len(frame.payees),
        target=_target(held), left_out=gone, digest=plan_digest(changed),
    )  # fmt: skip


def _held(ground: Ground, asked: Asked, scenario: Scenario, frame: Inputs, accounts: Sequence[str]) -> _Held:
    """Return the draws of a scenario, remembered or drawn anew."""
    people: Hashable = ground.history.key if ground.history else (asked.people, asked.target, asked.accounts)
    reads = repr(sorted(map(str, readings_of(plan=ground.year))))
    key = (
        people,
        frame.payees,
        reads,
        repr((ground.year.proration, ground.year.target_incentive)),
        _key(scenario),
    )

    def anew() -> _Held:
        draws = scenario_draws(
            scenario=scenario, plan=ground.year, frame=frame, accounts=accounts, past=ground.past
        )
        return _Held(simulation=Simulation(plan=ground.year, frame=frame, draws=draws), frame=frame)

    return _DRAWS.of(key, anew)


def _people(plan: Plan, history: History | None, asked: Asked) -> Inputs:
    if history is not None:
        return history.frame
    return people_stated(plan=plan, people=asked.people, target=asked.target, accounts=asked.accounts)


def _pools(plan: Plan, history: History | None, accounts: Sequence[str]) -> list[PoolDrawn]:
    if history is None:
        return []
    return pools_drawn(plan=plan, history=history, accounts=accounts)


def _fitting(scenario: Scenario, frame: Inputs, history: History | None) -> Scenario:
    """Return the scenario that can be drawn: stated without a past, of no more draws than are held at once."""
    draws = max(min(scenario.draws, MOST_ROWS // frame.size), FEWEST_DRAWS)
    source = scenario.source if history else Source.STATED
    return replace(scenario, draws=draws, source=source)


def _key(scenario: Scenario) -> Hashable:
    return (
        scenario.source, scenario.draws, scenario.seed, scenario.together,
        tuple(sorted(scenario.distributions.items(), key=lambda item: item[0])),
        tuple(sorted(scenario.correlations.items())),
    )  # fmt: skip


def _figures(
    held: _Held, plan: Plan, pools: Sequence[PoolDrawn], budget: float | None
) -> tuple[CostFigures, Drawn]:
    digest = plan_digest(plan)
    if digest not in held.found:
        year = plan_of_year(plan=plan)
        held.simulation.pools = pools
        drawn = held.simulation.drawn(plan=year, workers=min(os.cpu_count() or 1, 4))
        while len(held.found) >= 8:
            held.found.pop(next(iter(held.found)))
        held.found[digest] = drawn, level_costs(plan=year, frame=held.frame, pools=pools)
    drawn, levels = held.found[digest]
    return cost_figures(drawn=drawn, levels=levels, budget=budget), drawn


def _target(held: _Held) -> float:
    """Return the target incentive of everybody in the year."""
    incentives: Any = held.simulation.once.incentives
    return float(next(iter(incentives.values())).target.sum()) if incentives else 0.0


def _measures(plan: Plan, usual: Mapping[str, Usual]) -> list[MeasureAsked]:
    found: dict[str, MeasureAsked] = {}
    for key, reading in readings_of(plan=plan).items():
        centre = expected(reading=reading)
        known = usual.get(key.metric) or Usual(mean=centre, spread=abs(centre) / 10, count=0)
        found.setdefault(
            key.metric,
            MeasureAsked(metric=key.metric, of_target=rule_of(reading) is not None, usual=known),
        )
    return list(found.values())
