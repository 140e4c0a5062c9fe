"""
What every named refusal of kamcomp has in common.

A refusal is a fact the caller must hear ("the pool is not open", "the amounts do not
sum to the pool"), never a crash: its text is written for the person who reads it, and
names the place and the cure. Each refusal is a class of its own, named for the fact,
in the module that refuses. Pure: no Django, so that the engine can refuse too.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Refusal(Exception):
    """
    Something asked for cannot be done, for a reason the reader can act on.

    `str(refusal)` is the sentence shown on a page, in an API problem and on the
    command line; `code` is the same fact for a program, stable across releases.
    """

    @property
    def code(self) -> str:
        """Return the class name in snake case: AllocationNotWhole -> allocation_not_whole."""
        return _WORD.sub("_", type(self).__name__).lower()
