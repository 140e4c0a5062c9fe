"""
Ingredients from agreed work: objectives and their ratings, milestones, opportunities.

For a person these are the ones the person owns, for an account those of its tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scorecards.engine.facts import Objective, Opportunity, Rating
from scorecards.engine.ingredients.values import Ingredients, Reading, absent, known, total

MILESTONES = ("milestones_planned", "milestones_done")


def objectives(reading: Reading) -> Ingredients:
    """Measure the weights of the subject's objectives and their ratings times weight."""
    names = ("objective_weight", "objective_weighted_rating")
    rated = _ratings(reading)
    owned = {
        objective.code: objective.weight
        for objective in _objectives(reading)
        if objective.weight is not None and (objective.code in rated or _open(objective, reading))
    }
    if not owned:
        return absent(f"no objectives of {reading.subject} from {reading.window}", *names)
    unrated = sorted(code for code in owned if code not in rated)
    if unrated:
        return absent(f"no rating of {', '.join(unrated)} from {reading.window}", *names)
    return known(
        objective_weight=total(owned.values()),
        objective_weighted_rating=total(weight * rated[code].rating for code, weight in owned.items()),
    )


def milestones(reading: Reading) -> Ingredients:
    """Count the objectives due in the window, and those of them met by its end."""
    planned = [
        objective
        for objective in _objectives(reading)
        if objective.due_on is not None and objective.due_on in reading.window
    ]
    if not planned:
        return absent(f"no objective of {reading.subject} is due from {reading.window}", *MILESTONES)
    done = [one for one in planned if one.met_on is not None and one.met_on <= reading.window.last]
    return known(milestones_planned=len(planned), milestones_done=len(done))


def opportunities(reading: Reading) -> Ingredients:
    """
    Count the subject's named opportunities: all, won by the window's end, stages and stages reached.

    An opportunity won before the window has been counted in its own; one due after the
    window and not won is not counted yet.
    """
    names = ("opportunities_named", "opportunities_won", "stages_named", "stages_reached")
    named = [one for one in _opportunities(reading) if _in_play(one, reading)]
    if not named:
        return absent(f"no opportunity of {reading.subject} is named from {reading.window}", *names)
    won = [one for one in named if one.won_on is not None and one.won_on in reading.window]
    reached = sum(one.stages if one in won else min(one.stage, one.stages) for one in named)
    return known(
        opportunities_named=len(named),
        opportunities_won=len(won),
        stages_named=sum(one.stages for one in named),
        stages_reached=reached,
    )


def applications(reading: Reading) -> Ingredients:
    """Count new applications approved (won) in the window with a first order of at least the minimum."""
    if not any(one.new_application for one in reading.cuts.facts.opportunities):
        return absent("no opportunity is marked as a new application", "applications_approved")
    minimum, amount = reading.conventions.order_minimum, reading.cuts.amount
    approved = [
        one
        for one in _opportunities(reading)
        if one.new_application and one.won_on is not None and one.won_on in reading.window
    ]
    worth = [one for one in approved if not minimum or amount(one.value, one.currency) >= minimum]
    return known(applications_approved=len(worth))


def _objectives(reading: Reading) -> Iterator[Objective]:
    yield from _owned(reading, "objectives")


def _opportunities(reading: Reading) -> Iterator[Opportunity]:
    yield from _owned(reading, "opportunities")


def _owned(reading: Reading, kind: str) -> Iterator[Any]:
    """Yield the rows of a kind in the subject's tree, or those of it that its person owns."""
    subject, table = reading.subject, reading.cuts.rows_at(kind)
    codes = reading.cuts.perimeter(subject, on=reading.window.last) if subject.accounts else table
    for code in codes:
        for row in table.get(code, ()):
            mine = subject.person is None or row.owner == subject.person
            if mine and reading.cuts.belongs(subject, row, code=code, on=reading.window.last):
                yield row


def _ratings(reading: Reading) -> dict[str, Rating]:
    """Return the newest rating of each objective whose own window ends within the reading's."""
    newest: dict[str, Rating] = {}
    for row in reading.cuts.facts.ratings:
        later = row.objective not in newest or newest[row.objective].window < row.window
        if row.window.last in reading.window and later:
            newest[row.objective] = row
    return newest


def _open(objective: Objective, reading: Reading) -> bool:
    """Tell whether an objective should have been rated: it is due in the window, or has no day."""
    return objective.due_on is None or objective.due_on in reading.window


def _in_play(opportunity: Opportunity, reading: Reading) -> bool:
    """Tell whether an opportunity was named and not yet counted as won before the window."""
    won_on, due_on = opportunity.won_on, opportunity.due_on
    if won_on is not None and won_on <= reading.window.last:
        return won_on >= reading.window.since
    return due_on is None or due_on <= reading.window.last
