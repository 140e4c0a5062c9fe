"""The pages on which a draft or version is simulated, and kept scenarios are compared."""

from payouts.views.simulations.compare import ScenarioCompare
from payouts.views.simulations.screen import DraftSimulate, VersionSimulate

__all__ = ["DraftSimulate", "ScenarioCompare", "VersionSimulate"]
