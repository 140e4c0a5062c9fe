"""
Rows turned into the engine's inputs, for one chunk of a run at a time.

A handful of set-based queries a chunk, whatever the number of people in it; a team's
result is read once and shared by index. What cannot be turned into inputs for one person
(no package, no rate between two currencies) is a named problem of that person, and the
others go on. Rules: docs/reference/runs.md, "From rows to inputs".
"""

from payouts.selectors.inputs.chunk import ChunkInputs, chunk_inputs
from payouts.selectors.inputs.rows import InputProblem

__all__ = ["ChunkInputs", "InputProblem", "chunk_inputs"]
