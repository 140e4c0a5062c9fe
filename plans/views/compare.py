"""
Two versions of plans beside each other, in words: what is new, what is gone, what became another value.

Any two versions a reader may see can be held against each other; the address says which, so that a comparison can be
sent to somebody. The words are those of plans/views/differences.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.visibility import viewer_for, visible
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_from_document
from plans.models import PlanVersion
from plans.views.differences import Change, changes_in_words
from plans.views.plans import reader_or_404
from scorecards.models import Metric

COLUMNS = ("goal", "part", "what", "before", "after")


class Compared(forms.Form):
    """Which two versions: the earlier and the later."""

    use_required_attribute = False
    a = forms.ChoiceField(label=_("Before"))
    b = forms.ChoiceField(label=_("After"))

    def __init__(self, *args: Any, versions: Sequence[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        choices: list[tuple[str, Any]] = [("", __("Choose a version"))]
        for plan, found in groupby(versions, key=lambda version: version.plan):
            choices.append((plan.name, [(str(version.pk), str(version)) for version in found]))
        for name in ("a", "b"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]


class VersionCompare(Screen, TemplateResponseMixin, View):
    """What the later of two versions says differently, goal by goal."""

    template_name = "plans/version_compare.html"
    title = _("Compare two versions")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of plans."""
        return [Crumb(label=_("Plans"), url=reverse("plans:plan-list")), Crumb(label=self.title)]

    @cached_property
    def form(self) -> Compared:
        """Return the choice of versions; unbound while nothing is chosen."""
        versions = visible(PlanVersion.objects.all(), to=viewer_for(self.request)).select_related("plan")
        asked = self.request.GET if {"a", "b"} & set(self.request.GET) else None
        return Compared(asked, versions=list(versions.order_by("plan__name", "plan_id", "-number")))

    @cached_property
    def pair(self) -> tuple[PlanVersion, PlanVersion] | None:
        """Return the two versions chosen; None while there are not two."""
        if not (self.form.is_bound and self.form.is_valid()):
            return None
        chosen = [self.form.cleaned_data[name] for name in ("a", "b")]
        found = {
            str(each.pk): each for each in PlanVersion.objects.filter(pk__in=chosen).select_related("plan")
        }
        return found[chosen[0]], found[chosen[1]]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the page, or with ?format=csv or xlsx the same rows as a file."""
        reader_or_404(request)
        unread, changes = self._compared()
        write = SHEETS.get(request.GET.get("format", ""))
        if write is not None and self.pair is not None:
            return write(_sheet(changes), {"before": str(self.pair[0]), "after": str(self.pair[1])})
        return self._page(request, unread, changes)

    def _page(self, request: HttpRequest, unread: PlanVersion | None, changes: list[Change]) -> HttpResponse:
        groups = [(owner, list(found)) for owner, found in groupby(changes, key=lambda change: change.owner)]
        context = self.get_context_data(
            form=self.form, pair=self.pair, unread=unread, groups=groups, count=len(changes)
        )
        return render(request, self.template_name, context)

    def _compared(self) -> tuple[PlanVersion | None, list[Change]]:
        """Return a version whose document does not hold yet, if there is one, else what differs."""
        if self.pair is None:
            return None, []
        terms = []
        for version in self.pair:
            try:
                terms.append(plan_from_document(version.document))
            except DocumentInvalid:
                return version, []
        metrics = dict(Metric.objects.values_list("code", "name"))
        return None, changes_in_words(before=terms[0], after=terms[1], metrics=metrics)


def _sheet(changes: Sequence[Change]) -> Sheet:
    rows = [(each.owner, each.inside, each.what, each.before, each.after) for each in changes]
    columns = [SheetColumn(name=name) for name in COLUMNS]
    return Sheet(title="differences", columns=columns, rows=rows, count=len(rows))
