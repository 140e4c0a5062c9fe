"""The pages of the money, and those that cross all apps."""

from payouts.views.account_edits import (
    AccountPartPut,
    AccountPartUndo,
    AccountStatePut,
    AccountStateUndo,
)
from payouts.views.accounts import AccountList, AccountShow
from payouts.views.accruals import AccrualList
from payouts.views.adjustments import AdjustmentDecide, AdjustmentList, AdjustmentPropose, AdjustmentShow
from payouts.views.alignment_report import AlignmentReportShow
from payouts.views.archive import StatementArchive
from payouts.views.assignments import AssignmentsMake
from payouts.views.audit import AuditList, AuditShow
from payouts.views.calendar import CalendarFeedMake, CalendarFeedShow, CalendarShow, PeriodDateMove
from payouts.views.closing import RunClose, RunCloseNext
from payouts.views.controls import AccessList, ControlList
from payouts.views.disputes import (
    AdjustmentDispute,
    DisputeAct,
    DisputeList,
    DisputeShow,
    LineDispute,
    ShareDispute,
)
from payouts.views.draft_past import DraftPast
from payouts.views.employments import (
    PersonEmploymentBegin,
    PersonEmploymentChange,
    PersonEmploymentEnd,
    PersonEmploymentUndo,
)
from payouts.views.estimates import EstimateShow
from payouts.views.exceptions import ExceptionAsk, ExceptionDecide, ExceptionList, ExceptionShow
from payouts.views.executive import ExecutiveShow
from payouts.views.exports import ExportDownload, ExportJobs, ExportList, ExportMake
from payouts.views.home import Home
from payouts.views.my_accounts import AccountReview, MyAccountList
from payouts.views.people import (
    PackageApprove,
    PackagePropose,
    PackageWithdraw,
    PersonalPut,
    PersonList,
    PersonShow,
)
from payouts.views.person_place import PersonPlacePut, PersonPlaceUndo
from payouts.views.policy import PolicyPut, PolicyShow
from payouts.views.pools import AllocationSave, AllocationSubmit, PoolDecide, PoolList
from payouts.views.reconciliation import PayrollReturnUndo, Reconciliation
from payouts.views.register import PayoutHold, PayoutRegister, PayoutRelease
from payouts.views.rep_proofs import RepProof
from payouts.views.replays import DraftReplay, ReplayShow
from payouts.views.replays_compared import ReplayCompare
from payouts.views.reproduce import Reproduce
from payouts.views.review_schedule import ReviewSchedule
from payouts.views.runs import RunAct, RunList, RunProgressShow, RunShow, RunStart
from payouts.views.search import Search
from payouts.views.simulations import DraftSimulate, ScenarioCompare, VersionSimulate
from payouts.views.statements import LineRows, PayoutProof, StatementList, StatementShow
from payouts.views.support import SupportList

__all__ = [
    "AccessList",
    "AccountList",
    "AccountPartPut",
    "AccountPartUndo",
    "AccountReview",
    "AccountShow",
    "AccountStatePut",
    "AccountStateUndo",
    "AccrualList",
    "AdjustmentDecide",
    "AdjustmentDispute",
    "AdjustmentList",
    "AdjustmentPropose",
    "AdjustmentShow",
    "AlignmentReportShow",
    "AllocationSave",
    "AllocationSubmit",
    "AssignmentsMake",
    "AuditList",
    "AuditShow",
    "CalendarFeedMake",
    "CalendarFeedShow",
    "CalendarShow",
    "ControlList",
    "DisputeAct",
    "DisputeList",
    "DisputeShow",
    "DraftPast",
    "DraftReplay",
    "DraftSimulate",
    "EstimateShow",
    "ExceptionAsk",
    "ExceptionDecide",
    "ExceptionList",
    "ExceptionShow",
    "ExecutiveShow",
    "ExportDownload",
    "ExportJobs",
    "ExportList",
    "ExportMake",
    "Home",
    "LineDispute",
    "LineRows",
    "MyAccountList",
    "PackageApprove",
    "PackagePropose",
    "PackageWithdraw",
    "PayoutHold",
    "PayoutProof",
    "PayoutRegister",
    "PayoutRelease",
    "PayrollReturnUndo",
    "PeriodDateMove",
    "PersonEmploymentBegin",
    "PersonEmploymentChange",
    "PersonEmploymentEnd",
    "PersonEmploymentUndo",
    "PersonList",
    "PersonPlacePut",
    "PersonPlaceUndo",
    "PersonShow",
    "PersonalPut",
    "PolicyPut",
    "PolicyShow",
    "PoolDecide",
    "PoolList",
    "Reconciliation",
    "RepProof",
    "ReplayCompare",
    "ReplayShow",
    "Reproduce",
    "ReviewSchedule",
    "RunAct",
    "RunClose",
    "RunCloseNext",
    "RunList",
    "RunProgressShow",
    "RunShow",
    "RunStart",
    "ScenarioCompare",
    "Search",
    "ShareDispute",
    "StatementArchive",
    "StatementList",
    "StatementShow",
    "SupportList",
    "VersionSimulate",
]
