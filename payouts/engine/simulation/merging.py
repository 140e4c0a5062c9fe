"""
Frames laid end to end, and a frame of people who were never paid: what a simulation is made of beside its draws.

Rule: docs/reference/formulas.md, "Simulation". Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from kamcomp.columns import Column
from payouts.engine.simulation.figures import readings_of, rule_of
from payouts.engine.simulation.frame import YEAR, nodes_of
from plans.engine.curve_inverse import curve_reached
from plans.engine.inputs import (
    Balances,
    Calendar,
    Credits,
    Inputs,
    Period,
    ResultKey,
    Results,
    Spans,
    Stated,
    Year,
    rows_of,
)
from plans.engine.plan import Gate, Goal, Milestone, Modifier, Objectives, Plan, Reading
from plans.engine.reading import MISSING

ONE = Decimal(1)


def years_merged(*, frames: Sequence[Inputs]) -> Inputs:
    """Return years of different people as one, row after row; what one frame has no result of is missing there."""
    if len(frames) == 1:
        return frames[0]
    rows = np.cumsum([0, *(frame.size for frame in frames)])
    payees = np.cumsum([0, *(len(frame.payees) for frame in frames)])
    nothing = np.zeros(int(payees[-1]))
    spans = {
        name: np.concatenate([getattr(frame.spans, name) for frame in frames])
        for name in ("since", "until", "target_incentive", "base_salary", "fte", "dedication", "on_leave")
    }
    return Inputs(
        calendar=frames[0].calendar,
        stints=tuple(stint for frame in frames for stint in frame.stints),
        payees=tuple(payee for frame in frames for payee in frame.payees),
        payee=np.concatenate([frame.payee + first for frame, first in zip(frames, payees, strict=False)]),
        spans=Spans(
            row=np.concatenate([frame.spans.row + first for frame, first in zip(frames, rows, strict=False)]),
            **spans,
        ),
        parameters=_stated_merged(frames, "parameters"),
        results=results_merged(frames=[(frame.results, frame.size) for frame in frames]),
        ratings=_stated_merged(frames, "ratings"),
        milestones=_stated_merged(frames, "milestones"),
        credits=Credits(),
        balances=Balances(
            posted=nothing, carried=nothing, excess=nothing, bank=nothing, draw=nothing, recoverable=nothing
        ),
    )


def results_merged(*, frames: Iterable[tuple[Mapping[ResultKey, Results], int]]) -> dict[ResultKey, Results]:
    """Return results of different rows as one, by key; `frames` are results with how many rows read them."""
    given = list(frames)
    keys = dict.fromkeys(key for results, _rows in given for key in results)
    return {key: _key_merged([(results.get(key), rows) for results, rows in given]) for key in keys}


def _key_merged(parts: Sequence[tuple[Results | None, int]]) -> Results:
    index, first = [], 0
    there = [results for results, _rows in parts if results is not None]
    for results, rows in parts:
        if results is None:
            index.append(np.full(rows, -1, dtype=np.int64))
            continue
        index.append(np.where(results.index < 0, -1, results.index + first))
        first += len(results.subjects)
    ratio = any(results.denominator is not None for results in there)
    return Results(
        subjects=tuple(subject for results in there for subject in results.subjects),
        index=np.concatenate(index),
        numerator=np.concatenate([results.numerator for results in there]),
        denominator=np.concatenate(
            [
                np.ones_like(results.numerator) if results.denominator is None else results.denominator
                for results in there
            ]
        )
        if ratio
        else None,
        state=np.concatenate([results.state for results in there]),
        target=Stated(
            value=np.concatenate(
                [
                    np.ones_like(results.numerator) if results.target is None else results.target.value
                    for results in there
                ]
            ),
            state=np.concatenate(
                [
                    np.full(len(results.state), MISSING, dtype=np.int8)
                    if results.target is None
                    else results.target.state
                    for results in there
                ]
            ),
        ),
    )


def _stated_merged(frames: Sequence[Inputs], name: str) -> dict[Any, Stated]:
    keys = dict.fromkeys(key for frame in frames for key in getattr(frame, name))
    return {
        key: Stated(
            value=np.concatenate([_known(frame, name, key).value for frame in frames]),
            state=np.concatenate([_known(frame, name, key).state for frame in frames]),
        )
        for key in keys
    }


def _known(frame: Inputs, name: str, key: Any) -> Stated:
    known: Stated | None = getattr(frame, name).get(key)
    size = frame.size
    return known or Stated(value=np.zeros(size), state=np.full(size, MISSING, dtype=np.int8))


def people_left(*, frame: Inputs, gone: Iterable[str]) -> Inputs:
    """Return a frame without some payees: those who cannot be paid."""
    out = set(gone)
    if not out:
        return frame
    rows = [row for row in range(frame.size) if frame.payees[int(frame.payee[row])] not in out]
    return rows_of(frame, np.array(rows, dtype=np.int64))


def people_stated(*, plan: Plan, people: int, target: float, accounts: int) -> Inputs:
    """
    Return a year of people who were never paid: so many, each with this target incentive, spread over accounts.

    Every result is on target until it is drawn; objectives are met; gates are open and modifiers at 1 as far as one
    result can do it.
    """
    final = np.zeros(people, dtype=np.int8)
    rows, nothing = np.arange(people, dtype=np.int64), np.zeros(people)
    account_of = rows % max(accounts, 1)
    names = tuple(f"{number + 1}" for number in range(people))
    results = {
        key: _on_target(key, reading, names, account_of, accounts)
        for key, reading in readings_of(plan=plan).items()
    }
    nodes = list(nodes_of(plan.incentive))
    one = Stated(value=np.ones(people), state=final)
    spans = Spans(
        row=rows, since=np.full(people, YEAR[0].toordinal()), until=np.full(people, YEAR[1].toordinal()),
        target_incentive=np.full(people, target), base_salary=nothing, fte=np.ones(people),
        dedication=np.ones(people), on_leave=np.zeros(people, dtype=bool),
    )  # fmt: skip
    return Inputs(
        calendar=Calendar(years=(Year("year", (Period("year", *YEAR),)),), year=0, period=0),
        stints=tuple(f"{account}/{name}" for account, name in zip(account_of.tolist(), names, strict=True)),
        payees=names, payee=rows, spans=spans, results=results,
        ratings={(node.code, item.code): one for node in nodes if isinstance(node, Objectives) for item in node.items},
        milestones={
            node.code: replace(one, value=np.full(people, len(node.stages)))
            for node in nodes
            if isinstance(node, Milestone)
        },
        balances=Balances(
            posted=nothing, carried=nothing, excess=nothing, bank=nothing, draw=nothing, recoverable=nothing
        ),
    )  # fmt: skip


def _on_target(
    key: ResultKey, reading: Reading, names: Sequence[str], account_of: Column, accounts: int
) -> Results:
    own = key.level == "individual"
    size = len(names) if own else max(accounts, 1)
    final = np.zeros(size, dtype=np.int8)
    return Results(
        subjects=tuple(names) if own else tuple(str(number) for number in range(size)),
        index=np.arange(len(names), dtype=np.int64) if own else account_of.astype(np.int64),
        numerator=np.full(size, expected(reading=reading)),
        state=final,
        target=Stated(value=np.ones(size), state=final),
    )


def expected(*, reading: Reading) -> float:
    """Return the reading that pays a measure's target: 1 of an attainment, else where its curve pays 100 %."""
    if rule_of(reading) is not None:
        return 1.0
    if isinstance(reading, Gate):
        limit = next(
            each
            for each in (reading.at_least, reading.at_most, reading.more_than, reading.less_than)
            if each is not None
        )
        return float(limit) * (
            1.01 if reading.more_than is not None else 0.99 if reading.less_than is not None else 1.0
        )
    curve = (
        reading.curve
        if isinstance(reading, Goal)
        else reading.table
        if isinstance(reading, Modifier)
        else None
    )
    found = None if curve is None else curve_reached(curve=curve, payout=ONE)
    return 1.0 if found is None else float(found)
