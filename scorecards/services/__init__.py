"""Acts on scorecards: compute results, rate objectives, keep scorecards."""

from scorecards.services.ratings import (
    ObjectiveNotAgreed,
    RaterNotEntitled,
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
from scorecards.services.scorecards import (
    ScorecardEmpty,
    ScorecardIsFinal,
    ScorecardNotSettled,
    ScorecardThere,
    scorecard_choose,
    scorecard_finalise,
    scorecard_open,
)

__all__ = [
    "CalendarMismatch",
    "CurrencyUnknown",
    "ObjectiveNotAgreed",
    "RaterNotEntitled",
    "RatingNotOnScale",
    "RatingOfOwn",
    "ResultsComputed",
    "ResultsNewer",
    "ScorecardEmpty",
    "ScorecardIsFinal",
    "ScorecardNotSettled",
    "ScorecardThere",
    "objective_rate",
    "results_compute",
    "scorecard_choose",
    "scorecard_finalise",
    "scorecard_open",
]
