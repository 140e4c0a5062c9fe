"""
The metric library in the browser: what is measured and how, how it went lately, and which plans pay on it.

It stands with the plans, the lowest room that knows both metrics and who reads them.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.visibility import viewer_for, visible
from plans.selectors.usage import metric_uses
from plans.views.curves import small_line
from scorecards.engine.library import LIBRARY
from scorecards.forms import MetricFilter
from scorecards.models import Metric
from scorecards.selectors.history import PeriodResult, latest, metric_history
from teams.choices import Perspective

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

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        metrics = self.metrics_seen()
        form = MetricFilter(request.GET)
        rows = list(form.filtered(metrics) if form.is_valid() else metrics)
        viewer = viewer_for(request)
        history, uses = metric_history(viewer=viewer), metric_uses(viewer=viewer)
        by_perspective = [
            (label, [_row(metric, history.get(metric.pk, []), uses.get(metric.code, [])) for metric in found])
            for value, label in Perspective.choices
            if (found := [metric for metric in rows if metric.perspective == value])
        ]
        context = self.get_context_data(groups=by_perspective, filter=form, count=len(rows))
        return render(request, self.template_name, context)


class MetricShow(MetricScreen):
    """One metric: what it is made from, how it counts, its last results, and the plans that pay on it."""

    template_name = "plans/metric_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the library."""
        return [Crumb(label=_("Metric library"), url=reverse("plans:metric-list"))]

    def get(self, request: HttpRequest, metric: str) -> HttpResponse:
        """Show it."""
        of = self.metrics_seen().filter(code=metric).first()
        if of is None:
            raise Http404
        viewer = viewer_for(request)
        results = metric_history(viewer=viewer, metric=of).get(of.pk, [])
        context = self.get_context_data(
            metric=of,
            title=of.name,
            rule=LIBRARY.get(of.code),
            row=_row(of, results, metric_uses(viewer=viewer).get(of.code, [])),
            results=list(reversed(results)),
        )
        return render(request, self.template_name, context)


def _row(metric: Metric, results: list[PeriodResult], uses: list[Any]) -> dict[str, Any]:
    return {
        "metric": metric,
        "line": small_line([(each.period, each.value) for each in results]),
        "last": latest(results),
        "uses": uses,
    }
