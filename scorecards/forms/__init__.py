"""What people send about scorecards, programmes and objectives, read as they typed it."""

from scorecards.forms.cells import (
    CELL,
    RESULTS,
    TARGETS,
    WAS,
    BlockUnplaced,
    CellsTyped,
    MatrixFilter,
    MetricFilter,
    block_placed,
    cells_typed,
    editable,
    shown,
    value_of,
)
from scorecards.forms.programme import ObjectiveForm, ProgrammeForm, steps_shown

__all__ = [
    "CELL",
    "RESULTS",
    "TARGETS",
    "WAS",
    "BlockUnplaced",
    "CellsTyped",
    "MatrixFilter",
    "MetricFilter",
    "ObjectiveForm",
    "ProgrammeForm",
    "block_placed",
    "cells_typed",
    "editable",
    "shown",
    "steps_shown",
    "value_of",
]
