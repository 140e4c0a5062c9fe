"""
A scenario: what is drawn how, kept with its seed, and turned into draws of a frame.

Rule: docs/reference/formulas.md, "Simulation". Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from kamcomp.columns import FAST
from payouts.engine.simulation.draws import (
    Cast,
    Distribution,
    Normals,
    correlation_of,
    drawn,
    normals,
    periods_drawn,
)
from payouts.engine.simulation.figures import readings_of, rule_of
from payouts.engine.simulation.frame import Draws, PastDraws, Stands, StatedDraws, account_places
from plans.engine.inputs import Inputs, ResultKey, Results
from plans.engine.plan import Plan, Reading
from plans.engine.reading import FINAL
from scorecards.engine.attainment import AttainmentRule, attainment, readable

PastResults = Mapping[ResultKey, Results]


class Source(StrEnum):
    """Where the draws come from."""

    PAST = "past"
    STATED = "stated"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is drawn: how often, from which seed, from the past or from distributions by metric."""

    source: Source = Source.PAST
    draws: int = 1_000
    seed: int = 1
    together: float = 0.0
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Usual:
    """How a metric ended in the past, as it is read: mean, standard deviation, and of how many results."""

    mean: float
    spread: float
    count: int


def scenario_draws(
    *, scenario: Scenario, plan: Plan, frame: Inputs, accounts: Sequence[str], past: Sequence[PastResults]
) -> Draws:
    """
    Return the draws of a scenario for a frame whose rows are of these accounts.

    `past` are the results of closed periods, oldest first; only draws from the past need them.

    :raises DistributionUnsound: if a distribution cannot be.
    :raises CorrelationImpossible: if no draws can have the correlations asked for.
    """
    codes = sorted(set(accounts))
    account_of = np.array([codes.index(code) for code in accounts], dtype=np.int64)
    places = account_places(frame=frame, account_of=account_of.tolist(), keys=frame.results)
    if scenario.source is Source.PAST:
        fast = [FAST.of(dict(each)) for each in past]
        return PastDraws(
            count=scenario.draws,
            picks=periods_drawn(
                seed=scenario.seed,
                draws=scenario.draws,
                accounts=len(codes),
                periods=max(len(past), 1),
                together=scenario.together,
            ),
            account_of=places,
            periods={key: [each.get(key) for each in fast] for key in frame.results},
        )
    readings = {key: one for key, one in readings_of(plan=plan).items() if key in frame.results}
    asked = {key: one for key, one in readings.items() if _is_drawn(one, scenario)}
    names = sorted({key.metric for key in asked})
    own = [name for name in names if any(key.metric == name and key.level == "individual" for key in asked)]
    cast = Cast(accounts=len(codes), account_of=account_of, own=tuple(names.index(name) for name in own))
    made = normals(
        seed=scenario.seed, draws=scenario.draws, cast=cast, names=names, together=scenario.together,
        correlation=correlation_of(pairs=scenario.correlations, names=names),
    )  # fmt: skip
    stands = {
        key: _stands(key, one, scenario, frame.results[key], made, names, own, places[key])
        for key, one in asked.items()
    }
    return StatedDraws(count=scenario.draws, stands=stands)


def _is_drawn(reading: Reading, scenario: Scenario) -> bool:
    """Tell whether a measure is drawn: attainments always, raw values where a distribution is stated."""
    return rule_of(reading) is not None or reading.metric in scenario.distributions


def _stands(
    key: ResultKey, reading: Reading, scenario: Scenario, base: Results, made: Normals, names: Sequence[str],
    own: Sequence[str], places: np.typing.NDArray[np.int64],
) -> Stands:  # fmt: skip
    distribution = scenario.distributions.get(key.metric, Distribution()).checked(name=key.metric)
    if key.level == "individual":
        rows = np.zeros(len(base.subjects), dtype=np.int64)
        here = np.flatnonzero(base.index >= 0)[::-1]
        rows[base.index[here]] = here
        normal = made.people[:, rows, own.index(key.metric)]
    else:
        normal = made.teams[:, places, names.index(key.metric)]
    readings = drawn(distribution=distribution, normal=np.ascontiguousarray(normal))
    return Stands(readings=readings, rule=rule_of(reading))


def usual_readings(*, plan: Plan, past: Sequence[PastResults]) -> dict[str, Usual]:
    """Return by metric how its results ended in closed periods, in what is read of it; nothing where there are none."""
    found: dict[str, list[float]] = {}
    for period in past:
        results = FAST.of(dict(period))
        for key, reading in readings_of(plan=plan).items():
            if key in results:
                found.setdefault(key.metric, []).extend(_read(results[key], rule_of(reading)))
    return {
        metric: Usual(mean=float(np.mean(values)), spread=float(np.std(values)), count=len(values))
        for metric, values in found.items()
        if values
    }


def _read(results: Results, rule: AttainmentRule | None) -> list[float]:
    final = results.state == FINAL
    actual = results.numerator
    if results.denominator is not None:
        final &= results.denominator != 0
        actual = np.divide(actual, results.denominator, out=np.zeros_like(actual), where=final)
    if rule is None:
        return [float(value) for value in actual[final]]
    if results.target is None:
        return []
    final &= results.target.state == FINAL
    actual, target = actual[final], results.target.value[final]
    good = readable(rule=rule, actual=actual, target=target)
    return [float(value) for value in attainment(rule=rule, actual=actual[good], target=target[good])]
