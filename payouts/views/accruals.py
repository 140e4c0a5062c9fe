"""
Accruals in the browser: a fiscal year by month and cost centre, expected against what it came to.

Figures are worked out by payouts.selectors.accruals; a page filters them, sums what it shows by
currency, and gives exactly that as a file.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.pages.screens import Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm
from payouts.selectors.accruals import Accrual, accrual_totals, accrual_years, accruals
from payouts.views.desk import desk_or_404

NO_CENTRE = "none"
COLUMNS = (
    "month", "cost_centre", "currency", "ground", "accrued", "results", "corrections", "earned", "variance", "paid",
    "balance",
)  # fmt: skip
TEXT = {"month", "cost_centre", "currency", "ground"}


class AccrualFilter(FilterForm):
    """The fiscal year, and a cost centre and currency of it."""

    year = forms.ChoiceField(label=_("Fiscal year"), required=False)
    cost_centre = forms.ChoiceField(label=_("Cost centre"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, *args: Any, years: list[int], rows: list[Accrual], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        centres = sorted({row.cost_centre or NO_CENTRE for row in rows})
        currencies = sorted({row.currency for row in rows})
        named = [(each, __("No cost centre") if each == NO_CENTRE else each) for each in centres]
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]
        self.fields["cost_centre"].choices = [("", __("All")), *named]  # type: ignore[attr-defined]
        self.fields["currency"].choices = [("", __("All")), *((each, each) for each in currencies)]  # type: ignore[attr-defined]

    def passing(self, rows: list[Accrual]) -> list[Accrual]:
        """Return the months that pass."""
        if not self.is_valid():
            return rows
        centre, currency = self.cleaned_data["cost_centre"], self.cleaned_data["currency"]
        return [
            row
            for row in rows
            if (not centre or (row.cost_centre or NO_CENTRE) == centre) and currency in ("", row.currency)
        ]


class AccrualList(Screen, View):
    """What to accrue, what it came to, and what is open, by month and cost centre."""

    title = _("Accruals")

    @cached_property
    def year(self) -> int | None:
        """Return the fiscal year asked for, else the newest; none without a run."""
        years = self.years
        asked = self.request.GET.get("year", "")
        return int(asked) if asked in {str(year) for year in years} else years[0] if years else None

    @cached_property
    def years(self) -> list[int]:
        """Return the years there are."""
        return accrual_years()

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the year, or with ?format=csv or xlsx the rows shown as a file."""
        desk_or_404(request)
        rows = accruals(fiscal_year=self.year) if self.year else []
        form = AccrualFilter(request.GET, years=self.years, rows=rows)
        shown = form.passing(rows)
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(_file(shown), self._about(len(shown)))
        context = self.get_context_data(
            form=form,
            rows=shown,
            count=len(shown),
            of=len(rows),
            totals=accrual_totals(rows=shown),
            year=self.year,
        )
        return render(request, "payouts/accrual_list.html", context)

    def _about(self, count: int) -> dict[str, str]:
        query = self.request.GET.copy()
        query.pop("format", None)
        return {
            "title": f"{__('Accruals')} {self.year}",
            "filter": query.urlencode() or "none",
            "rows": str(count),
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


def _file(rows: list[Accrual]) -> Sheet:
    return Sheet(
        title="accruals",
        columns=[
            SheetColumn(name=name, is_text=name in TEXT and name != "month", is_day=name == "month")
            for name in COLUMNS
        ],
        rows=[tuple(getattr(row, name) for name in COLUMNS) for row in rows],
        count=len(rows),
    )
