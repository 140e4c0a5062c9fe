"""
How a table becomes a file: CSV, NDJSON or XLSX, written row by row in constant memory.

A file is written under a temporary name in its folder, flushed to the disk and renamed
when it is whole, so that nobody ever meets half a file; on any failure the part is removed.
The same rows and the same facts give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from kamcomp.formula_guard import guarded
from payouts.choices import ExportFormat
from payouts.exports.tables import Cell, Column, ColumnKind, Row, Table

READ_SIZE = 1 << 20
CELL_CHARACTERS = 32_767
SHEET_ROWS = 1_048_576


class SheetTooLong(Exception):
    """A spreadsheet holds a million rows; the file has more."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written: rows, totals by currency in plain notation, and the digest of the bytes."""

    rows: int
    totals: Mapping[str, str]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What a file says of itself: facts by name, in order, and the moment it counts as made."""

    facts: Mapping[str, str]
    made_at: datetime


def file_write(*, table: Table, file_format: ExportFormat, path: Path, about: About) -> Written:
    """
    Write a table to `path`, whole or not at all.

    :raises OSError: if the disk does not take it; nothing is left behind.
    :raises SheetTooLong: if a spreadsheet cannot hold the rows.
    """
    totals = _Totals(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _whole(path) as part:
        WRITERS[file_format](table, totals, part, about)
    return Written(rows=totals.rows, totals=totals.plain(), sha256=file_digest(path=path))


def file_digest(*, path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(READ_SIZE):
            digest.update(piece)
    return digest.hexdigest()


class _Totals:
    """Counts the rows that pass, and adds their amounts by currency."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = 0
        self.sums: dict[str, Decimal] = defaultdict(Decimal)

    def passing(self) -> Iterator[Row]:
        """Yield the table's rows, counting them."""
        amount, currency = self.table.amount, self.table.currency
        for row in self.table.rows:
            self.rows += 1
            value = None if amount is None else row[amount]
            if currency is not None and isinstance(value, Decimal):
                self.sums[str(row[currency])] += value
            yield row

    def plain(self) -> dict[str, str]:
        """Return the sums in plain notation, by currency in rising order."""
        return {currency: f"{self.sums[currency]:f}" for currency in sorted(self.sums)}


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    # What a killed writer left takes room and is nobody's: a file has one writer at a time, who holds its run.
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
        try:
            yield part
            part.flush()
            os.fsync(part.fileno())
            os.replace(part.name, path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _csv(table: Table, totals: _Totals, part: IO[bytes], _about: About) -> None:
    line = StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")

    def put(cells: Any) -> None:
        writer.writerow(cells)
        part.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()

    put([column.name for column in table.columns])
    for row in totals.passing():
        put([_as_text(cell, column) for cell, column in zip(row, table.columns, strict=True)])


def _ndjson(table: Table, totals: _Totals, part: IO[bytes], about: About) -> None:
    digest = hashlib.sha256()

    def put(record: Mapping[str, Any]) -> None:
        data = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        digest.update(data)
        part.write(data)

    for row in totals.passing():
        put({column.name: _as_json(cell) for cell, column in zip(row, table.columns, strict=True)})
    facts = {"rows": totals.rows, "totals": totals.plain(), "sha256": digest.hexdigest()}
    put({"_summary": {**facts, "about": dict(about.facts)}})


def _xlsx(table: Table, totals: _Totals, part: IO[bytes], about: About) -> None:
    failed: OSError | None = None
    try:
        _workbook(table, totals, part, about)
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        failed = OSError(getattr(cause, "errno", None), getattr(cause, "strerror", None) or str(cause))
    if failed is not None:
        # Raised out here, so that nothing holds on to the half-written archive and the disk is free again.
        raise failed


def _workbook(table: Table, totals: _Totals, part: IO[bytes], about: About) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(part.name, options) as book:
        book.set_properties({"title": table.title, "created": about.made_at.replace(tzinfo=None)})
        sheet, bold = book.add_worksheet(table.title[:31]), book.add_format({"bold": True})
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.name, bold)
        sheet.freeze_panes(1, 0)
        number = 0
        for number, row in enumerate(totals.passing(), start=1):
            if number >= SHEET_ROWS:
                raise SheetTooLong(
                    f"{table.title} has more rows than a spreadsheet holds: take CSV or NDJSON."
                )
            for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
                _put_cell(sheet, number, place, cell, column)
        _about_sheet(book, totals, about, bold)


def _about_sheet(book: Any, totals: _Totals, about: About, bold: Any) -> None:
    sheet = book.add_worksheet("About")
    facts = {**about.facts, "rows": str(totals.rows)}
    facts |= {f"total {currency}": total for currency, total in totals.plain().items()}
    for place, (name, value) in enumerate(facts.items()):
        sheet.write_string(place, 0, name, bold)
        sheet.write_string(place, 1, guarded(value))


def _put_cell(sheet: Any, row: int, place: int, cell: Cell, column: Column) -> None:
    if cell is None:
        return
    if column.kind is ColumnKind.NUMBER:
        sheet.write_number(row, place, cell)
    elif column.kind is ColumnKind.DAY:
        sheet.write_datetime(row, place, cell)
    else:
        sheet.write_string(row, place, guarded(str(cell))[:CELL_CHARACTERS])


def _as_text(cell: Cell, column: Column) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return guarded(str(cell)) if column.kind is ColumnKind.TEXT else str(cell)


def _as_json(cell: Cell) -> Any:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else cell


WRITERS: Mapping[ExportFormat, Callable[[Table, _Totals, IO[bytes], About], None]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.NDJSON: _ndjson,
    ExportFormat.XLSX: _xlsx,
}
