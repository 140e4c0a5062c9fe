"""
The timeline of an account's objectives: each a bar over its horizon, with its milestones, and the line of today.

Pure geometry: sizes are worked out here and written as attributes of the SVG, since a page has no inline style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scorecards.selectors.programme import ObjectiveRow
from teams.choices import ObjectiveStatus

WIDE, LEFT, RIGHT, TOP, ROW, BAR = 720, 10, 710, 26, 40, 8
LONGEST = 80
MOST_TICKS = 8


@dataclass(frozen=True, kw_only=True)
class Tick:
    """The first day of a half year or year on the axis."""

    x: int
    label: str

    @property
    def anchor(self) -> str:
        """Return on which side of the line its label stands: one at the edge would be cut."""
        return "start" if self.x < LEFT + 20 else "middle"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A milestone: where it stands, and whether it is reached, late or to come."""

    x: int
    path: str
    state: str
    name: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class Row:
    """An objective: its words, and its bar."""

    words: str
    words_y: int
    x: int
    y: int
    width: int
    state: str
    steps: list[Step]


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """All that is drawn, and how large it is."""

    height: int
    ground: int
    today: int | None
    ticks: list[Tick]
    rows: list[Row]


def timeline(*, rows: Sequence[ObjectiveRow], today: date) -> Timeline | None:
    """Return the timeline of objectives that are not dropped; none where there are none."""
    kept = [row for row in rows if row.objective.status != ObjectiveStatus.DROPPED]
    if not kept:
        return None
    first = min([row.begins_on for row in kept] + [step.due_on for row in kept for step in row.milestones])
    last = max(row.objective.due_on for row in kept)
    days = max((last - first).days, 1)

    def at(day: date) -> int:
        return LEFT + (RIGHT - LEFT) * (day - first).days // days

    height = TOP + ROW * len(kept) + 6
    return Timeline(
        height=height,
        ground=height - 4,
        today=at(today) if first <= today <= last else None,
        ticks=_ticks(first=first, last=last, at=at),
        rows=[_row(row, number, at, today) for number, row in enumerate(kept)],
    )


def _row(row: ObjectiveRow, number: int, at: object, today: date) -> Row:
    assert callable(at)
    y, begins = TOP + ROW * number, max(at(row.begins_on), LEFT)
    middle = y + 24 + BAR // 2
    return Row(
        words=row.objective.statement[: LONGEST - 1]
        + ("…" if len(row.objective.statement) >= LONGEST else ""),
        words_y=y + 16,
        x=begins,
        y=y + 24,
        width=max(at(row.objective.due_on) - begins, 4),
        state=_state(row, today),
        steps=[
            Step(
                x=at(step.due_on),
                path=_diamond(at(step.due_on), middle),
                state="met" if step.reached_on else "late" if step.due_on < today else "open",
                name=step.name,
                due_on=step.due_on,
            )
            for step in row.milestones
        ],
    )


def _state(row: ObjectiveRow, today: date) -> str:
    status = row.objective.status
    if status in (ObjectiveStatus.MET, ObjectiveStatus.MISSED, ObjectiveStatus.DRAFT):
        return str(status)
    return "late" if row.objective.due_on < today else "agreed"


def _diamond(x: int, y: int) -> str:
    return f"M{x - 6},{y}L{x},{y - 6}L{x + 6},{y}L{x},{y + 6}Z"


def _ticks(*, first: date, last: date, at: object) -> list[Tick]:
    assert callable(at)
    months = (last.year - first.year) * 12 + last.month - first.month
    every = next((each for each in (1, 3, 6, 12, 24) if months // each <= MOST_TICKS), 60)
    ticks, day = [], date(first.year, 1, 1)
    while day <= last:
        if day >= first and at(day) <= RIGHT - 30:
            ticks.append(Tick(x=at(day), label=f"{day:%Y}" if day.month == 1 else f"{day:%m/%Y}"))
        month = day.month - 1 + every
        day = date(day.year + month // 12, month % 12 + 1, 1)
    return ticks
