"""The REST interface of `payouts`: runs, payouts and what explains them, pools, corrections, disputes, files."""

from payouts.api import cases, outputs, payouts, pools, runs, statements  # each module declares its resources

__all__ = ["cases", "outputs", "payouts", "pools", "runs", "statements"]
