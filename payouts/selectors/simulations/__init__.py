"""Simulations: a draft or version on drawn years, from the past of its people or from stated distributions."""

from payouts.selectors.simulations.asked import Asked, Subject, budget_on
from payouts.selectors.simulations.made import (
    Ground,
    MeasureAsked,
    NobodyToSimulate,
    Simulated,
    asked_usually,
    ground_of,
    simulated,
)
from payouts.selectors.simulations.moves import Handle, handles_of, moved, point_edits

__all__ = [
    "Asked",
    "Ground",
    "Handle",
    "MeasureAsked",
    "NobodyToSimulate",
    "Simulated",
    "Subject",
    "asked_usually",
    "budget_on",
    "ground_of",
    "handles_of",
    "moved",
    "point_edits",
    "simulated",
]
