"""
Changes of a plan document: what a finding proposes, and what applying it does.

A change puts a value at a JSON pointer, or takes it away; the document it is applied to is not touched. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kamcomp.refusal import Refusal
from plans.engine.edits import position_named


class PlaceGone(Refusal):
    """A change names a place that the document does not have."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A value put at a JSON pointer; `taken` takes away what stands there instead."""

    at: str
    value: Any = None
    taken: bool = False


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A proposed mend: what it does in words, and the changes in their order."""

    words: str
    changes: tuple[Change, ...]


def put(words: str, **places: Any) -> Fix:
    """Return a fix of one change: `put("...", at="/pay/base_share", value="0.75")`."""
    return Fix(words=words, changes=(Change(**places),))


def fix_applied(*, document: Mapping[str, Any], fix: Fix) -> dict[str, Any]:
    """
    Return a copy of a document with the changes of a fix made, in their order.

    :raises PlaceGone: naming the place that is not in the document.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for change in fix.changes:
        _make(changed, change)
    return changed


def value_at(*, document: Any, at: str) -> Any:
    """
    Return what stands at a JSON pointer, None where nothing does.

    A member that is left out is nothing; a position beyond a list is one too.
    """
    value = document
    for step in _steps(at):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _make(document: dict[str, Any], change: Change) -> None:
    *path, last = _steps(change.at)
    place: Any = document
    for step in path:
        place = _within(place, step, change.at)
    if isinstance(place, list):
        position = len(place) if last == "-" else int(last)
        if change.taken:
            del place[position]
        elif position >= len(place):
            place.append(change.value)
        else:
            place[position] = change.value
    elif change.taken:
        place.pop(last, None)
    else:
        place[last] = change.value


def _within(place: Any, step: str, at: str) -> Any:
    if isinstance(place, list):
        position = position_named(step, count=len(place))
        if position is None:
            raise PlaceGone(
                "The document has no place %(at)s; check it again, it has changed meanwhile.", at=at
            )
        return place[position]
    if place.get(step) is None:
        place[step] = {}
    return place[step]


def _steps(at: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in at.split("/")[1:]]
