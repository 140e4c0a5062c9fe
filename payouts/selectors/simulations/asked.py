"""What is simulated, and how: a draft or a version with its document, and a scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp.policy.models import PolicySetting
from payouts.engine.simulation.scenario import Scenario
from plans.models import Draft, PlanVersion
from plans.selectors.drafts import draft_as_version
from plans.selectors.pictures.settings import BUDGETS

MOST_ROWS = 2_000_000
"""People times draws that are held at once; of more people fewer draws are made."""
FEWEST_DRAWS = 100


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A plan to simulate: a working draft, or a version; `version` is what the draft would become."""

    version: PlanVersion
    draft: Draft | None = None

    @classmethod
    def of_draft(cls, draft: Draft) -> Subject:
        """Return a draft as what it would become."""
        return cls(version=draft_as_version(draft=draft), draft=draft)

    @property
    def document(self) -> dict[str, Any]:
        """Return its document as it stands."""
        found: dict[str, Any] = (self.draft or self.version).document
        return found

    @property
    def plan_code(self) -> str:
        """Return the code of the plan whose people it is tried on."""
        return self.version.plan.code


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    How it is simulated: the scenario, the budget, the points of curves that were moved, and people without a past.

    `moves` are by leaf and number of the point: the result it stands at and what it pays, None where not moved.
    """

    scenario: Scenario = field(default_factory=Scenario)
    budget: float | None = None
    moves: dict[tuple[str, int], tuple[str | None, str | None]] = field(default_factory=dict)
    people: int = 10
    target: float = 20_000.0
    accounts: int = 5


def budget_on(*, plan: str, day: date) -> Decimal | None:
    """Return the yearly budget that is stated for a plan (by code) on a day; None without one."""
    stated = PolicySetting.objects.filter(key=BUDGETS, valid__contains=day).first()
    amounts = stated.value if stated else None
    found = amounts.get(plan) if isinstance(amounts, dict) else None
    return None if found is None else Decimal(str(found))
