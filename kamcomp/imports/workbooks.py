"""
XLSX in, a strict table of texts out, behind a check of the archive.

The archive's directory is looked at before anything is unpacked: how much it unpacks to,
how tightly it is packed, how many entries, names twice or pointing outside, and any
document type declaration. Only then does openpyxl read it, row by row, with defusedxml.
Cells become the text a CSV would have: numbers by their shortest exact decimal, days as
ISO; a formula or an error cell is a finding. It is called by `bounded` only, in a process of its own.
Rules: docs/reference/files.md, "What a file may be".
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import defusedxml  # noqa: F401  openpyxl parses through it only when it is installed
import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from kamcomp.imports.files import RawTable, check_header, fields_differ
from kamcomp.imports.findings import RowFinding, unreadable
from kamcomp.sentences import Sentence, Word

MOST_BYTES = 20 * 1024 * 1024
MOST_RATIO = 100
MOST_ENTRIES = 200


def check_archive(content: bytes) -> None:
    """
    Tell whether an XLSX archive is safe to unpack.

    :raises FileUnreadable: with the first reason why it is not.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as error:
        raise unreadable(Sentence("is not an XLSX archive: %(error)s", error=error)) from None
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise unreadable(
            Sentence(
                "has %(entries)s parts, at most %(most)s are read: save it anew, or as CSV",
                entries=len(entries),
                most=MOST_ENTRIES,
            )
        )
    if unpacked > MOST_BYTES:
        raise unreadable(
            Sentence(
                "unpacks to %(unpacked)s bytes, at most %(most)s are read: save it as CSV",
                unpacked=unpacked,
                most=MOST_BYTES,
            )
        )
    if unpacked > MOST_RATIO * max(sum(entry.compress_size for entry in entries), 1):
        raise unreadable(
            Sentence(
                "is packed more than %(most)s to 1, as no spreadsheet is: save it anew, or as CSV",
                most=MOST_RATIO,
            )
        )
    if len(set(names)) < len(names):
        raise unreadable("has two parts of one name: save it anew")
    if any(name.startswith(("/", "\\")) or ".." in name or ":" in name for name in names):
        raise unreadable("has a part that points outside the archive: save it anew")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise unreadable("is protected by a password: save it without one")
    check_parts(archive)


def check_parts(archive: zipfile.ZipFile) -> None:
    """
    Tell whether no part declares a document type: no spreadsheet needs one, entity bombs do.

    :raises FileUnreadable: naming the part.
    """
    for name in archive.namelist():
        try:
            part = archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise unreadable(
                Sentence("the part %(name)s cannot be unpacked: %(error)s", name=name, error=error)
            ) from None
        if b"<!DOCTYPE" in part.replace(b"\x00", b"").upper():
            raise unreadable(
                Sentence("the part %(name)s declares a document type (DOCTYPE): save it anew", name=name)
            )


def parse_workbook(content: bytes, *, most_rows: int) -> RawTable:
    """
    Return the table on the first sheet of a workbook.

    :raises FileUnreadable: if the archive is not safe, the header not usable, or there are too many rows.
    """
    check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        table = table_of(sheet.iter_rows(), most_rows=most_rows)
    except (
        KeyError,
        ValueError,
        IndexError,
        zipfile.BadZipFile,
        SyntaxError,
        TypeError,
        AttributeError,
    ) as error:
        raise unreadable(Sentence("cannot be read as a workbook: %(error)s", error=error)) from None
    if len(book.worksheets) > 1:
        table.form = Sentence(
            "XLSX, sheet %(title)s of %(worksheets)s",
            title=repr(sheet.title),
            worksheets=len(book.worksheets),
        )
    return table


def table_of(rows: Iterable[tuple[Any, ...]], *, most_rows: int) -> RawTable:
    """Return the rows of a sheet as texts; the first row is the header, empty rows are passed over."""
    table = RawTable(header=[], lines=[], columns=[], form="XLSX")
    kept: list[list[str]] = []
    for line, cells in enumerate(rows, start=1):
        findings: list[RowFinding] = []
        texts = [cell_text(cell, line, table.header, findings) for cell in cells]
        while texts and texts[-1] == "" and len(texts) > len(table.header):
            texts.pop()
        if not table.header:
            check_header(texts)
            table.header = texts
            continue
        if not any(texts):
            continue
        if len(kept) >= most_rows:
            raise unreadable(
                Sentence(
                    "has more than %(most_rows)s rows: save it as CSV, which has no such limit",
                    most_rows=most_rows,
                ),
                line=line,
            )
        texts += [""] * (len(table.header) - len(texts))
        if len(texts) > len(table.header):
            findings.append(fields_differ(line, texts, len(table.header), Word("cell")))
        if findings:
            table.findings += findings
            continue
        kept.append(texts)
        table.lines.append(line)
    if not table.header:
        raise unreadable("has an empty first sheet: a file starts with its header line")
    table.columns = [list(column) for column in zip(*kept, strict=True)] or [[] for _ in table.header]
    return table


def cell_text(cell: Any, line: int, header: list[str], findings: list[RowFinding]) -> str:
    """Return the text of a cell, as CSV would write it; a formula or an error is a finding."""
    value = cell.value
    if value is None:
        return ""
    place = cell.column - 1
    column = header[place] if place < len(header) else ""
    if cell.data_type == "f":
        findings.append(
            RowFinding(line=line, column=column, value=str(value), reason="is a formula: paste its value")
        )
        return ""
    if cell.data_type == "e" or (isinstance(value, str) and value in ERROR_CODES):
        findings.append(
            RowFinding(line=line, column=column, value=str(value), reason="is a spreadsheet error")
        )
        return ""
    return plain(value)


def plain(value: Any) -> str:
    """Return a cell's value as text: numbers without exponent, days as ISO, true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        number = Decimal(repr(value))
        return format(number.quantize(Decimal(1)) if number == number.to_integral_value() else number, "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
