"""
Files of what is measured: products, invoice lines and credits, the facts metrics are computed from, targets, results.

Rules: docs/reference/files.md.
"""

from kamcomp.imports.kinds import register
from scorecards.intake.agreements import CONTRACTS, OPPORTUNITIES
from scorecards.intake.collections import COLLECTIONS
from scorecards.intake.credits import CREDITS
from scorecards.intake.figures import ACCOUNT_PNL, INVENTORY, WALLET
from scorecards.intake.judgements import RATINGS, SATISFACTION, SURVEY_RESPONSES
from scorecards.intake.results import METRIC_RESULTS
from scorecards.intake.targets import TARGETS
from scorecards.intake.transactions import PRODUCTS, TRANSACTIONS

register(
    PRODUCTS, TRANSACTIONS, COLLECTIONS, CREDITS, CONTRACTS, OPPORTUNITIES, ACCOUNT_PNL, WALLET, INVENTORY
)
register(SURVEY_RESPONSES, SATISFACTION, RATINGS, TARGETS, METRIC_RESULTS)
