"""
The past under another plan in float64: what closed periods would have cost, in the time of a mouse move.

As the exact replay, period after period with what the one before closes differently; agreed with it by test, to the
cent. Never paid. Pure.
Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from kamcomp.columns import FAST
from payouts.engine.evaluation import Outcome, evaluate
from payouts.engine.simulation.draws import Floats
from plans.engine.inputs import Balances, Inputs
from plans.engine.plan import Plan

CHAINED = ("carried", "excess", "bank", "draw")


@dataclass(frozen=True, kw_only=True)
class PastPeriod:
    """
    A closed period: its inputs in float64, and what each payee closed the period before with, as it was paid.

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
    Return what each period would have paid under a plan, oldest first.

    Units: money of the plan's currency, each amount rounded to whole cents only by who shows it.
    Source: docs/reference/formulas.md, "Replays".
    """
    found: list[PastCost] = []
    closed: dict[str, Mapping[str, float]] = {}
    year = 0
    for period in periods:
        inputs = _brought(period, closed, same_year=period.fiscal_year == year)
        outcome = evaluate(plan=plan, inputs=inputs, numbers=FAST)
        amounts = np.where(outcome.blocked, 0.0, outcome.payout)
        found.append(
            PastCost(
                name=period.name, payees=inputs.payees, amounts=amounts, blocked=outcome.blocked.astype(bool)
            )
        )
        closed, year = closed | _closing(outcome), period.fiscal_year
    return found


def _brought(period: PastPeriod, closed: Mapping[str, Mapping[str, float]], *, same_year: bool) -> Inputs:
    """Return inputs whose payees bring what the period before closed with under the plan, instead of as paid."""
    if not closed:
        return period.inputs
    known = [closed.get(payee) for payee in period.inputs.payees]
    columns = {}
    for name in (*CHAINED, *(("posted",) if same_year else ())):
        paid = period.before.get(name, {})
        moved = [
            0.0 if each is None else each[name] - paid.get(payee, 0.0)
            for payee, each in zip(period.inputs.payees, known, strict=True)
        ]
        columns[name] = getattr(period.inputs.balances, name) + np.array(moved)
    held = period.inputs.balances.held
    return replace(
        period.inputs, balances=Balances(**{**vars(period.inputs.balances), **columns, "held": held})
    )


def _closing(outcome: Outcome) -> dict[str, Mapping[str, float]]:
    columns = {name: getattr(outcome.closing, name).tolist() for name in (*CHAINED, "posted")}
    return {
        payee: {name: column[place] for name, column in columns.items()}
        for place, payee in enumerate(outcome.payees)
        if not outcome.blocked[place]
    }
