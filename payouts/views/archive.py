"""All statements of the reader, period by period, with what each came to; each opens, the list downloads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for
from payouts.selectors.archive import statement_archive
from teams.visibility import own_people


class ArchiveFilter(FilterForm):
    """Statements of a fiscal year."""

    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, years: tuple[int, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [("", __("All")), *((year, str(year)) for year in years)]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the statements of the year chosen."""
        year = self.cleaned_data["year"]
        return rows.filter(fiscal_year=year) if year else rows


def statement_url(period: Any) -> str:
    """Return the address of the reader's statement of a period."""
    return reverse("payouts:statement-show", args=[period.person_id, period.code])


class StatementArchive(TableScreen):
    """The reader's statements, newest first."""

    title, file_name, order = _("All statements"), "statements", "-period"
    empty_title = _("No statement yet")
    empty_text = _("It appears as soon as a period's run is reviewed.")
    columns = (
        TableColumn(name="period", label=_("Period"), path="code", order="days", link=statement_url),
        TableColumn(
            name="from", label=_("From"), kind=Kind.DAY, read=lambda row: row.days.lower, narrow=False
        ),
        TableColumn(name="to", label=_("To"), kind=Kind.DAY, read=lambda row: row.span.last, narrow=False),
        TableColumn(name="paid", label=_("Plans"), kind=Kind.MONEY, order="paid", total=True, narrow=False),
        TableColumn(
            name="shared", label=_("Pool shares"), kind=Kind.MONEY, order="shared", total=True, narrow=False
        ),
        TableColumn(
            name="corrected", label=_("Corrections"), kind=Kind.MONEY, order="corrected", total=True, narrow=False
        ),
        TableColumn(name="total", label=_("Total"), kind=Kind.MONEY, order="total", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(
            name="state", label=_("State"), order="final",
            read=lambda row: __("Final") if row.final else __("Reviewed, not yet final"),
        ),
        TableColumn(name="pay_on", label=_("Pay day"), kind=Kind.DAY, order="pay_on", narrow=False),
    )  # fmt: skip

    @cached_property
    def archive(self) -> QuerySet[Any]:
        """Return the statements that the reader has."""
        viewer = viewer_for(self.request)
        return statement_archive(person_id=next(iter(viewer.once(own_people)), None), viewer=viewer)

    def rows(self) -> QuerySet[Any]:
        """Return the statements with what each came to."""
        return self.archive

    @cached_property
    def filter_class(self) -> Any:  # type: ignore[override]
        """Return the filter with the years there are."""
        years = tuple(self.archive.order_by("-fiscal_year").values_list("fiscal_year", flat=True).distinct())
        return lambda data: ArchiveFilter(data, years=years)
