"""
The worked tables of docs/reference/formulas.md, and the register of what computes each.

A worked table has the columns `gives` (one or more figures, " / " between them) and
`origin`; its other columns are what the figures are made from. JSON in a cell is what
stands in a plan or case document. A figure that ends in "…" is cut off, not rounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext
from pathlib import Path
from typing import Any

from kamcomp.money import CONTEXT
from kamcomp.refusal import Refusal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "formulas.md"
GIVES, ORIGIN = "gives", "origin"
BETWEEN = " / "

Row = dict[str, str]
Key = tuple[str, tuple[str, ...]]
Rule = Callable[[Row], Any]
RULES: dict[Key, Rule] = {}


@dataclass(frozen=True)
class WorkedRow:
    """One line of a worked table: where it stands, what it is made from, what it gives and who says so."""

    section: str
    line: int
    made_from: Row
    gives: str
    origin: str

    @property
    def key(self) -> Key:
        """Return what the register knows the row's table by: its section and the columns it is made from."""
        return self.section, tuple(self.made_from)


def works_out(section: str, *columns: str) -> Callable[[Rule], Rule]:
    """Register what computes the table of a section that is made from these columns."""

    def registered(rule: Rule) -> Rule:
        if (section, columns) in RULES:
            raise ValueError(f"two rules for {section}, {columns}")
        RULES[section, columns] = rule
        return rule

    return registered


def sections() -> dict[str, list[tuple[int, str]]]:
    """Return the numbered lines of each section (## or ###) of the page, in order."""
    found: dict[str, list[tuple[int, str]]] = {}
    here: list[tuple[int, str]] = []
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), start=1):
        if heading := re.match(r"#{2,3} (.+)", line):
            here = found.setdefault(heading[1], [])
        else:
            here.append((number, line))
    return found


def worked_rows() -> list[WorkedRow]:
    """Return every line of every worked table of the page."""
    found = []
    for section, lines in sections().items():
        header: list[str] = []
        for number, line in lines:
            if not line.startswith("|"):
                header = []
            elif not header:
                header = _cells(line)
            elif GIVES in header and not line.startswith("|---"):
                row = dict(zip(header, _cells(line), strict=True))
                gives, origin = row.pop(GIVES), row.pop(ORIGIN, "")
                found.append(WorkedRow(section, number, row, gives, origin))
    return found


def defined(section: str, name: str) -> Any:
    """Return what the JSON block of a section calls by a name: a curve, a grid, a table of rates."""
    text = "\n".join(line for _, line in sections()[section])
    blocks = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {key: value for block in blocks for key, value in json.loads(block).items()}[name]


def number(cell: str) -> Decimal:
    """Return a figure of a cell: commas group, a minus sign may be the long one, per cent divides."""
    figure, _, unit = cell.replace(",", "").replace("−", "-").partition(" ")
    return Decimal(figure) / 100 if unit == "%" else Decimal(figure)


def numbers(cell: str) -> list[Decimal]:
    """Return the figures of a cell; a per cent sign behind the last counts for all of them."""
    parts = cell.removesuffix(" %").split(BETWEEN)
    return [number(part + " %" if cell.endswith("%") else part) for part in parts]


def document(cell: str) -> Any:
    """Return the JSON of a cell; an empty one is the empty object."""
    return json.loads(cell.strip("`") or "{}")


def computed(row: WorkedRow) -> str:
    """Return what the product makes of a row, written as the page writes it."""
    with localcontext(CONTEXT):
        try:
            found = RULES[row.key](row.made_from)
        except Refusal:
            return "refused"
        if isinstance(found, str):
            return found
        values = list(found) if isinstance(found, Iterable) else [found]
        likes = row.gives.split(BETWEEN)
        if len(values) != len(likes):
            return BETWEEN.join(str(value) for value in values)
        percent = row.gives.endswith(" %")
        return BETWEEN.join(_shown(Decimal(v), like, percent) for v, like in zip(values, likes, strict=True))


def _shown(value: Decimal, like: str, percent: bool) -> str:
    """Return a value with the decimals and signs of the page; a figure that is not exactly it shows every digit."""
    figure = like.removesuffix(" %").rstrip("…")
    scaled = value * 100 if percent else value
    unit = Decimal(1).scaleb(-len(figure.partition(".")[2]))
    cut = scaled.quantize(unit, rounding=ROUND_DOWN)
    if cut != scaled and "…" not in like:
        return str(value)
    text = f"{cut:,f}".replace("-", "−")
    return text + ("…" if "…" in like else "") + (" %" if like.endswith(" %") else "")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
