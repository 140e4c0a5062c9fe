"""Replays: a plan on periods that are locked, on the inputs their runs kept."""

from payouts.selectors.replays.past import Past, PastPeriod, past_held, past_of, payouts_of
from payouts.selectors.replays.replaying import (
    PersonReplayed,
    PlanReplayed,
    past_replayed,
    plan_replayed,
    sum_amounts,
)
from payouts.selectors.replays.reps import credits_without, reps_replayed
from payouts.selectors.replays.sources import NothingToReplay, ReplayInAnotherCurrency

__all__ = [
    "NothingToReplay",
    "Past",
    "PastPeriod",
    "PersonReplayed",
    "PlanReplayed",
    "ReplayInAnotherCurrency",
    "credits_without",
    "past_held",
    "past_of",
    "past_replayed",
    "payouts_of",
    "plan_replayed",
    "reps_replayed",
    "sum_amounts",
]
