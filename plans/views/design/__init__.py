"""The pages on which a plan is designed: the list of drafts, how one begins, the designer, and its submission."""

from plans.views.design.begin import (
    DraftBegin,
    DraftDiscard,
    DraftDocument,
    DraftList,
    DraftResume,
    DraftSubmit,
)
from plans.views.design.screen import DraftDesign
from plans.views.design.typed import draft_typed

__all__ = [
    "DraftBegin",
    "DraftDesign",
    "DraftDiscard",
    "DraftDocument",
    "DraftList",
    "DraftResume",
    "DraftSubmit",
    "draft_typed",
]
