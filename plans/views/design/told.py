"""What was done to a draft, told in words: its steps, and the fields that two people changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as __

from plans.engine.edits import position_named
from plans.engine.places import PlaceUnread, places_at, value_of
from plans.forms import shown
from plans.models import Draft
from plans.views.design.blocks import POINT, SET, Editor
from plans.views.words import field_words

STEPS_SHOWN = 100


def steps_told(draft: Draft) -> list[dict[str, Any]]:
    """Return the last steps of a draft, newest first, each with its changes in words."""
    rows = draft.steps.select_related("created_by").order_by("-number")[:STEPS_SHOWN]
    return [
        {"step": row, "changes": [_change_words(draft.document, *pair) for pair in _pairs(row)]}
        for row in rows
    ]


def _pairs(row: Any) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    back = list(reversed(row.back))
    return [(edit, back[number] if number < len(back) else None) for number, edit in enumerate(row.edits)]


def _change_words(document: Any, edit: Mapping[str, Any], back: Mapping[str, Any] | None) -> str:
    place = _place_words(document, edit["at"])
    if edit["kind"] == "set" and not isinstance(edit.get("value"), dict | list):
        before = back.get("value") if back else None
        return f"{place}: {_plain(before)} → {_plain(edit.get('value'))}"
    words = {"set": __("changed"), "add": __("added"), "remove": __("taken away"), "move": __("moved")}
    return f"{place}: {words[edit['kind']]}"


def _plain(value: Any) -> str:
    return "–" if value in (None, "") or isinstance(value, dict | list) else str(value)


def _place_words(document: Any, at: str) -> str:
    names: list[str] = []
    place: Any = document
    for step in at.split("/")[1:]:
        if isinstance(place, list):
            position = position_named(step, count=len(place))
            place = None if position is None else place[position]
            if isinstance(place, Mapping):
                names = [*names[-1:], str(place.get("name") or place.get("code") or "")][-1:]
        else:
            place = place.get(step) if isinstance(place, Mapping) else None
            if step not in ("children", "incentive"):
                names.append(field_words(step, ""))
    return " · ".join(name for name in names if name) or __("The plan")


def text_now(name: str, editor: Editor) -> str:
    """Return what a field shows of a document."""
    if name.startswith(POINT):
        at, _colon, part = name.removeprefix(POINT).rpartition(":")
        rows = (
            editor.points(at.rpartition("/points/")[0], editor.units_at(at))
            if value_of(editor.document, at)
            else []
        )
        return next((getattr(row, part).value for row in rows if row.at == at), "")
    at = name.removeprefix(SET)
    try:
        places = places_at(document=editor.document, at=at.rpartition("/")[0])
    except PlaceUnread:
        return ""
    place = next((each for each in places if each.at == at), None)
    return shown(place, units=editor.units_at(at.rpartition("/")[0])) if place else ""


def name_told(document: Any, name: str) -> str:
    """Return what people call the place that a field is of."""
    at = name.removeprefix(SET).removeprefix(POINT).partition(":")[0]
    return _place_words(document, at)


def whole_points(carried: dict[str, str], editor: Editor) -> dict[str, str]:
    """Return what is carried along with the other figures of each point that was typed into."""
    whole = dict(carried)
    for name in list(carried):
        if name.startswith(POINT):
            at = name.removeprefix(POINT).rpartition(":")[0]
            for part in ("x", "payout", "before"):
                whole.setdefault(f"{POINT}{at}:{part}", text_now(f"{POINT}{at}:{part}", editor))
    return whole
