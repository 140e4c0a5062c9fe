"""
Whole lists out, as CSV, NDJSON or XLSX: read through a cursor of the database and sent as they come.

The last line of NDJSON is a summary of what was sent: how many rows, sums by currency, and the SHA-256 of all bytes
before it, so that a file that was cut off is noticed. XLSX is for people and ends at a number of rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db import transaction
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from kamcomp.api.fields import money_shown
from kamcomp.api.problems import Problem
from kamcomp.api.resources import Resource, Rows
from kamcomp.formula_guard import guarded
from kamcomp.money import CONTEXT
from kamcomp.reading import only_reading

READ_AT_ONCE = 2_000
SENT_AT_ONCE = 64 * 1024
MOST_SHEET_ROWS = 100_000
COMPACT = (",", ":")
FIGURE = re.compile(r"-?\d{1,15}\.\d+")


class ExactEncoder(JSONEncoder):
    """Writes a decimal within a document as a string: as a number it would come through a float."""

    def default(self, obj: Any) -> Any:
        """Return what JSON carries in the place of a thing."""
        return str(obj) if isinstance(obj, Decimal) else super().default(obj)


class ExactRenderer(JSONRenderer):
    """Writes JSON."""

    encoder_class = ExactEncoder


class CsvRenderer(JSONRenderer):
    """Asks for CSV; what is not streamed (a problem) is JSON."""

    media_type, format, charset = "text/csv", "csv", None


class NdjsonRenderer(JSONRenderer):
    """Asks for NDJSON."""

    media_type, format, charset = "application/x-ndjson", "ndjson", None


class XlsxRenderer(JSONRenderer):
    """Asks for a spreadsheet."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    format, charset = "xlsx", None


STREAMED = (CsvRenderer, NdjsonRenderer, XlsxRenderer)


def streamed(
    resource: Resource, *, rows: Rows, names: frozenset[str] | None, renderer: JSONRenderer
) -> HttpResponseBase:
    """
    Return all the rows as a file, sent while they are read.

    :raises Problem: 413 for a spreadsheet of too many rows.
    """
    disposition = {"Content-Disposition": f'attachment; filename="{resource.name}.{renderer.format}"'}
    if renderer.format == XlsxRenderer.format:
        return FileResponse(
            _sheet(resource, rows=rows, names=names), content_type=renderer.media_type, headers=disposition
        )
    lines = _ndjson if renderer.format == NdjsonRenderer.format else _csv
    media = f"{renderer.media_type}; charset=utf-8"
    return StreamingHttpResponse(
        lines(resource, rows=rows, names=names), content_type=media, headers=disposition
    )


def _read(resource: Resource, *, rows: Rows) -> Iterator[Sequence[Any]]:
    """Read through a cursor on the server, in one transaction: memory stays flat, and all is of one moment."""
    with transaction.atomic():
        only_reading()
        yield from rows.values_list(*resource.sources).iterator(chunk_size=READ_AT_ONCE)


def _ndjson(resource: Resource, *, rows: Rows, names: frozenset[str] | None) -> Iterator[bytes]:
    digest, count, sums = hashlib.sha256(), 0, _Sums(resource)
    encode = json.JSONEncoder(separators=COMPACT, ensure_ascii=False, default=str).encode
    buffer: list[str] = []
    size = 0
    for row in _read(resource, rows=rows):
        line = encode(resource.shown(row, names))
        sums.add(row)
        buffer.append(line)
        count, size = count + 1, size + len(line)
        if size >= SENT_AT_ONCE:
            block = ("\n".join(buffer) + "\n").encode()
            digest.update(block)
            yield block
            buffer, size = [], 0
    block = "".join(f"{line}\n" for line in buffer).encode()
    digest.update(block)
    summary = {"_summary": {"rows": count, "totals": sums.shown(), "sha256": digest.hexdigest()}}
    yield block + f"{encode(summary)}\n".encode()


def _csv(resource: Resource, *, rows: Rows, names: frozenset[str] | None) -> Iterator[bytes]:
    fields = [each for each in resource.fields if names is None or each.name in names]
    text = io.StringIO()
    write = csv.writer(text).writerow
    write([head for each in fields for head in each.heads])
    for row in _read(resource, rows=rows):
        shown = resource.shown(row, names)
        write([_cell(cell) for each in fields for cell in each.cells(shown[each.name])])
        if text.tell() >= SENT_AT_ONCE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _sheet(resource: Resource, *, rows: Rows, names: frozenset[str] | None) -> Any:
    if rows.order_by()[: MOST_SHEET_ROWS + 1].count() > MOST_SHEET_ROWS:
        raise Problem(
            413,
            code="sheet_too_long",
            detail=f"A spreadsheet holds at most {MOST_SHEET_ROWS:,} rows: filter, or take CSV or NDJSON.",
        )
    fields = [each for each in resource.fields if names is None or each.name in names]
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it, once it is sent
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(resource.name[:31])
    sheet.write_row(0, 0, [head for each in fields for head in each.heads])
    for number, row in enumerate(_read(resource, rows=rows), start=1):
        shown = resource.shown(row, names)
        cells = [cell for each in fields for cell in each.cells(shown[each.name])]
        for place, cell in enumerate(cells):
            if cell not in (None, ""):
                sheet.write(number, place, Decimal(cell) if _is_figure(cell) else _cell(cell))
    book.close()
    file.seek(0)
    return file


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) and not _is_figure(value) else value


def _is_figure(value: Any) -> bool:
    """Tell whether a text is a plain decimal, with a point: no spreadsheet runs it as a formula."""
    return isinstance(value, str) and FIGURE.fullmatch(value) is not None


class _Sums:
    """Sums by currency of a resource's total, in exact decimals."""

    def __init__(self, resource: Resource) -> None:
        total = resource.by_name.get(resource.total)
        self.places = [resource.sources.index(path) for path in total.sources] if total else []
        self.sums: dict[str, Decimal] = {}

    def add(self, row: Sequence[Any]) -> None:
        """Count a row."""
        if self.places:
            amount, currency = (row[place] for place in self.places)
            if amount is not None:
                self.sums[currency] = CONTEXT.add(self.sums.get(currency, Decimal(0)), amount)

    def shown(self) -> list[Any]:
        """Return the sums as JSON carries them."""
        return [money_shown(self.sums[code], code) for code in sorted(self.sums)]
