"""Runs, payouts, pools, the ledger and the files out: the money."""

from payouts.models.cases import Dispute, DisputeMessage
from payouts.models.exceptions import PlanException
from payouts.models.ledger import Adjustment, ClawbackCase, LedgerEntry, PayoutEvent, Posting
from payouts.models.outputs import Export, LedgerCheck, PayrollReturn
from payouts.models.pools import Allocation, Pool, PoolBudget
from payouts.models.readings import StatementReading
from payouts.models.register import RegisterRow
from payouts.models.replays import ReplayPerson
from payouts.models.runs import AccountReview, Payout, PayoutLine, Run, RunChunk, RunProblem

__all__ = [
    "AccountReview",
    "Adjustment",
    "Allocation",
    "ClawbackCase",
    "Dispute",
    "DisputeMessage",
    "Export",
    "LedgerCheck",
    "LedgerEntry",
    "Payout",
    "PayoutEvent",
    "PayoutLine",
    "PayrollReturn",
    "PlanException",
    "Pool",
    "PoolBudget",
    "Posting",
    "RegisterRow",
    "ReplayPerson",
    "Run",
    "RunChunk",
    "RunProblem",
    "StatementReading",
]
