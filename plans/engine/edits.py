"""
Edits of a plan document: small operations on places, each with the operations that take it back.

A document is edited by setting, adding, removing and moving what stands at a JSON pointer. What an edit changed
can be taken back exactly, so that steps can be undone without keeping a copy of the document for each of them.
Two edits of two people go together where neither touches the other's place. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kamcomp.refusal import Refusal


class PlaceUnknown(Refusal):
    """An edit names a place that the document does not have."""


class EditUnreadable(Refusal):
    """An edit is not written as one."""


class EditKind(StrEnum):
    """What an edit does at its place."""

    SET = "set"
    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """
    One operation: `value` is what a set or an add puts there, `to` is where a move leads.

    An add names the position in a list that the value will have; `-` is behind the last one.
    """

    kind: EditKind
    at: str
    value: Any = None
    to: str = ""


Edited = tuple[dict[str, Any], tuple[Edit, ...]]
MOST_DIGITS = 5
"""Of a position in a list; a longer number is none."""


def set_at(at: str, value: Any) -> Edit:
    """Return the edit that puts a value at a place, in place of what stands there."""
    return Edit(kind=EditKind.SET, at=at, value=value)


def add_at(at: str, value: Any) -> Edit:
    """Return the edit that adds a value to a list, at a position or behind the last one."""
    return Edit(kind=EditKind.ADD, at=at, value=value)


def remove_at(at: str) -> Edit:
    """Return the edit that takes away what stands at a place."""
    return Edit(kind=EditKind.REMOVE, at=at)


def move_to(at: str, to: str) -> Edit:
    """Return the edit that takes what stands at a place of a list to another one."""
    return Edit(kind=EditKind.MOVE, at=at, to=to)


def edited(*, document: Mapping[str, Any], edits: Iterable[Edit]) -> Edited:
    """
    Return a copy of a document with edits made in their order, and the edits that take them back, in theirs.

    :raises PlaceUnknown: naming the place that the document does not have.
    """
    changed: Any = copy.deepcopy(dict(document))
    back: list[Edit] = []
    for edit in edits:
        changed, inverse = _made(changed, edit)
        back.extend(inverse)
    return changed, tuple(reversed(back))


def edits_written(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Return edits as they are kept and sent: JSON objects."""
    written = []
    for edit in edits:
        row: dict[str, Any] = {"kind": str(edit.kind), "at": edit.at}
        if edit.kind in (EditKind.SET, EditKind.ADD):
            row["value"] = edit.value
        if edit.kind is EditKind.MOVE:
            row["to"] = edit.to
        written.append(row)
    return written


