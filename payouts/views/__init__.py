"""The pages of the money, and those that cross all apps."""

from payouts.views.adjustments import AdjustmentDecide, AdjustmentList, AdjustmentPropose, AdjustmentShow
from payouts.views.home import Home
from payouts.views.pools import AllocationSave, AllocationSubmit, PoolDecide, PoolList
from payouts.views.runs import RunAct, RunList, RunProgressShow, RunShow, RunStart
from payouts.views.statements import LineRows, PayoutProof, StatementList, StatementShow

__all__ = [
    "AdjustmentDecide",
    "AdjustmentList",
    "AdjustmentPropose",
    "AdjustmentShow",
    "AllocationSave",
    "AllocationSubmit",
    "Home",
    "LineRows",
    "PayoutProof",
    "PoolDecide",
    "PoolList",
    "RunAct",
    "RunList",
    "RunProgressShow",
    "RunShow",
    "RunStart",
    "StatementList",
    "StatementShow",
]
