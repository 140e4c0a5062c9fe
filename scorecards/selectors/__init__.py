"""Reads of scorecards: facts as the engine takes them, and the results made from them."""

from scorecards.selectors.conventions import ConventionUnknown, conventions_on
from scorecards.selectors.facts import facts_known
from scorecards.selectors.needs import ResultNeed, result_needs, window_days
from scorecards.selectors.rates import plan_rates
from scorecards.selectors.results import results_believed, window_label

__all__ = [
    "ConventionUnknown",
    "ResultNeed",
    "conventions_on",
    "facts_known",
    "plan_rates",
    "result_needs",
    "results_believed",
    "window_days",
    "window_label",
]
