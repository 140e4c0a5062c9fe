"""
Any part of a plan document as a form: its fields, the parts within it, and what can be added to it.

It is made from the places of the language, so that everything the language can say can be edited, each convention
by its words. What was typed and refused is shown again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __

from plans.engine.places import Holds, Place, codes_of, places_at, value_of
from plans.forms import METRIC_SHARES, NO, YES, Units, number_shown, point_shown, shown, suffix_of
from plans.views.words import field_words, record_words, worded

SET, POINT, FIGURE = "set:", "point:", "#figure"
OF_FIGURES = frozenset({Holds.NUMBER, Holds.VALUE, Holds.WHOLE, Holds.NUMBERS, Holds.SHARES, Holds.ROWS})
UNSHOWN = frozenset({"format", "kind", "children", "rounding"})
LONG = frozenset({"statement", "behaviour", "objective", "name"})


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The metrics that can be measured: name and unit by code."""

    names: Mapping[str, str]
    units: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One field: what it is called and shown as, and what was wrong with what was typed."""

    name: str
    label: str
    widget: str
    value: str
    suffix: str = ""
    options: Sequence[tuple[str, str, bool]] = ()
    figure: str = ""
    error: str = ""
    long: bool = False
    is_figure: bool = False

    @property
    def id(self) -> str:
        """Return the field's id on the page."""
        return field_id(self.name)


@dataclass(frozen=True, kw_only=True)
class PointRow:
    """A point of a curve: its place, and its three figures as fields."""

    at: str
    label: str
    x: Entry
    payout: Entry
    before: Entry
    slope: str

    @property
    def fields(self) -> tuple[Entry, Entry, Entry]:
        """Return the three fields in the order of the table."""
        return self.x, self.payout, self.before


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something that can be done with a part: the value of its button, and its words."""

    act: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part: its fields, its points where it is a curve, the parts within it, and what can be done with it."""

    at: str
    title: str
    entries: Sequence[Entry]
    points: Sequence[PointRow] = ()
    of_target: bool = True
    blocks: Sequence[Block] = ()
    offers: Sequence[Offer] = ()
    acts: Sequence[Offer] = ()

    @property
    def id(self) -> str:
        """Return the part's id on the page."""
        return field_id(self.at or "plan")


def field_id(name: str) -> str:
    """Return the id of a field on the page."""
    return "f-" + re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


