"""
The metric library in the browser: what is measured and how, how it went lately, and which plans pay on it.

It stands with the plans, the lowest room that knows both metrics and who reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.pages.nav import Words
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import PAGE_ROWS, Kind
from kamcomp.visibility import viewer_for, visible
from plans.selectors.usage import MetricUse, metric_uses
from plans.views.curves import small_line
from scorecards.engine.library import LIBRARY
from scorecards.forms import MetricFilter
from scorecards.models import Metric
from scorecards.selectors.history import PeriodResult, latest, metric_history
from teams.choices import Perspective

NEWEST = ("period", "newest", "currency")
HEADINGS: tuple[tuple[str, Words, bool], ...] = (
    ("metric", _("Metric"), False),
    ("unit", _("Unit"), True),
    ("direction", _("Direction"), True),
    ("accounts", _("Over accounts"), True),
    ("source", _("Source"), True),
)
"""The headings that sort, within each perspective: name, words, whether a phone leaves them out."""
SORTED_BY = {
    "metric": "name",
    "unit": "unit",
    "direction": "direction",
    "accounts": "aggregation",
    "source": "source",
}
RESULT_COLUMNS = (
    part_column("period"),
    part_column("result", "value", kind=Kind.NUMBER),
    part_column("currency"),
    part_column("accounts", kind=Kind.NUMBER),
)
RANK = Case(*(When(perspective=value, then=rank) for rank, value in enumerate(Perspective.values)))
READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR, Role.KAM)


class MetricScreen(Screen, TemplateResponseMixin, View):
    """A page of the library."""

    def metrics_seen(self) -> Any:
        """Return the metrics, or 404 for who does not read the library."""
        if self.request.user.is_authenticated and not viewer_for(self.request).holds(*READERS):
            raise Http404
        return visible(Metric.objects.all(), to=viewer_for(self.request)).order_by("code")


class MetricList(MetricScreen):
    """Every metric by perspective, with its last results as a line and the plans that read it."""

    template_name = "plans/metric_list.html"
    title = _("Metric library")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the same rows as a file."""
        metrics, form, sort = self.metrics_seen(), MetricFilter(request.GET), self._sort()
        order = SORTED_BY.get(sort.removeprefix("-"), "code")
        metrics = metrics.order_by(RANK, f"-{order}" if sort.startswith("-") else order, "code")
        rows = form.filtered(metrics) if form.is_valid() else metrics
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(_file(self._groups(list(rows))), self._about())
        page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
        headings = [_heading(name, label, wide=wide, sort=sort) for name, label, wide in HEADINGS]
        context = self.get_context_data(
            groups=self._groups(list(page)), filter=form, page=page, headings=headings
        )
        return render(request, self.template_name, context)

    def _groups(self, metrics: list[Metric]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return some metrics by perspective, each with its last results and the plans that read it."""
        viewer = viewer_for(self.request)
        history, uses = metric_history(viewer=viewer, metrics=metrics), metric_uses(viewer=viewer)
        return [
            (label, [_row(metric, history.get(metric.pk, []), uses.get(metric.code, [])) for metric in found])
            for value, label in Perspective.choices
            if (found := [metric for metric in metrics if metric.perspective == value])
        ]

    def _sort(self) -> str:
        asked = self.request.GET.get("sort", "")
        return asked if asked.removeprefix("-") in SORTED_BY else ""

    def _about(self) -> dict[str, str]:
        query = self.request.GET.copy()
        query.pop("format", None)
        return {
            "title": str(self.title),
            "filter": query.urlencode() or "none",
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


def _heading(name: str, label: Words, *, wide: bool, sort: str) -> dict[str, Any]:
    """Return a heading that sorts: what it asks for next, and the direction it sorts in now."""
    direction = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    return {
        "label": label,
        "wide": wide,
        "sort": f"-{name}" if sort == name else name,
        "direction": direction,
    }


def _file(groups: Sequence[tuple[str, Sequence[dict[str, Any]]]]) -> Sheet:
    names = ("perspective", "metric", "code", "unit", "direction", "over_accounts", "source")
    rows = [(label, row) for label, found in groups for row in found]
    return Sheet(
        title="metrics",
        columns=[SheetColumn(name=name, is_text=name != "newest") for name in (*names, *NEWEST, "plans")],
        rows=[_file_row(label, **row) for label, row in rows],
        count=len(rows),
    )


def _file_row(
    label: str, *, metric: Metric, last: PeriodResult | None, uses: Sequence[MetricUse], **_shown: Any
) -> tuple[str | Decimal | None, ...]:
    words = (
        metric.get_unit_display(),
        metric.get_direction_display(),
        metric.get_aggregation_display(),
        metric.get_source_display(),
    )
    newest = (last.period, last.value, last.currency) if last else (None, None, None)
    plans = ", ".join(use.version.plan.name for use in uses)
    return (__(label), __(metric.name), metric.code, *(__(each) for each in words), *newest, plans)


class MetricShow(PartFiles, MetricScreen):
    """One metric: what it is made from, how it counts, its last results, and the plans that pay on it."""

    template_name = "plans/metric_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the library."""
        return [Crumb(label=_("Metric library"), url=reverse("plans:metric-list"))]

    @cached_property
    def metric(self) -> Metric:
        """Return the metric, or 404."""
        of: Metric | None = self.metrics_seen().filter(code=self.kwargs["metric"]).first()
        if of is None:
            raise Http404
        return of

    @cached_property
    def results(self) -> list[PeriodResult]:
        """Return its last results, oldest first."""
        found = metric_history(viewer=viewer_for(self.request), metrics=[self.metric])
        return found.get(self.metric.pk, [])

    def parts(self) -> Parts:
        """Return the table of its results."""
        return {"results": lambda: _results_sheet(self.metric, self.results)}

    def get(self, request: HttpRequest, metric: str) -> HttpResponseBase:
        """Show it, or its results as a file."""
        of, results, viewer = self.metric, self.results, viewer_for(request)
        if file := self.part_file():
            return file
        context = self.get_context_data(
            metric=of,
            title=__(of.name),
            rule=LIBRARY.get(of.code),
            row=_row(of, results, metric_uses(viewer=viewer).get(of.code, [])),
            results=list(reversed(results)),
        )
        return render(request, self.template_name, context)


def _results_sheet(metric: Metric, results: Sequence[PeriodResult]) -> Sheet:
    return part_sheet(
        title=f"results-{metric.code.lower()}", columns=RESULT_COLUMNS, rows=list(reversed(results))
    )


def _row(metric: Metric, results: list[PeriodResult], uses: list[Any]) -> dict[str, Any]:
    return {
        "metric": metric,
        "line": small_line([(each.period, each.value) for each in results]),
        "last": latest(results),
        "uses": uses,
    }
