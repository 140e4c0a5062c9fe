"""The pages of scorecards, metrics, programmes and objectives."""

from scorecards.views.matrix import CellsUndo, MatrixEdit, ScorecardMatrix
from scorecards.views.objectives import ObjectiveList, ObjectiveRate
from scorecards.views.programme import ObjectivePut, ProgrammePut, ProgrammeShow

__all__ = [
    "CellsUndo",
    "MatrixEdit",
    "ObjectiveList",
    "ObjectivePut",
    "ObjectiveRate",
    "ProgrammePut",
    "ProgrammeShow",
    "ScorecardMatrix",
]
