"""
Plans in the browser: the list, and one version read as words and tables, with its states and who is on it.

A version is shown to who may see it; whom it pays, as far as the reader may see that.
"""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.imports.uploads import SENDERS
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from plans.choices import PlanType, VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_from_document
from plans.models import Plan, PlanVersion
from plans.selectors.lists import assignments_of, newest_state, plans_listed, version_approvals, versions_of
from plans.services.acceptances import SENDERS as ASKERS
from plans.services.drafts import DESIGNERS
from plans.views.reading import PlanRead, plan_read
from plans.views.terms_files import terms_parts
from scorecards.models import Metric

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
PEOPLE_SHOWN = 200
GOAL_COLUMNS = (
    part_column("goal", "name"),
    part_column("code"),
    part_column("measured_by", read=lambda node: node.metric or node.kind),
    part_column("weight", kind=Kind.RATIO),
    part_column("conditions", read=lambda node: " · ".join(node.conditions)),
    part_column("behaviour"),
)
PERSON_COLUMNS = (
    part_column("person", read=lambda row: str(getattr(row.person, "details", None) or row.person)),
    part_column("account", read=lambda row: str(row.account or "")),
    part_column("share", kind=Kind.RATIO),
    part_column("since", kind=Kind.DAY, read=lambda row: row.valid.lower),
    part_column("last_day", kind=Kind.DAY, read=lambda row: row.span.last),
)
VERSION_COLUMNS = (
    part_column("version", kind=Kind.NUMBER, read=lambda each: each.version.number),
    part_column("state", read=lambda each: __(each.state)),
    part_column("since", kind=Kind.DAY, read=lambda each: each.version.valid.lower),
    part_column("last_day", kind=Kind.DAY, read=lambda each: each.version.span.last),
)


