"""The REST interface of `scorecards`: metrics, targets, results, and the facts behind them."""

from scorecards.api import facts, metrics  # each module declares its resources

__all__ = ["facts", "metrics"]
