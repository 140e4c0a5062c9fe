"""
What every named refusal of kamcomp has in common.

A refusal is a fact the caller must hear ("the pool is not open", "the amounts do not
sum to the pool"), never a crash: its text is written for the person who reads it, and
names the place and the cure. Each refusal is a class of its own, named for the fact,
in the module that refuses. Pure: no Django, so that the engine can refuse too.

Its sentence and the values in it are kept apart (`kamcomp.sentences`), so that a page can say it in the
reader's language (`kamcomp.pages.wording`); logs, commands, the database and the REST
interface keep the English of `str(refusal)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kamcomp.sentences import AnyOf, Listing, Numeral, Sentence, Value, Word

__all__ = ["AnyOf", "Listing", "Numeral", "Refusal", "Sentence", "Value", "Word"]

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Refusal(Exception):
    """
    Something asked for cannot be done, for a reason the reader can act on.

    `str(refusal)` is the English sentence, for an API problem, a log and the command line;
    `code` is the same fact for a program, stable across releases. A sentence with values is
    given as `NotOpen("%(pool)s is not open.", pool=pool)`: a literal, so that the catalogue of
    translations finds it. Values are read at once, while the transaction that refuses stands; another refusal
    among them keeps its own sentence and values. Instead of a literal stands a `Sentence` or a `Listing` of them.
    """

    said: str

    def __init__(self, sentence: object = "", /, **values: object) -> None:
        """Keep the sentence with its places, and what stands in them."""
        if isinstance(sentence, Sentence | Listing):
            self.said = sentence
        else:
            self.said = Sentence(str(sentence), **values)
        super().__init__(str(self.said))

    @property
    def sentence(self) -> str:
        """Return the literal with its places."""
        return self.said.literal if isinstance(self.said, Sentence) else str(self.said)

    @property
    def values(self) -> Mapping[str, Value]:
        """Return what stands in the places."""
        return self.said.values if isinstance(self.said, Sentence) else {}

    @property
    def code(self) -> str:
        """Return the class name in snake case: AllocationNotWhole -> allocation_not_whole."""
        return _WORD.sub("_", type(self).__name__).lower()
