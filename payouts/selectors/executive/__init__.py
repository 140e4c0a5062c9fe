"""
The programme on one page: what it costs, what it brings, how pay follows performance.

Six numbers, two charts, the health of the programme over 6, 12 and 24 months, and each account's
cost of sales and net revenue retention over the last periods. Everything is of the currency most
is paid in; accounts of another currency are counted and left out. Groups of fewer than five
people are not shown, so that nobody's pay can be read off.
Rules: docs/reference/metrics.md for the measures, docs/reference/exports.md, "Accruals", for cost.
"""

from payouts.selectors.executive.compared import costs_compared
from payouts.selectors.executive.costs import GROUND, HEIGHT, LEFT, TOP, WIDTH
from payouts.selectors.executive.figures import (
    FEWEST,
    AccountOverTime,
    CostCompared,
    CostsCompared,
    ExecutivePage,
)
from payouts.selectors.executive.health import back
from payouts.selectors.executive.page import executive_page, executive_runs
from payouts.selectors.executive.trend import account_over_time

__all__ = [
    "FEWEST",
    "GROUND",
    "HEIGHT",
    "LEFT",
    "TOP",
    "WIDTH",
    "AccountOverTime",
    "CostCompared",
    "CostsCompared",
    "ExecutivePage",
    "account_over_time",
    "back",
    "costs_compared",
    "executive_page",
    "executive_runs",
]
