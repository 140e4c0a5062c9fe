"""
What was mended in a file before its commit: single cells, and rows left out on purpose.

The file itself stays as it was uploaded; a mend is said by line and source column, with what stood there, and is
kept with the batch. Pure.
Rules: docs/reference/files.md, "Mending".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kamcomp.imports.files import RawTable
from kamcomp.refusal import Refusal

LONGEST_CELL = 4_000


class MendUnusable(Refusal):
    """A mend names a line or a column that the file does not have."""


@dataclass(frozen=True, kw_only=True)
class CellMend:
    """A cell with what stood there and what stands there now; without a column the whole row is left out."""

    line: int
    column: str = ""
    before: str = ""
    text: str = ""


@dataclass(frozen=True)
class Mends:
    """All that was mended in one file, at most one mend a cell."""

    cells: Mapping[tuple[int, str], CellMend] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cells)

    @property
    def left_out(self) -> set[int]:
        """Return the lines left out."""
        return {line for line, column in self.cells if not column}

    @property
    def document(self) -> list[dict[str, Any]]:
        """Return the mends as JSON, by line and column."""
        return [
            {"line": mend.line, "column": mend.column, "before": mend.before, "text": mend.text}
            for _key, mend in sorted(self.cells.items())
        ]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what is read differently from the file."""
        text = json.dumps([[mend.line, mend.column, mend.text] for _key, mend in sorted(self.cells.items())])
        return hashlib.sha256(text.encode()).hexdigest()

    def and_also(self, mends: Sequence[CellMend]) -> Mends:
        """Return these mends with more; of a cell mended again the first `before` stays, undone ones are gone."""
        cells = dict(self.cells)
        for mend in mends:
            key = (mend.line, mend.column)
            first = cells.get(key)
            cells[key] = replace(mend, before=first.before) if first else mend
            if mend.column and cells[key].text == cells[key].before:
                del cells[key]
        return Mends(cells)

    def with_row_back(self, line: int) -> Mends:
        """Return these mends without having left out a row."""
        return Mends({key: mend for key, mend in self.cells.items() if key != (line, "")})

    def applied(self, table: RawTable) -> RawTable:
        """
        Return the table as mended.

        :raises MendUnusable: if a mend names a line or column that the file does not have.
        """
        if not self.cells:
            return table
        places = {line: place for place, line in enumerate(table.lines)}
        columns = dict(zip(table.header, table.columns, strict=True))
        for (line, column), mend in self.cells.items():
            if column and (line not in places or column not in columns):
                raise MendUnusable(
                    "Line %(line)s has no column %(column)s to mend: look at the file again.",
                    line=line,
                    column=f"{column!r}",
                )
            if column:
                columns[column][places[line]] = mend.text
        gone = self.left_out
        if gone:
            kept = [place for place, line in enumerate(table.lines) if line not in gone]
            table.lines = [table.lines[place] for place in kept]
            table.columns = [[texts[place] for place in kept] for texts in table.columns]
            table.findings = [finding for finding in table.findings if finding.line not in gone]
        return table


NO_MENDS = Mends()


def mends_of(document: Sequence[Mapping[str, Any]]) -> Mends:
    """Return the mends that a JSON document says."""
    mends = [
        CellMend(line=each["line"], column=each["column"], before=each["before"], text=each["text"])
        for each in document
    ]
    return Mends({(mend.line, mend.column): mend for mend in mends})
