"""From strategy to a first draft: the steps of a new programme, and where a draft came from."""

from plans.views.propose.brief import DraftBriefShow
from plans.views.propose.screen import PlanPropose

__all__ = ["DraftBriefShow", "PlanPropose"]
