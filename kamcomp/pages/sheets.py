"""
A table as a file in an answer: CSV, streamed, or XLSX with a second sheet that says what it is.

Text is guarded against being run as a formula; days are ISO, decimals have a dot. XLSX is
made in memory and therefore has a limit; CSV has none.
Rule: docs/reference/files.md, "Formulas".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from kamcomp.formula_guard import guarded
from kamcomp.refusal import Refusal

XLSX_ROWS = 50_000
CELL_CHARACTERS = 32_767
BOM = "\ufeff"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Facts = Mapping[str, str]
Answer = HttpResponse | StreamingHttpResponse


class SheetTooLong(Refusal):
    """A spreadsheet of so many rows is not made while somebody waits."""


@dataclass(frozen=True, kw_only=True)
class SheetColumn:
    """A column of a file: its name, and whether it holds text (guarded) or days."""

    name: str
    is_text: bool = True
    is_day: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of a file, read once."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Any]]
    count: int


def csv_answer(sheet: Sheet, _about: Facts) -> Answer:
    """Answer a table as CSV in UTF-8 with a byte order mark, line by line."""
    answer = StreamingHttpResponse(_csv_lines(sheet), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{sheet.title}.csv"'
    return answer


def xlsx_answer(sheet: Sheet, about: Facts) -> Answer:
    """
    Answer a table as XLSX with an About sheet.

    :raises SheetTooLong: beyond 50,000 rows.
    """
    if sheet.count > XLSX_ROWS:
        raise SheetTooLong(
            _("%(count)s rows are too many for a spreadsheet here (%(most)s at most): take the CSV file.")
            % {"count": sheet.count, "most": XLSX_ROWS}
        )
    data = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(data, {**options, "default_date_format": "yyyy-mm-dd"}) as book:
        bold = book.add_format({"bold": True})
        page = book.add_worksheet(sheet.title[:31])
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.name, bold)
        page.freeze_panes(1, 0)
        for number, row in enumerate(sheet.rows, start=1):
            for place, (cell, column) in enumerate(zip(row, sheet.columns, strict=True)):
                _cell_put(page, number, place, cell, column)
        facts = book.add_worksheet("About")
        for number, (name, value) in enumerate(about.items()):
            facts.write_string(number, 0, name, bold)
            facts.write_string(number, 1, guarded(value))
    answer = HttpResponse(data.getvalue(), content_type=XLSX_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{sheet.title}.xlsx"'
    return answer


def _csv_lines(sheet: Sheet) -> Iterator[str]:
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    line.write(BOM)
    writer.writerow([column.name for column in sheet.columns])
    for row in sheet.rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow([_text(cell, column) for cell, column in zip(row, sheet.columns, strict=True)])
    yield line.getvalue()


def _text(cell: Any, column: SheetColumn) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return guarded(str(cell)) if column.is_text else str(cell)


def _cell_put(page: Any, row: int, place: int, cell: Any, column: SheetColumn) -> None:
    if cell is None:
        return
    if isinstance(cell, Decimal | int) and not isinstance(cell, bool):
        page.write_number(row, place, cell)
    elif isinstance(cell, datetime):
        page.write_string(row, place, cell.isoformat())
    elif isinstance(cell, date):
        page.write_datetime(row, place, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001 - a day has no zone
    else:
        page.write_string(row, place, guarded(str(cell))[:CELL_CHARACTERS])


SHEETS: Mapping[str, Callable[[Sheet, Facts], Answer]] = {"csv": csv_answer, "xlsx": xlsx_answer}
