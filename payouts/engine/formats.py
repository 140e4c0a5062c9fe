"""
The format of the figures: which meaning a run was computed with.

A change of meaning gets a new number; a run is computed with one number from its first
chunk to its last, and the numbers of older runs stay runnable, so that what was paid can
be computed again years later. Pure.
Rule: docs/reference/runs.md, "Engine formats".
"""

ENGINE_FORMAT = 1
"""What new runs are computed with."""

RUNNABLE_FORMATS = (1,)
"""What this version can compute, the present one included."""
