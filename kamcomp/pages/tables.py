"""
A list page: one table with sort, filter, totals, pages of a hundred, and the same rows as CSV and XLSX.

A screen says where the rows come from (a queryset that starts from what the reader may
see), which columns there are and how it is filtered; everything else is here, so that every
list behaves alike. Totals are sums in the database over all rows that pass the filter, by
currency; amounts of different currencies never add. The query string is the whole state.
How to: docs/how-to/build-a-screen.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.pages import figures
from kamcomp.pages.chips import tone
from kamcomp.pages.nav import Words
from kamcomp.pages.screens import Screen
from kamcomp.pages.sheets import SHEETS, Facts, Sheet, SheetColumn

PAGE_ROWS = 100
Cell = str | Decimal | int | date | datetime | None
Read = Callable[[Any], Cell]


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    STATUS = "status"
    NUMBER = "number"
    RATIO = "ratio"
    MONEY = "money"
    DAY = "day"
    MOMENT = "moment"


RIGHT = {Kind.NUMBER, Kind.RATIO, Kind.MONEY}


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """
    One column: its name (in addresses and files), its heading, and where its value comes from.

    `path` leads from the row to the value, parts joined by "__"; `read` replaces it where a
    value is worked out. `order` is the field it sorts by ("" not at all). `currency` leads
    to the currency of a money column. `total` sums it. `link` says where its cell leads.
    `narrow` keeps it on phones; a column that is no `fact` (an act from the row) is not in files. `show` writes it on
    the page where files carry it another way.
    """

    name: str
    label: Words
    kind: Kind = Kind.TEXT
    path: str = ""
    read: Read | None = None
    order: str = ""
    currency: str = "currency"
    total: bool = False
    link: Callable[[Any], str] | None = None
    narrow: bool = True
    fact: bool = True
    show: Callable[[Any], str] | None = None

    @property
    def right(self) -> bool:
        """Tell whether its figures stand to the right."""
        return self.kind in RIGHT

    def value(self, row: Any) -> Cell:
        """Return the value of a row, as files carry it."""
        return self.read(row) if self.read else followed(row, self.path or self.name)

    def text(self, row: Any) -> str:
        """Return the value of a row, as a page shows it."""
        if self.show:
            return self.show(row)
        value = self.value(row)
        if value is None or value == "":
            return figures.NONE if value is None else ""
        if self.kind is Kind.STATUS:
            return _(self._display(row))
        if isinstance(value, datetime):
            return figures.moment_text(value)
        if isinstance(value, date):
            return figures.day_text(value)
        if isinstance(value, Decimal):
            return self._figure(row, value)
        return figures.number_text(value) if isinstance(value, int) else str(value)

    def tone(self, row: Any) -> str:
        """Return the tone of a status cell."""
        return tone(str(self.value(row))) if self.kind is Kind.STATUS else ""

    def _figure(self, row: Any, value: Decimal) -> str:
        if self.kind is Kind.MONEY:
            return figures.amount_text(value, str(followed(row, self.currency)))
        return figures.percent_text(value) if self.kind is Kind.RATIO else figures.number_text(value)

    def _display(self, row: Any) -> str:
        *before, last = (self.path or self.name).split("__")
        holder = followed(row, "__".join(before)) if before else row
        display = getattr(holder, f"get_{last}_display", None)
        return str(display() if display else self.value(row))


def followed(row: Any, path: str) -> Any:
    """Return what a path of attributes or keys, joined by "__", leads to; None where a part is None."""
    for part in path.split("__"):
        if row is None:
            return None
        row = row[part] if isinstance(row, dict) else getattr(row, part)
    return row


@dataclass(frozen=True, kw_only=True)
class TotalRow:
    """The sums of one currency ("" where the rows have none), one text a column."""

    currency: str
    cells: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class CellShown:
    """A cell as the template writes it."""

    column: TableColumn
    text: str
    tone: str
    url: str


class FilterForm(forms.Form):
    """The filter of a list: every field optional, read from the query string."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that pass; a subclass narrows them by `self.cleaned_data`."""
        return rows