@dataclass(kw_only=True)
class Editor:
    """Makes the blocks of one document; `typed` and `errors` are by field name, of what was refused."""

    document: Mapping[str, Any]
    metrics: Metrics
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def units_at(self, at: str) -> Units:
        """Return how figures of the part at a place are typed."""
        units = Units(currency=self.document["currency"])
        place: Any = self.document
        for step in at.split("/")[1:]:
            place = place[int(step)] if isinstance(place, list) else (place or {}).get(step)
            if isinstance(place, Mapping):
                units = self.units_of(place, units)
        return units

    def units_of(self, part: Mapping[str, Any], outer: Units) -> Units:
        """Return how figures of a part are typed that stands within another."""
        if "axis" in part:
            return replace(outer, result_is_share=part["axis"] == "attainment")
        if "reads" not in part:
            return outer
        of_target = part["reads"] == "attainment"
        unit = self.metrics.units.get(part.get("metric", ""), "")
        return replace(outer, result_is_share=of_target or unit in METRIC_SHARES)

    def block(
        self, at: str, *, title: str = "", skip: frozenset[str] = frozenset(), acts: Sequence[Offer] = ()
    ) -> Block:
        """Return the part at a place with everything within it."""
        units, part = self.units_at(at), value_of(self.document, at)
        entries: list[Entry] = []
        blocks: list[Block] = []
        offers: list[Offer] = []
        for place in places_at(document=self.document, at=at):
            if place.key in UNSHOWN | skip:
                continue
            if place.holds is Holds.PART:
                self._part(place, blocks, offers)
            elif place.holds is Holds.PARTS:
                self._parts(place, blocks, offers)
            elif place.holds is Holds.ROWS and place.record == "Curve":
                continue
            else:
                entries.append(self.entry(place, units))
        points = self.points(at, units) if isinstance(part, Mapping) and "points" in part else ()
        if points:
            offers.append(Offer(act=f"point:{at}", words=__("Add a point")))
        return Block(
            at=at, title=title, entries=entries, points=points, of_target=self._of_target(at), blocks=blocks,
            offers=offers, acts=acts,
        )  # fmt: skip

    def entry(self, place: Place, units: Units) -> Entry:
        """Return a field with its words, its options and what was typed into it."""
        name = f"{SET}{place.at}"
        text = self.typed.get(name, shown(place, units=units))
        widget, options, figure = "text", self._options(place, text), ""
        if place.holds is Holds.CHOICES:
            widget = "checks"
        elif options:
            widget = "select"
        elif place.holds is Holds.ROWS:
            widget = "area"
        elif place.holds is Holds.DAY:
            widget = "date"
        if place.holds is Holds.CLOSED:
            widget, (effect, _gap, figure) = "closed", text.partition(" ")
            options = _closed_options(effect)
            figure = self.typed.get(name + FIGURE, figure)
        return Entry(
            name=name,
            label=field_words(place.key, place.record),
            widget=widget,
            value=text,
            options=options,
            figure=figure,
            suffix="" if widget in ("select", "checks", "closed", "date") else self._suffix(place, units),
            error=self.errors.get(name, ""),
            long=place.key in LONG or widget == "area",
            is_figure=place.holds in OF_FIGURES,
        )

    def points(self, at: str, units: Units) -> list[PointRow]:
        """Return the points of a curve as fields, with the slope from the one before."""
        rows: list[PointRow] = []
        before: Sequence[str] | None = None
        for number, point in enumerate(value_of(self.document, f"{at}/points")):
            place = f"{at}/points/{number}"
            texts = dict(zip(("x", "payout", "before"), point_shown(point, units=units), strict=True))
            words = {"x": __("result"), "payout": __("pays"), "before": __("pays just before")}
            fields = {
                part: Entry(
                    name=f"{POINT}{place}:{part}",
                    label=__("Point %(number)s, %(part)s") % {"number": number + 1, "part": words[part]},
                    widget="text",
                    value=self.typed.get(f"{POINT}{place}:{part}", text),
                    suffix="" if part == "x" and not units.result_is_share else "%",
                    error=self.errors.get(f"{POINT}{place}:{part}", ""),
                )
                for part, text in texts.items()
            }
            rows.append(PointRow(at=place, label=str(number + 1), slope=_slope(before, point), **fields))
            before = point
        return rows

    def _part(self, place: Place, blocks: list[Block], offers: list[Offer]) -> None:
        words = field_words(place.key, place.record)
        if place.value is None:
            offers += [
                Offer(act=f"put:{place.at}:{record.__name__}", words=__("Add: %(what)s") % {"what": words})
                for record in place.records
            ]
            return
        acts = [Offer(act=f"blank:{place.at}", words=__("Take away"))] if place.optional else []
        others = place.records if len(place.records) > 1 else ()
        standing = "SlopeCurve" if "slopes" in place.value else "Curve"
        acts += [
            Offer(act=f"put:{place.at}:{record.__name__}", words=record_words(record.__name__))
            for record in others
            if record.__name__ != standing
        ]
        blocks.append(self.block(place.at, title=words, acts=acts))

    def _parts(self, place: Place, blocks: list[Block], offers: list[Offer]) -> None:
        last = len(place.value) - 1
        for number, part in enumerate(place.value):
            at = f"{place.at}/{number}"
            acts = [Offer(act=f"up:{at}", words=__("Up"))] if number else []
            acts += [Offer(act=f"down:{at}", words=__("Down"))] if number < last else []
            acts.append(Offer(act=f"remove:{at}", words=__("Take away")))
            called = part.get("name") or part.get("statement") or part.get("code") or str(number + 1)
            title = f"{record_words(_record(place, part))}: {called}"
            blocks.append(self.block(at, title=title, acts=acts))
        offers += [
            Offer(
                act=f"add:{place.at}:{record.__name__}",
                words=__("Add: %(what)s") % {"what": record_words(record.__name__)},
            )
            for record in place.records
        ]

    def _options(self, place: Place, text: str) -> list[tuple[str, str, bool]]:
        if place.holds is Holds.YES_NO:
            return [(YES, __("Yes"), text == YES), (NO, __("No"), text == NO)]
        if place.holds is Holds.CHOICES:
            chosen = self.typed.get(f"{SET}{place.at}", ",".join(place.value)).split(",")
            return [(str(each), worded(each), str(each) in chosen) for each in place.choices]
        if place.holds is Holds.CHOICE:
            found = [(str(each), worded(each), str(each) == text) for each in place.choices]
            return [("", "–", not text), *found] if place.optional else found
        if place.key == "metric":
            known = dict(self.metrics.names)
            known.setdefault(text, text)
            return [
                (code, f"{code} {name}" if name != code else code, code == text)
                for code, name in known.items()
            ]
        if place.key == "node":
            codes = codes_of(self.document["incentive"])
            return [("", __("the whole plan"), not text), *((code, code, code == text) for code in codes)]
        return []

    def _suffix(self, place: Place, units: Units) -> str:
        return suffix_of(key=place.key, record=place.record, units=units)

    def _of_target(self, at: str) -> bool:
        holder = value_of(self.document, at.rpartition("/")[0])
        return not isinstance(holder, Mapping) or holder.get("reads", "attainment") == "attainment"


def _record(place: Place, part: Mapping[str, Any]) -> str:
    kinds = {getattr(record, "kind", None): record.__name__ for record in place.records}
    return kinds.get(part.get("kind"), place.records[0].__name__)


def _slope(before: Sequence[str] | None, point: Sequence[str]) -> str:
    """Return how many points of payout a point of result brings from the point before."""
    if before is None:
        return ""
    run = Decimal(point[0]) - Decimal(before[0])
    rise = Decimal(point[1]) - Decimal(before[-1])
    return (
        number_shown(str((rise / run).quantize(Decimal("0.01")).normalize()), share=False) if run > 0 else ""
    )


def _closed_options(effect: str) -> list[tuple[str, str, bool]]:
    words = {
        "zero": __("nothing is paid"),
        "limit": __("at most this share is paid"),
        "factor": __("only this share is paid"),
    }
    return [(value, said, value == effect) for value, said in words.items()]
