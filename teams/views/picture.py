"""
The picture of an account team: its key account manager, direct members on a solid line, matrix on a dotted one.

Pure geometry: sizes are worked out here and written as attributes of the SVG, since a page has no inline style. There
are two layouts, one as wide as a desk and one as narrow as a phone; the same people stand in the table below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kamcomp.pages.figures import percent_text
from kamcomp.pages.wording import worded
from teams.models import Membership
from teams.selectors.teams import Team, person_name

WIDE, BOX_WIDE, KAM_WIDE = 806, 238, 230
NARROW, INSET = 340, 34
BOX, GAP, TOP = 44, 10, 2
LONGEST_BOX, LONGEST_KAM, LONGEST_NARROW = 34, 33, 40


@dataclass(frozen=True, kw_only=True)
class Box:
    """One person: where the box stands, what it says, and how much of its width the dedication fills."""

    x: int
    y: int
    width: int
    name: str
    role: str
    link: str
    fill: int
    height: int = BOX

    @property
    def middle(self) -> int:
        """Return the height at which its line arrives."""
        return self.y + self.height // 2

    @property
    def text_x(self) -> int:
        """Return where its words begin."""
        return self.x + 12

    @property
    def name_y(self) -> int:
        """Return the line its name stands on."""
        return self.y + 18

    @property
    def role_y(self) -> int:
        """Return the line its role stands on."""
        return self.y + 34

    @property
    def bar_y(self) -> int:
        """Return where its dedication is drawn."""
        return self.y + self.height - 4


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line from the key account manager to somebody."""

    path: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All that is drawn, and how large it is."""

    width: int
    height: int
    kam: Box | None
    boxes: list[Box]
    lines: list[Line]


def picture_wide(*, team: Team) -> Picture:
    """Return the picture for a desk: direct members to the left of the key account manager, matrix to the right."""
    rows = max(len(team.direct), len(team.matrix), 1)
    height = TOP + rows * (BOX + GAP)
    kam_x = (WIDE - KAM_WIDE) // 2
    kam = _kam(team, x=kam_x, y=TOP + (height - TOP - BOX - GAP) // 2, width=KAM_WIDE, most=LONGEST_KAM)
    middle = TOP + (height - TOP - GAP) // 2
    right = WIDE - BOX_WIDE
    direct = _column(team.direct, x=0, rows=rows, width=BOX_WIDE, most=LONGEST_BOX)
    matrix = _column(team.matrix, x=right, rows=rows, width=BOX_WIDE, most=LONGEST_BOX)
    lines = [
        *(_curve(kam_x, middle, BOX_WIDE, box.middle, link=box.link) for box in direct),
        *(_curve(kam_x + KAM_WIDE, middle, right, box.middle, link=box.link) for box in matrix),
    ]
    return Picture(width=WIDE, height=height, kam=kam, boxes=[*direct, *matrix], lines=lines)


def picture_narrow(*, team: Team) -> Picture:
    """Return the picture for a phone: the key account manager on top, everybody else below, hung on two lines."""
    kam = _kam(team, x=0, y=2, width=NARROW, most=LONGEST_NARROW)
    boxes, lines, y = [], [], BOX + 16
    for spine, members in ((20, team.direct), (9, team.matrix)):
        for member in members:
            box = _box(member, x=INSET, y=y, width=NARROW - INSET, most=LONGEST_NARROW)
            boxes.append(box)
            lines.append(Line(path=f"M{spine} {BOX + 2}V{box.middle}H{INSET}", link=box.link))
            y += BOX + GAP
    return Picture(width=NARROW, height=y, kam=kam, boxes=boxes, lines=lines)


def _kam(team: Team, *, x: int, y: int, width: int, most: int) -> Box | None:
    return None if team.kam is None else _box(team.kam, x=x, y=y, width=width, most=most)


def _column(members: Sequence[Membership], *, x: int, rows: int, width: int, most: int) -> list[Box]:
    above = (rows - len(members)) * (BOX + GAP) // 2
    return [
        _box(member, x=x, y=TOP + above + number * (BOX + GAP), width=width, most=most)
        for number, member in enumerate(members)
    ]


def _box(member: Membership, *, x: int, y: int, width: int, most: int) -> Box:
    share = percent_text(member.dedication, digits=0)
    role = _short(worded(member.role.name), most - len(share) - 3)
    return Box(
        x=x,
        y=y,
        width=width,
        name=_short(person_name(member.person), most),
        role=f"{role} · {share}",
        link=member.link,
        fill=int(width * min(member.dedication, 1)),
    )


def _curve(x: int, y: int, to_x: int, to_y: int, *, link: str) -> Line:
    half = (x + to_x) // 2
    return Line(path=f"M{x} {y}C{half} {y} {half} {to_y} {to_x} {to_y}", link=link)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