class PlanFilter(FilterForm):
    """Plans of a type, whose newest version is in a state, in force on a day."""

    type = forms.ChoiceField(label=_("Type"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    on = forms.DateField(
        label=_("In force on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("type", PlanType.choices), ("status", VersionStatus.choices)):
            shown = [(value, __(str(label))) for value, label in choices]
            self.fields[name].choices = [("", __("All")), *shown]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the plans chosen."""
        chosen = self.cleaned_data
        rows = rows.filter(plan_type=chosen["type"]) if chosen["type"] else rows
        rows = rows.filter(newest_status=chosen["status"]) if chosen["status"] else rows
        if chosen["on"]:
            rows = rows.filter(
                versions__status=VersionStatus.PUBLISHED, versions__valid__contains=chosen["on"]
            ).distinct()
        return rows


def plan_url(plan: Plan) -> str:
    """Return the address of a plan's newest version."""
    return reverse("plans:plan-show", args=[plan.pk])


def _last_day(plan: Any) -> date | None:
    return plan.newest_valid.upper if plan.newest_valid else None


class PlanList(TableScreen):
    """The plans a reader may see, each with its newest version."""

    title, file_name, order = _("Plans"), "plans", "name"
    template_name = "plans/plan_list.html"
    filter_class = PlanFilter
    empty_title = _("No plan yet")
    empty_text = _("Bring in a plan document: it becomes a draft that a second person approves.")
    columns = (
        TableColumn(name="name", label=_("Plan"), order="name", link=plan_url),
        TableColumn(name="plan_type", label=_("Type"), kind=Kind.STATUS, order="plan_type"),
        TableColumn(
            name="account", label=_("Account"), order="account__node__name", narrow=False,
            read=lambda plan: str(plan.account or ""),
        ),
        TableColumn(name="newest_number", label=_("Version"), kind=Kind.NUMBER, order="newest_number"),
        TableColumn(
            name="state", label=_("State"), order="newest_status",
            read=lambda plan: __(newest_state(plan, on=timezone.localdate())),
        ),
        TableColumn(
            name="since", label=_("From"), kind=Kind.DAY, order="newest_valid", narrow=False,
            read=lambda plan: plan.newest_valid.lower if plan.newest_valid else None,
        ),
        TableColumn(name="until", label=_("Until before"), kind=Kind.DAY, narrow=False, read=_last_day),
        TableColumn(name="people", label=_("People today"), kind=Kind.NUMBER, order="people", narrow=False),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the plans with their newest versions."""
        reader_or_404(self.request)
        return plans_listed(viewer=viewer_for(self.request), on=timezone.localdate())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and whether the reader may bring documents in."""
        viewer = viewer_for(self.request)
        return super().get_context_data(
            may_send=viewer.holds(*SENDERS), may_design=viewer.holds(*DESIGNERS), **kwargs
        )


class VersionScreen(Screen, TemplateResponseMixin, View):
    """A page about one version of a plan; of a plan without one named, the newest."""

    @cached_property
    def version(self) -> PlanVersion:
        """Return the version, or 404."""
        reader_or_404(self.request)
        rows = visible(PlanVersion.objects.all(), to=viewer_for(self.request)).select_related(
            "plan__account__node", "plan__calendar", "prepared_by", "approved_by", "published_by"
        )
        if "version_id" in self.kwargs:
            found = rows.filter(pk=self.kwargs["version_id"]).first()
        else:
            found = rows.filter(plan_id=self.kwargs["plan_id"]).order_by("-number").first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of plans."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=self.version.plan.name),
        ]


class PlanShow(PartFiles, VersionScreen):
    """One version: goals with weights, curves, rates, conditions, pool, payment, states, and who is on it."""

    template_name = "plans/plan_show.html"

    def parts(self) -> Parts:
        """Return the tables of the page: goals, each curve, grid and rate table, the versions, and who is on it."""
        read, viewer = self._read(), viewer_for(self.request)
        people = list(assignments_of(version=self.version, viewer=viewer))
        versions = versions_of(plan=self.version.plan, viewer=viewer, on=timezone.localdate())
        return {
            **(terms_parts(read) if read else {}),
            "versions": partial(part_sheet, title="versions", columns=VERSION_COLUMNS, rows=versions),
            "goals": partial(
                part_sheet, title="goals", columns=GOAL_COLUMNS, rows=read.nodes if read else ()
            ),
            "people": partial(part_sheet, title="people", columns=PERSON_COLUMNS, rows=people),
        }

    def part_facts(self) -> dict[str, str]:
        """Return which version it is."""
        return {"plan": str(self.version), "digest": self.version.digest}

    def get(self, request: HttpRequest, **_kwargs: UUID) -> HttpResponseBase:
        """Show it, or a table of it as a file."""
        if file := self.part_file():
            return file
        version, viewer, today = self.version, viewer_for(request), timezone.localdate()
        people = list(assignments_of(version=version, viewer=viewer)[: PEOPLE_SHOWN + 1])
        versions = versions_of(plan=version.plan, viewer=viewer, on=today)
        context = self.get_context_data(
            version=version,
            plan=version.plan,
            title=version.plan.name,
            read=self._read(),
            versions=versions,
            state=next((each.state for each in versions if each.version.pk == version.pk), ""),
            before=next((each.version for each in versions if each.version.number < version.number), None),
            approvals=version_approvals(version=version),
            people=people[:PEOPLE_SHOWN],
            more_people=len(people) > PEOPLE_SHOWN,
            may_design=viewer.holds(*DESIGNERS),
            may_send=viewer.holds(*ASKERS),
        )
        return render(request, self.template_name, context)

    def _read(self) -> PlanRead | None:
        """Return the terms in words; None where a draft's document does not hold yet."""
        try:
            terms = plan_from_document(self.version.document)
        except DocumentInvalid:
            return None
        return plan_read(terms=terms, metrics=dict(Metric.objects.values_list("code", "name")))


class VersionDocument(VersionScreen):
    """The document of a version, as it was stored, to keep or to bring in elsewhere."""

    def get(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Answer the document as a file."""
        version = self.version
        text = json.dumps(version.document, indent=2, ensure_ascii=False) + "\n"
        answer = HttpResponse(text, content_type="application/json; charset=utf-8")
        name = f"{version.plan.code}-v{version.number}.json".replace('"', "").replace("/", "-")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def reader_or_404(request: HttpRequest) -> None:
    """
    Let who reads plans go on.

    :raises Http404: for everybody else who signed in.
    """
    if request.user.is_authenticated and not viewer_for(request).holds(*READERS):
        raise Http404
