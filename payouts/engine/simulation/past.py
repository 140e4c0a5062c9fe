"""
The past under another plan in float64: what closed periods would have cost, in the time of a mouse move.

As the exact replay, period after period with what the one before closes differently; agreed with it by test, to the
cent. Never paid. Pure.
Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from kamcomp.columns import FAST
from payouts.engine.evaluation import Outcome, evaluate
from payouts.engine.simulation.draws import Floats
from plans.engine.inputs import Balances, Inputs
from plans.engine.plan import Plan

CHAINED, POSTED = ("carried", "excess", "bank", "draw"), "posted"
Closed = tuple[int, Mapping[str, float]]
"""What a payee closed a period with, and its fiscal year: what was posted counts within the year alone."""


@dataclass(frozen=True, kw_only=True)
class PastPeriod:
    """
    A closed period, or a part of its payees: inputs in float64, and what each closed the period before with, as paid.

    `before` holds balances by name and payee; `posted` among them only where the same version paid both.
    """

    name: str
    fiscal_year: int
    inputs: Inputs
    before: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PastCost:
    """What a period would have paid its people; of whom could not be computed, who is `blocked`, nothing."""

    name: str
    payees: tuple[str, ...]
    amounts: Floats
    blocked: npt.NDArray[np.bool_]

    @property
    def cost(self) -> float:
        """Return the sum."""
        return float(self.amounts.sum())


def past_costs(*, plan: Plan, periods: Sequence[PastPeriod]) -> list[PastCost]:
    """
    Return what each period, or part of one, would have paid under a plan; oldest first, parts of one together.

    Units: money of the plan's currency, each amount rounded to whole cents only by who shows it.
    Source: docs/reference/formulas.md, "Replays".
    """
    found: list[PastCost] = []
    closed: dict[str, Closed] = {}
    for _name, parts in groupby(periods, key=lambda period: period.name):
        ended: dict[str, Closed] = {}
        for period in parts:
            inputs = _brought(period, closed)
            outcome = evaluate(plan=plan, inputs=inputs, numbers=FAST)
            amounts, blocked = np.where(outcome.blocked, 0.0, outcome.payout), outcome.blocked.astype(bool)
            found.append(PastCost(name=period.name, payees=inputs.payees, amounts=amounts, blocked=blocked))
            ended |= _closing(outcome, fiscal_year=period.fiscal_year)
        closed |= ended
    return found


def _brought(period: PastPeriod, closed: Mapping[str, Closed]) -> Inputs:
    """Return inputs whose payees bring what the period before closed with under the plan, instead of as paid."""
    if not closed:
        return period.inputs
    known = [closed.get(payee) for payee in period.inputs.payees]
    this_year = [each if each and each[0] == period.fiscal_year else None for each in known]
    columns = {}
    for name in (*CHAINED, POSTED):
        paid = period.before.get(name, {})
        moved = [
            0.0 if each is None else each[1][name] - paid.get(payee, 0.0)
            for payee, each in zip(period.inputs.payees, this_year if name == POSTED else known, strict=True)
        ]
        columns[name] = getattr(period.inputs.balances, name) + np.array(moved)
    held = period.inputs.balances.held
    return replace(
        period.inputs, balances=Balances(**{**vars(period.inputs.balances), **columns, "held": held})
    )


def _closing(outcome: Outcome, *, fiscal_year: int) -> dict[str, Closed]:
    columns = {name: getattr(outcome.closing, name).tolist() for name in (*CHAINED, POSTED)}
    return {
        payee: (fiscal_year, {name: column[place] for name, column in columns.items()})
        for place, payee in enumerate(outcome.payees)
        if not outcome.blocked[place]
    }
