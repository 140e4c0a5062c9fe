"""
The yearly alignment report on the screen, on paper, as a PDF and as a file: the whole programme as of a day.

`?as_of=` is the day; without it, today. Rules: payouts.selectors.alignment_report.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.pages.screens import Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from payouts.exports.alignment_pdf import alignment_pdf
from payouts.selectors.alignment_report import AlignmentReport, alignment_report
from payouts.views.desk import desk_or_404
from payouts.views.executive import READERS

TEXTS = ("account", "manager", "shared_measures")
COLUMNS = (
    "account", "manager", "people", "nothing_pays", "shared_measures", "objectives", "objectives_nobody_is_paid_for",
    "conflicts", "silos", "targets_of_people_over_account", "periods_pushed", "reviews_confirmed", "reviews_objected",
    "reviews_due", "cost_of_sales_before", "cost_of_sales_with", "cost_growth", "revenue_growth", "profit_growth",
    "profit_for_1_more_pay",
)  # fmt: skip


class AlignmentReportShow(Screen, TemplateResponseMixin, View):
    """The programme's alignment on one page."""

    title = _("Alignment report")
    template_name = "payouts/alignment_report.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the report, or with ?format=pdf as a document, csv or xlsx its accounts as a file."""
        desk_or_404(request, *READERS)
        on = _day(request.GET.get("as_of", ""))
        report = alignment_report(on=on)
        asked = request.GET.get("format", "")
        if asked == "pdf":
            answer = HttpResponse(alignment_pdf(report), content_type="application/pdf")
            name = f"alignment-{on.isoformat()}.pdf"
            answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
            return answer
        write = SHEETS.get(asked)
        if write:
            return write(_file(report), {"as of": on.isoformat(), "made by": request.user.get_username()})
        return self.render_to_response(self.get_context_data(report=report))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()


def _file(report: AlignmentReport) -> Sheet:
    columns = [SheetColumn(name=name, is_text=name in TEXTS) for name in COLUMNS]
    rows = list(_lines(report))
    return Sheet(title=f"alignment-{report.on.isoformat()}", columns=columns, rows=rows, count=len(rows))


def _lines(report: AlignmentReport) -> Iterator[tuple[Any, ...]]:
    for row in report.rows:
        cost = row.cost.cost if row.cost else None
        yield (
            row.name, row.manager, row.people, row.left_out, "; ".join(row.shared), row.objectives, row.unpaid,
            row.conflicts, row.silos, row.targets, row.pushed, row.confirmed, row.objected, len(report.periods),
            cost and cost.before, cost and cost.after, cost and cost.cost_growth, cost and cost.revenue_growth,
            cost and cost.profit_growth, cost and cost.return_on_more,
        )  # fmt: skip