class Table:
    """The rows of one request: filtered, sorted, paged, summed."""

    def __init__(
        self,
        *,
        rows: QuerySet[Any],
        columns: Sequence[TableColumn],
        request: HttpRequest,
        caption: str,
        order: str,
        filter_form: FilterForm | None = None,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        self.columns, self.request, self.caption = columns, request, caption
        self.form, self.page_rows, self.unfiltered = filter_form, page_rows, rows
        self.order = self._order_asked(order)
        self.rows = self._filtered().order_by(*self._ordering(), "pk")

    def _filtered(self) -> QuerySet[Any]:
        if self.form is not None and self.form.is_valid():
            return self.form.filtered(self.unfiltered)
        return self.unfiltered

    def _order_asked(self, usual: str) -> str:
        asked = self.request.GET.get("sort", usual)
        sortable = {column.name for column in self.columns if column.order}
        return asked if asked.removeprefix("-") in sortable else usual

    def _ordering(self) -> list[str]:
        name = self.order.removeprefix("-")
        order = next((column.order for column in self.columns if column.name == name), name)
        return [f"-{order}" if self.order.startswith("-") else order]

    @cached_property
    def page(self) -> Page[Any]:
        """Return the page asked for, or the nearest there is."""
        return Paginator(self.rows, self.page_rows).get_page(self.request.GET.get("page"))

    @property
    def count(self) -> int:
        """Return how many rows pass the filter."""
        return self.page.paginator.count

    @cached_property
    def of(self) -> int:
        """Return how many rows there are without the filter."""
        return self.unfiltered.count() if self.is_filtered else self.count

    @property
    def is_filtered(self) -> bool:
        """Tell whether a filter is set."""
        return self.form is not None and self.form.is_valid() and any(self.form.cleaned_data.values())

    @property
    def lines(self) -> Iterator[tuple[Any, list[CellShown]]]:
        """Yield the rows of the page with their cells."""
        for row in self.page.object_list:
            yield (
                row,
                [
                    CellShown(
                        column=column,
                        text=column.text(row),
                        tone=column.tone(row),
                        url=column.link(row) if column.link else "",
                    )
                    for column in self.columns
                ],
            )

    @property
    def headings(self) -> list[tuple[TableColumn, str, str]]:
        """Return each column with the `sort` that its heading asks for next, and its present direction."""
        found = []
        for column in self.columns:
            up, down = self.order == column.name, self.order == f"-{column.name}"
            following = f"-{column.name}" if up else column.name
            direction = "ascending" if up else "descending" if down else ""
            found.append((column, following if column.order else "", direction))
        return found

    @cached_property
    def totals(self) -> list[TotalRow]:
        """Return the sums over all rows that pass, one row a currency, in one query."""
        summed = [column for column in self.columns if column.total]
        if not summed or not self.count:
            return []
        money = next((column for column in summed if column.kind is Kind.MONEY), None)
        sums = {f"total_{column.name}": Sum(column.order or column.name) for column in summed}
        plain = self.rows.order_by()
        if money is None:
            return [self._total_row("", plain.aggregate(**sums))]
        by = plain.values(money.currency).annotate(**sums).order_by(money.currency)
        return [self._total_row(str(row[money.currency]), row) for row in by]

    def _total_row(self, currency: str, sums: dict[str, Any]) -> TotalRow:
        cells = []
        for column in self.columns:
            value = sums.get(f"total_{column.name}")
            if value is None:
                cells.append("")
            elif column.kind is Kind.MONEY:
                cells.append(figures.amount_text(value, currency))
            else:
                cells.append(figures.number_text(value))
        return TotalRow(currency=currency, cells=cells)

    def sheet(self, *, title: str) -> Sheet:
        """Return all rows that pass the filter, in the order shown, as a file carries them."""
        rows = self.rows.iterator(2_000)
        return sheet_of(title=title, columns=self.columns, rows=rows, count=self.count)


def sheet_of(*, title: str, columns: Sequence[TableColumn], rows: Iterable[Any], count: int) -> Sheet:
    """Return rows as a file carries them, with the columns that are facts."""
    facts = [column for column in columns if column.fact]
    return Sheet(
        title=title,
        columns=[
            SheetColumn(
                name=column.name,
                is_text=column.kind in (Kind.TEXT, Kind.STATUS),
                is_day=column.kind is Kind.DAY,
            )
            for column in facts
        ],
        rows=([column.value(row) for column in facts] for row in rows),
        count=count,
    )


class TableScreen(Screen, TemplateResponseMixin, View):
    """A page that is one table; a subclass names the rows, the columns and the words."""

    template_name = "pages/table_screen.html"
    columns: Sequence[TableColumn] = ()
    order = ""
    filter_class: type[FilterForm] | None = None
    page_rows = PAGE_ROWS
    file_name = "table"
    empty_title: Words = ""
    empty_text: Words = ""

    def rows(self) -> QuerySet[Any]:
        """Return all that the reader may see, with what the columns read joined in."""
        raise NotImplementedError

    def facts(self) -> Facts:
        """Return what the About sheet says beside filter, moment and reader: a run's number and digest, say."""
        return {}

    @cached_property
    def table(self) -> Table:
        """Return the table of this request."""
        form = self.filter_class(self.request.GET) if self.filter_class else None
        return Table(
            rows=self.rows(),
            columns=self.columns,
            request=self.request,
            caption=str(self.title),
            order=self.order,
            filter_form=form,
            page_rows=self.page_rows,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the page, or with ?format=csv or xlsx the same rows as a file."""
        write = SHEETS.get(request.GET.get("format", ""))
        if write is None:
            return self.render_to_response(self.get_context_data())
        return write(self.table.sheet(title=self.file_name), self._about())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the table, and what stands in its place where there is nothing."""
        return super().get_context_data(
            table=self.table, empty_title=self.empty_title, empty_text=self.empty_text, **kwargs
        )

    def _about(self) -> Facts:
        query = self.request.GET.copy()
        query.pop("format", None)
        query.pop("page", None)
        return {
            "title": str(self.title),
            "filter": query.urlencode() or "none",
            "rows": str(self.table.count),
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
            **self.facts(),
        }
