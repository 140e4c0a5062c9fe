"""Points of curves that are moved while looking at figures: laid over the document, which is not changed by it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plans.engine.document import plan_from_document
from plans.engine.edits import Edit, set_at

Moves = Mapping[tuple[str, int], tuple[str | None, str | None]]


@dataclass(frozen=True, kw_only=True)
class Handle:
    """A point of a leaf's curve that can be moved: where it stands in the document, its result and what it pays."""

    at: str
    leaf: str
    name: str
    number: int
    x: str
    pays: str
    of_target: bool


def handles_of(*, document: Mapping[str, Any]) -> list[Handle]:
    """Return the points of all curves given by points, in the order of the tree."""
    return list(_handles(document.get("incentive") or {}, "/incentive"))


def _handles(node: Mapping[str, Any], at: str) -> Iterator[Handle]:
    for place, child in enumerate(node.get("children") or ()):
        here = f"{at}/children/{place}"
        points = (child.get("curve") or {}).get("points") or ()
        for number, point in enumerate(points):
            yield Handle(
                at=f"{here}/curve/points/{number}",
                leaf=child["code"],
                name=child.get("name") or child["code"],
                number=number,
                x=point[0],
                pays=point[-1],
                of_target=child.get("reads", "attainment") == "attainment",
            )
        yield from _handles(child, here)


def moved(*, document: Mapping[str, Any], moves: Moves) -> dict[str, Any]:
    """Return a copy of the document with its points where they were moved to; unknown points are left alone."""
    found = copy.deepcopy(dict(document))
    for handle in handles_of(document=document):
        x, pays = moves.get((handle.leaf, handle.number), (None, None))
        if x is None and pays is None:
            continue
        point = _point(found, handle.at)
        if x is not None:
            point[0] = x
        if pays is not None:
            # A jump keeps where it comes from; a plain point arrives where it pays.
            point[-1] = pays
    return found


def point_edits(*, document: Mapping[str, Any], moves: Moves) -> list[Edit]:
    """
    Return the moved points as edits of the document, each of a whole point; a jump keeps where it comes from.

    :raises DocumentInvalid: if the document with them breaks a law of the language.
    """
    changed = moved(document=document, moves=moves)
    plan_from_document(changed)
    places = [handle.at for handle in handles_of(document=document)]
    pairs = [(at, _point(changed, at), _point(document, at)) for at in places]
    return [set_at(at, now) for at, now, before in pairs if now != before]


def _point(document: Mapping[str, Any], at: str) -> list[str]:
    place: Any = document
    for step in at.split("/")[1:]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    found: list[str] = place
    return found
