"""
Tables within a page, each as a file of its own: the rows and columns that stand there, as CSV or XLSX.

A page with several tables says which there are; the address of a file is the page's own, with the table and the format
added, so that period, day and filter are those of the page. The template puts the two links under a table with
`{% include "pages/part_files.html" with part="…" %}`.
How to: docs/how-to/build-a-screen.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from kamcomp.pages.sheets import SHEETS, Facts, Sheet
from kamcomp.pages.tables import Kind, Read, TableColumn, sheet_of

Parts = Mapping[str, Callable[[], Sheet]]


def part_column(
    name: str, path: str = "", *, kind: Kind = Kind.TEXT, read: Read | None = None
) -> TableColumn:
    """Return a column of a part's file; `path` or `read` lead from the row to its value."""
    return TableColumn(name=name, label=name, kind=kind, path=path, read=read)


def part_sheet(*, title: str, columns: Sequence[TableColumn], rows: Sequence[Any]) -> Sheet:
    """Return a part's file of rows that were read for its page."""
    return sheet_of(title=title, columns=columns, rows=rows, count=len(rows))


class PartFiles:
    """A page whose tables are files too; a subclass names them."""

    request: HttpRequest

    def parts(self) -> Parts:
        """Return the tables of the page that this reader sees, by name, each made when it is asked for."""
        raise NotImplementedError

    def part_facts(self) -> Facts:
        """Return what the About sheet says beside table, moment and reader."""
        return {}

    def part_file(self) -> HttpResponseBase | None:
        """
        Return the table asked for as a file; None where the page itself is asked for.

        :raises Http404: if the page has no such table, for this reader.
        """
        table, write = self.request.GET.get("table", ""), SHEETS.get(self.request.GET.get("format", ""))
        if write is None or not table:
            return None
        make = self.parts().get(table)
        if make is None:
            raise Http404
        about = {
            "page": self.request.path,
            "table": table,
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }
        return write(make(), {**about, **self.part_facts()})
