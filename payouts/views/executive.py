"""The programme on one page, for executives; prints to one A4."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.pages.screens import Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.executive import (
    GROUND,
    HEIGHT,
    LEFT,
    TOP,
    WIDTH,
    CostCompared,
    ExecutivePage,
    executive_page,
    executive_runs,
)
from payouts.views.desk import desk_or_404, run_named_or_404

READERS = (Role.EXECUTIVE, Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR)


class ExecutiveShow(Screen, View):
    """Six numbers, two charts, health and trends as of a period."""

    title = _("Programme at a glance")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the page, or with ?format=csv or xlsx each account's trend as a file."""
        desk_or_404(request, *READERS)
        runs = list(visible(executive_runs(), to=viewer_for(request)))
        run = run_named_or_404(runs, request.GET.get("period", ""))
        page = executive_page(run=run, among=runs) if run else None
        write = SHEETS.get(request.GET.get("format", ""))
        if write and page:
            about = {"title": f"{__('Programme at a glance')} {page.run.period.code}", "run": str(page.run),
                     "results": page.run.result_digest, "made by": request.user.get_username(),
                     "made at": timezone.now().isoformat(timespec="seconds")}  # fmt: skip
            return write(_file(page), about)
        plot = {
            "width": WIDTH,
            "height": HEIGHT,
            "left": LEFT,
            "ground": GROUND,
            "top": TOP,
            "right": WIDTH - 10,
        }
        plot["half_x"] = LEFT + (WIDTH - LEFT - 10) // 2
        plot["half_y"] = GROUND - (GROUND - TOP) // 2
        plot["bar"] = ((WIDTH - LEFT) // max(len(page.costs), 1)) * 3 // 5 if page else 0
        context = self.get_context_data(runs=runs, run=run, page=page, plot=plot)
        return render(request, "payouts/executive_show.html", context)


COMPARED = (
    "cost_of_sales before", "cost_of_sales with", "cost growth", "revenue growth", "profit growth",
    "profit for 1 more pay",
)  # fmt: skip


def _compared(row: CostCompared | None) -> tuple[Decimal | None, ...]:
    """Return what the plan in force changed at an account, None where facts do not reach."""
    cost = row.cost if row else None
    if cost is None:
        return (None,) * len(COMPARED)
    return (
        cost.before, cost.after, cost.cost_growth, cost.revenue_growth, cost.profit_growth, cost.return_on_more,
    )  # fmt: skip


def _file(page: ExecutivePage) -> Sheet:
    names = [f"cost_of_sales {code}" for code in page.cost_periods]
    names += [f"net_retention {code}" for code in page.retention_periods]
    names += COMPARED
    compared = {row.name: row for row in page.compared.rows}
    return Sheet(
        title="programme",
        columns=[SheetColumn(name="account"), *(SheetColumn(name=name, is_text=False) for name in names)],
        rows=[
            (each.name, *each.cost_of_sales, *each.retention, *_compared(compared.get(each.name)))
            for each in page.trends
        ],
        count=len(page.trends),
    )
