"""The REST interface of `payouts`: runs, payouts and what explains them, pools, corrections, disputes, files."""

from payouts.api import (  # each module declares its resources
    cases,
    evidence,
    outputs,
    payouts,
    pools,
    runs,
    statements,
)

__all__ = ["cases", "evidence", "outputs", "payouts", "pools", "runs", "statements"]
