"""The pages of the deals: plans and their versions read as words and tables, and the metric library with its uses."""

from plans.views.acceptances import AcceptanceList, AcceptancePdf, AcceptanceSend, AcceptanceShow
from plans.views.alignment import AlignmentNext, AlignmentShow
from plans.views.compare import VersionCompare
from plans.views.decide import VersionDecide
from plans.views.design import (
    DraftBegin,
    DraftDesign,
    DraftDiscard,
    DraftDocument,
    DraftList,
    DraftResume,
    DraftSubmit,
)
from plans.views.metrics import MetricList, MetricShow
from plans.views.plans import PlanList, PlanShow, VersionDocument
from plans.views.propose import DraftBriefShow, PlanPropose

__all__ = [
    "AcceptanceList",
    "AcceptancePdf",
    "AcceptanceSend",
    "AcceptanceShow",
    "AlignmentNext",
    "AlignmentShow",
    "DraftBegin",
    "DraftBriefShow",
    "DraftDesign",
    "DraftDiscard",
    "DraftDocument",
    "DraftList",
    "DraftResume",
    "DraftSubmit",
    "MetricList",
    "MetricShow",
    "PlanList",
    "PlanPropose",
    "PlanShow",
    "VersionCompare",
    "VersionDecide",
    "VersionDocument",
]