def edits_read(rows: Any) -> tuple[Edit, ...]:
    """
    Return edits as they were kept or sent.

    :raises EditUnreadable: naming the one that is not written as an edit.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise EditUnreadable("Edits are a list of objects with kind, at, and value or to.")
    return tuple(_edit_read(number, row) for number, row in enumerate(rows, start=1))


def touches(one: Iterable[Edit], other: Iterable[Edit]) -> tuple[str, ...]:
    """Return the places of `one` that edits of `other` lie at, in or around: where they do not go together."""
    theirs = {_touched(place) for edit in other for place in _places(edit)}
    mine = dict.fromkeys(_touched(place) for edit in one for place in _places(edit))
    return tuple(
        "".join(f"/{step}" for step in place)
        for place in mine
        if any(place[: len(each)] == each or each[: len(place)] == place for each in theirs)
    )


def position_named(step: str, *, count: int = 10**MOST_DIGITS) -> int | None:
    """Return the position that a step of a place names in a list of `count`; None where it names none of them."""
    if not (step.isascii() and step.isdigit()) or len(step) > MOST_DIGITS:
        return None
    return int(step) if int(step) < count else None


def _edit_read(number: int, row: Any) -> Edit:
    if not isinstance(row, Mapping) or row.get("kind") not in set(EditKind):
        raise EditUnreadable(
            "Edit %(number)s names none of %(editkind)s as its kind.",
            number=number,
            editkind=", ".join(EditKind),
        )
    kind, at, to = EditKind(row["kind"]), row.get("at"), row.get("to", "")
    known = {"kind", "at"} | ({"to"} if kind is EditKind.MOVE else set())
    known |= {"value"} if kind in (EditKind.SET, EditKind.ADD) else set()
    for place in (at, to):
        if not isinstance(place, str) or (place and not place.startswith("/")):
            raise EditUnreadable(
                "Edit %(number)s: %(place)s is no place; one is written like /pay/base_share.",
                number=number,
                place=repr(place),
            )
    if set(row) != known:
        raise EditUnreadable(
            "Edit %(number)s: %(kind)s goes with %(known)s, and nothing else.",
            number=number,
            kind=kind,
            known=", ".join(sorted(known)),
        )
    return Edit(kind=kind, at=str(at), value=row.get("value"), to=to)


def _places(edit: Edit) -> list[tuple[bool, str]]:
    """Return the places an edit changes, with whether it shifts what stands beside them."""
    shifts = edit.kind is not EditKind.SET
    return [(shifts, edit.at), (True, edit.to)] if edit.kind is EditKind.MOVE else [(shifts, edit.at)]


def _touched(place: tuple[bool, str]) -> tuple[str, ...]:
    shifts, at = place
    steps = tuple(at.split("/")[1:])
    in_list = bool(steps) and (position_named(steps[-1]) is not None or steps[-1] == "-")
    return steps[:-1] if shifts and in_list else steps


def _made(document: Any, edit: Edit) -> tuple[Any, list[Edit]]:
    if edit.kind is EditKind.MOVE:
        value = copy.deepcopy(_taken_from(document, edit.at))
        document, _gone = _removed(document, edit.at)
        document, _there = _added(document, edit.to, value)
        return document, [move_to(edit.to, edit.at)]
    if edit.kind is EditKind.REMOVE:
        return _removed(document, edit.at)
    value = copy.deepcopy(edit.value)
    return _added(document, edit.at, value) if edit.kind is EditKind.ADD else _set(document, edit.at, value)


def _set(document: Any, at: str, value: Any) -> tuple[Any, list[Edit]]:
    if not at:
        return value, [set_at("", document)]
    made, place, last = _place(document, at)
    if isinstance(place, list):
        position = _position(place, last, at)
        inverse = set_at(at, place[position])
        place[position] = value
    else:
        inverse = set_at(at, place[last]) if last in place else remove_at(at)
        place[last] = value
    # Where a part had to be made for the value to stand in, taking back takes that part away again.
    return document, [made or inverse]


def _added(document: Any, at: str, value: Any) -> tuple[Any, list[Edit]]:
    made, place, last = _place(document, at)
    if not isinstance(place, list):
        raise PlaceUnknown("There is no list to add to at %(at)s.", at=at)
    position = len(place) if last == "-" else _position(place, last, at, beyond=True)
    place.insert(position, value)
    return document, [made or remove_at(f"{at.rpartition('/')[0]}/{position}")]


def _removed(document: Any, at: str) -> tuple[Any, list[Edit]]:
    _made_part, place, last = _place(document, at, make=False)
    if isinstance(place, list):
        return document, [add_at(at, place.pop(_position(place, last, at)))]
    if last not in place:
        return document, []
    return document, [set_at(at, place.pop(last))]


def _taken_from(document: Any, at: str) -> Any:
    _made_part, place, last = _place(document, at, make=False)
    if isinstance(place, list):
        return place[_position(place, last, at)]
    raise PlaceUnknown("Only what stands in a list is moved; %(at)s does not.", at=at)


def _place(document: Any, at: str, *, make: bool = True) -> tuple[Edit | None, Any, str]:
    """Return what holds a place, its last step, and what takes away a part that was made on the way."""
    if not at:
        raise PlaceUnknown("The whole document can be set, not added, removed or moved.")
    *path, last = [step.replace("~1", "/").replace("~0", "~") for step in at.split("/")[1:]]
    place, way, made = document, "", None
    for step in path:
        way += "/" + step.replace("~", "~0").replace("/", "~1")
        if isinstance(place, list):
            place = place[_position(place, step, at)]
        elif place.get(step) is None:
            if not make:
                raise PlaceUnknown("The document has no place %(at)s.", at=at)
            made = made or (set_at(way, None) if step in place else remove_at(way))
            place[step] = {}
            place = place[step]
        else:
            place = place[step]
        if not isinstance(place, dict | list):
            raise PlaceUnknown("The document has no place %(at)s: %(way)s is a single value.", at=at, way=way)
    return made, place, last


def _position(place: list[Any], step: str, at: str, *, beyond: bool = False) -> int:
    position = position_named(step, count=len(place) + beyond)
    if position is None:
        raise PlaceUnknown("The document has no place %(at)s; somebody may have changed it meanwhile.", at=at)
    return position
