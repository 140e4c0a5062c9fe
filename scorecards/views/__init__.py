"""The pages of scorecards, metrics and objectives."""

from scorecards.views.matrix import CellsUndo, MatrixEdit, ScorecardMatrix
from scorecards.views.objectives import ObjectiveList, ObjectiveRate

__all__ = [
    "CellsUndo",
    "MatrixEdit",
    "ObjectiveList",
    "ObjectiveRate",
    "ScorecardMatrix",
]
