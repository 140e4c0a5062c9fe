"""
The trace: how an engine function says what it did, one step at a time.

Every engine function takes a trace and notes its steps on it: a name, the value, its
unit, why this value (which branch was taken) and what it was made from. A payout run
passes NO_TRACE, which costs nothing; a statement, an audit or `calculate --explain`
passes a RecordingTrace and gets a tree. Neither changes a figure. Pure: no Django.
Rule: docs/reference/formulas.md, "Trace".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

_REMEMBERED: ContextVar[dict[int, tuple[npt.NDArray[Any], list[str]]] | None] = ContextVar(
    "texts remembered", default=None
)

Reason = str | Callable[[], str]
Ingredients = Mapping[str, Any] | Sequence[str]


class Trace(Protocol):
    """Where an engine function notes its steps."""

    recording: bool

    def step(
        self, name: str, value: Any, *, unit: str, because: Reason = "", inputs: Ingredients = ()
    ) -> None:
        """
        Note a value: `unit` is ratio, money, days, count ... or a currency code; `because`
        is a sentence, or a function giving it (called only when someone reads); `inputs`
        maps names to the values used, or lists the names of earlier steps.
        """

    def within(self, name: str) -> Any:
        """Return a context in which steps become the children of a step called `name`."""


class _NoTrace:
    """The trace that forgets: what a payout run and a simulation pass."""

    recording = False

    def step(
        self, name: str, value: Any, *, unit: str, because: Reason = "", inputs: Ingredients = ()
    ) -> None:
        return None

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        yield


NO_TRACE: Trace = _NoTrace()


@dataclass
class Step:
    """One noted value, or a heading that groups the steps under it (then value is None)."""

    name: str
    value: Any = None
    unit: str = ""
    because: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the step as JSON-ready values; every decimal is a string in plain notation."""
        document: dict[str, Any] = {"name": self.name}
        if self.value is not None:
            document |= {"value": self.value, "unit": self.unit}
        if self.because:
            document["because"] = self.because
        if self.inputs:
            document["inputs"] = self.inputs
        if self.steps:
            document["steps"] = [step.document() for step in self.steps]
        return document


class RecordingTrace:
    """A trace that keeps its steps as a tree, in the order they were noted."""

    recording = True

    def __init__(self) -> None:
        self.root = Step(name="trace")
        self._open = [self.root]

    def step(
        self, name: str, value: Any, *, unit: str, because: Reason = "", inputs: Ingredients = ()
    ) -> None:
        self._open[-1].steps.append(
            Step(
                name=name,
                value=plain(value),
                unit=unit,
                because=because() if callable(because) else because,
                inputs=self._inputs(inputs),
            )
        )

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        heading = Step(name=name)
        self._open[-1].steps.append(heading)
        self._open.append(heading)
        try:
            yield
        finally:
            self._open.pop()

    def tree(self) -> list[dict[str, Any]]:
        """Return the recorded steps as a JSON-ready list of {name, value, unit, because, inputs, steps}."""
        return [step.document() for step in self.root.steps]

    def _inputs(self, inputs: Ingredients) -> dict[str, Any]:
        if isinstance(inputs, Mapping):
            return {name: plain(value) for name, value in inputs.items()}
        return {name: self._known(name) for name in inputs}

    def _known(self, name: str) -> Any:
        for heading in reversed(self._open):
            for step in reversed(heading.steps):
                if step.name == name:
                    return step.value
        return None


def plain(value: Any) -> Any:
    """
    Return a value as JSON can hold it without losing a digit: decimals as strings in
    plain notation, dates in ISO form, a column of one row as that row's value.
    """
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, np.ndarray):
        return plain(value[0]) if len(value) == 1 else [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def decimal_text(value: Decimal) -> str:
    """Return a decimal in plain notation with the digits it has: Decimal("1E+2") is "100"."""
    return f"{value:f}"


def decimal_texts(column: Iterable[Decimal]) -> list[str]:
    """Return each decimal of a column in plain notation; one that many rows share is written once."""
    values = list(column)
    if not values or values[0] is not values[-1]:
        # Then hardly any two are one, and looking for them costs as much as writing them.
        return _plain_texts(values)
    keys = list(map(id, values))
    known = dict(zip(keys, values, strict=True))
    if len(known) == 1:
        return _plain_texts(values[:1]) * len(values)
    texts = dict(zip(known, _plain_texts(list(known.values())), strict=True))
    return list(map(texts.__getitem__, keys))


@contextmanager
def texts_remembered() -> Iterator[None]:
    """
    Let the texts of a column be made once for all who ask for them meanwhile.

    A chunk's inputs are written twice, for the payees' digests and to be kept; nobody changes a column in between.
    """
    token = _REMEMBERED.set({})
    try:
        yield
    finally:
        _REMEMBERED.reset(token)


def column_texts(column: npt.NDArray[Any]) -> Sequence[str]:
    """Return the decimals of an input column in plain notation; those remembered of the same array, if there are."""
    remembered = _REMEMBERED.get()
    if remembered is None:
        return decimal_texts(column)
    known = remembered.get(id(column))
    if known is None:
        known = remembered[id(column)] = (column, decimal_texts(column))
    return known[1]


def _plain_texts(values: Sequence[Decimal]) -> list[str]:
    texts = list(map(str, values))
    if "E" in "".join(texts):  # a long column hardly ever holds one that has to be written apart
        return [text if "E" not in text else f"{value:f}" for text, value in zip(texts, values, strict=True)]
    return texts
