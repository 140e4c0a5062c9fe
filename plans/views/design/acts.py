"""
What was posted from the designer, as edits of the document: fields that were typed into, and the button pressed.

Only what differs from what was shown is an edit, so that a form does not change back what somebody else changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.trace import decimal_text
from plans.engine.edits import Edit, add_at, edited, move_to, position_named, remove_at, set_at
from plans.engine.places import Holds, Place, new_part, places_at, record_named, value_of
from plans.engine.weights import branches_summed, rest_spread
from plans.forms import number_typed, point_shown, shown, typed
from plans.views.design.blocks import FIGURE, POINT, SET, Editor

UNKNOWN = _("The page asked for something that is not offered; load it again.")
STEP = Decimal("0.10")
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "straight": {"shape": "linear", "below": "zero", "above": "cap",
                 "points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.50"]]},
    "accelerated": {"shape": "linear", "below": "zero", "above": "cap",
                    "points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.60"]]},
    "proportional": {"shape": "linear", "below": "zero", "above": "extend",
                     "points": [["0", "0"], ["1.00", "1.00"]]},
    "renewal": {"shape": "linear", "below": "zero", "above": "cap",
                "points": [["0.90", "0", "0.50"], ["1.00", "1.00"], ["1.10", "1.25"]]},
    "steps": {"shape": "step", "below": "zero", "above": "cap",
              "points": [["0.80", "0.50"], ["0.90", "0.75"], ["1.00", "1.00"], ["1.10", "1.25"]]},
    "all_or_nothing": {"shape": "step", "below": "zero", "above": "cap", "points": [["1.00", "1.00"]]},
}  # fmt: skip


class ActUnknown(Refusal):
    """A button says what it does with which place."""


@dataclass(kw_only=True)
class Posted:
    """What a form said: the edits of its fields, what was typed, and what could not be read, by field name."""

    edits: list[Edit] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def posted_read(*, data: QueryDict, base: Mapping[str, Any], editor: Editor) -> Posted:
    """Return what was typed into the fields of a form that showed `base`."""
    posted = Posted()
    places: dict[str, dict[str, Place]] = {}
    points: dict[str, dict[str, str]] = {}
    for name in data:
        if name.startswith(SET) and not name.endswith(FIGURE):
            _field(name, data, base, editor, places, posted)
        elif name.startswith(POINT):
            at, _colon, part = name.removeprefix(POINT).rpartition(":")
            points.setdefault(at, {})[part] = str(data[name])
    for at, parts in points.items():
        _point(at, parts, base, editor, posted)
    return posted


def act_edits(*, act: str, data: QueryDict, document: Mapping[str, Any]) -> list[Edit]:
    """
    Return the edits of a button on the document as it stands.

    :raises ActUnknown: if there is no such button.
    """
    kind, _colon, rest = act.partition(":")
    at, _last, record = rest.rpartition(":")
    if kind == "add":
        return [add_at(f"{at}/-", new_part(document=document, record=record_named(record)))]
    if kind == "put":
        return [set_at(at, new_part(document=document, record=record_named(record)))]
    if kind == "blank":
        return [set_at(rest, None)]
    if kind == "remove":
        return [remove_at(rest)]
    if kind in ("up", "down"):
        holder, _slash, number = rest.rpartition("/")
        if (position := position_named(number)) is None:
            raise ActUnknown(str(UNKNOWN))
        return [move_to(rest, f"{holder}/{position + (1 if kind == 'down' else -1)}")]
    if kind == "point":
        return [add_at(f"{rest}/points/-", _next_point(value_of(document, f"{rest}/points") or []))]
    if kind == "preset" and (preset := str(data.get("preset", ""))) in PRESETS:
        return [set_at(rest, dict(PRESETS[preset]))]
    if kind == "spread":
        return rest_spread(document=document)
    raise ActUnknown(str(UNKNOWN))


def whole_edits(*, document: Mapping[str, Any], edits: Sequence[Edit]) -> list[Edit]:
    """Return edits with those after which branches weigh what stands under them, if the tree was touched."""
    of_tree = [
        edit for edit in edits if "/children" in edit.at and ("/weight" in edit.at or edit.kind != "set")
    ]
    if not of_tree:
        return list(edits)
    changed, _back = edited(document=document, edits=edits)
    return [*edits, *branches_summed(document=changed)]


def _field(
    name: str,
    data: QueryDict,
    base: Mapping[str, Any],
    editor: Editor,
    places: dict[str, dict[str, Place]],
    posted: Posted,
) -> None:
    at = name.removeprefix(SET)
    part = at.rpartition("/")[0]
    try:
        if part not in places:
            places[part] = {place.at: place for place in places_at(document=base, at=part)}
        place = places[part].get(at)
        if place is None:
            return
        units = editor.units_at(part)
        if place.holds is Holds.CHOICES:
            chosen = [value for value in data.getlist(name) if value]
            text, same = ",".join(chosen), set(chosen) == set(place.value)
        else:
            text = str(data[name])
            if place.holds is Holds.CLOSED:
                text = text if text == "zero" else f"{text} {data.get(name + FIGURE, '')}".strip()
            same = text.strip().replace("\r\n", "\n") == shown(place, units=units)
        if same:
            return
        posted.typed[name] = text
        if place.holds is Holds.CHOICES:
            offered = [str(each) for each in place.choices]
            kept = [value for value in place.value if value in text.split(",")]
            posted.edits.append(
                set_at(at, kept + [one for one in offered if one in text.split(",") and one not in kept])
            )
        else:
            posted.edits.append(set_at(at, typed(place, text, units=units)))
    except Refusal as refusal:
        posted.typed[name] = str(data[name])
        posted.errors[name] = worded(refusal)


def _point(
    at: str, parts: Mapping[str, str], base: Mapping[str, Any], editor: Editor, posted: Posted
) -> None:
    point = value_of(base, at)
    if not isinstance(point, list) or set(parts) != {"x", "payout", "before"}:
        return
    units = editor.units_at(at)
    was = dict(zip(("x", "payout", "before"), point_shown(point, units=units), strict=True))
    changed = [part for part, text in parts.items() if text.strip() != was[part]]
    if not changed:
        return
    for part in changed:
        posted.typed[f"{POINT}{at}:{part}"] = parts[part]
    now = {"x": point[0], "payout": point[-1], "before": point[1] if len(point) == 3 else ""}
    for part in changed:
        try:
            share = part != "x" or units.result_is_share
            now[part] = number_typed(parts[part], share=share) if parts[part].strip() else ""
        except Refusal as refusal:
            posted.errors[f"{POINT}{at}:{part}"] = worded(refusal)
            return
    value = [now["x"], now["before"], now["payout"]] if now["before"] else [now["x"], now["payout"]]
    posted.edits.append(set_at(at, value))


def _next_point(points: Sequence[Sequence[str]]) -> list[str]:
    if not points:
        return ["1.00", "1.00"]
    last = points[-1]
    return [decimal_text(Decimal(last[0]) + STEP), last[-1]]
