"""The pages of scorecards, metrics and objectives."""

from scorecards.views.objectives import ObjectiveList, ObjectiveRate

__all__ = [
    "ObjectiveList",
    "ObjectiveRate",
]
