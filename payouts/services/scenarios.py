"""
Scenarios: a simulation of a draft or version kept under a name, with what it was asked and what came of it.

Nothing of it is pay. Rule: docs/reference/formulas.md, "Simulation".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from payouts.selectors.simulations import Asked, Ground, Simulated, simulated
from plans.models import Scenario

SIMULATORS = [Role.COMP_ADMIN, Role.FINANCE]
LONGEST_NAME = 80


class ScenarioNameless(Refusal):
    """A scenario is kept under a name."""


@act
def scenario_keep(
    *, ground: Ground, asked: Asked, said: Mapping[str, str], name: str, by: User, at: datetime
) -> Scenario:
    """
    Simulate once more and keep what comes of it; `said` is what the page was asked, by field, as text.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises ScenarioNameless: without a name.
    :raises NobodyToSimulate: if nobody of the plan can be paid.
    """
    role_check(user=by, roles=SIMULATORS, on=at.date(), act="Keeping a scenario")
    called = name.strip()[:LONGEST_NAME]
    if not called:
        raise ScenarioNameless("A scenario is kept under a name: give it one.")
    found = simulated(ground=ground, asked=asked)
    subject = ground.subject
    return Scenario.objects.create(
        draft=subject.draft, version=None if subject.draft else subject.version, document_digest=found.digest,
        name=called, at=at, asked={**said, "seed": str(found.scenario.seed)}, currency=found.plan.currency,
        people=found.people, draws=found.scenario.draws, figures=figures_kept(found), created_by=by,
    )  # fmt: skip


def figures_kept(found: Simulated) -> dict[str, Any]:
    """Return the figures of a simulation as text that keeps their digits."""
    cost = found.cost
    return {
        "low": repr(cost.low), "middle": repr(cost.middle), "high": repr(cost.high), "mean": repr(cost.mean),
        "people": repr(cost.people), "pools": repr(cost.pools),
        "over_budget": None if cost.over_budget is None else repr(cost.over_budget),
        "levels": {repr(level): repr(amount) for level, amount in cost.levels.items()},
        "leaves": {
            code: [repr(leaf.pays), repr(leaf.target), None if leaf.most is None else repr(leaf.most), repr(leaf.mean)]
            for code, leaf in found.drawn.leaves.items()
        },
    }  # fmt: skip
