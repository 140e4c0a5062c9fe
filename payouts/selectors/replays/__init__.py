"""Replays: a plan on periods that are locked, on the inputs their runs kept."""

from payouts.selectors.replays.replaying import PersonReplayed, PlanReplayed, plan_replayed, sum_amounts
from payouts.selectors.replays.sources import NothingToReplay, ReplayInAnotherCurrency

__all__ = [
    "NothingToReplay",
    "PersonReplayed",
    "PlanReplayed",
    "ReplayInAnotherCurrency",
    "plan_replayed",
    "sum_amounts",
]
