"""
What every named refusal of kamcomp has in common.

A refusal is a fact the caller must hear ("the pool is not open", "the amounts do not
sum to the pool"), never a crash: its text is written for the person who reads it, and
names the place and the cure. Each refusal is a class of its own, named for the fact,
in the module that refuses. Pure: no Django, so that the engine can refuse too.

Its sentence and the values in it are kept apart, so that a page can say it in the
reader's language (`kamcomp.pages.wording`); logs, commands, the database and the REST
interface keep the English of `str(refusal)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Word(str):
    """A word of ours among the values of a sentence (`Word("nobody")`): it is translated, unlike a name."""

    __slots__ = ()


class AnyOf(tuple[str, ...]):
    """Names among the values of a sentence, of which any one will do: "finance or comp admin"."""

    __slots__ = ()

    def __str__(self) -> str:
        return " or ".join(self)


Value = str | int | Decimal | date | AnyOf


class Refusal(Exception):
    """
    Something asked for cannot be done, for a reason the reader can act on.

    `str(refusal)` is the English sentence, for an API problem, a log and the command line;
    `code` is the same fact for a program, stable across releases. A sentence with values is
    given as `NotOpen("%(pool)s is not open.", pool=pool)`: a literal, so that the catalogue of
    translations finds it. Values are read at once, while the transaction that refuses stands.
    """

    def __init__(self, sentence: object = "", /, **values: object) -> None:
        """Keep the sentence with its places, and what stands in them."""
        self.sentence = str(sentence)
        self.values: Mapping[str, Value] = {name: _kept(value) for name, value in values.items()}
        super().__init__(self.sentence % self.values if values else self.sentence)

    @property
    def code(self) -> str:
        """Return the class name in snake case: AllocationNotWhole -> allocation_not_whole."""
        return _WORD.sub("_", type(self).__name__).lower()


def _kept(value: object) -> Value:
    """Return what each language writes its own way as it is, and all else as its words."""
    if isinstance(value, Word | AnyOf | int | Decimal | date) and not isinstance(value, bool):
        return value
    return str(value)
