"""Metrics, targets, facts and results: how well an account and its people did."""

from scorecards.models.cards import Scorecard, ScorecardLine
from scorecards.models.facts import (
    AccountPnl,
    Collection,
    Contract,
    Credit,
    InventoryLevel,
    ObjectiveRating,
    Opportunity,
    Product,
    SatisfactionWave,
    SurveyResponse,
    Transaction,
    WalletEstimate,
)
from scorecards.models.metrics import Metric, Result, Target

__all__ = [
    "AccountPnl",
    "Collection",
    "Contract",
    "Credit",
    "InventoryLevel",
    "Metric",
    "ObjectiveRating",
    "Opportunity",
    "Product",
    "Result",
    "SatisfactionWave",
    "Scorecard",
    "ScorecardLine",
    "SurveyResponse",
    "Target",
    "Transaction",
    "WalletEstimate",
]
