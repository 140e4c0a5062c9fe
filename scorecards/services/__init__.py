"""Acts on scorecards: compute results, rate objectives."""

from scorecards.services.ratings import (
    ObjectiveNotAgreed,
    RatingNotOnScale,
    RatingOfOwn,
    objective_rate,
)
from scorecards.services.results import (
    CalendarMismatch,
    CurrencyUnknown,
    ResultsComputed,
    ResultsNewer,
    results_compute,
)

__all__ = [
    "CalendarMismatch",
    "CurrencyUnknown",
    "ObjectiveNotAgreed",
    "RatingNotOnScale",
    "RatingOfOwn",
    "ResultsComputed",
    "ResultsNewer",
    "objective_rate",
    "results_compute",
]
