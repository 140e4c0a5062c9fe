"""Candidates in the browser: who is considered for which role and from where, and how they compare."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.tables import Kind, TableColumn
from kamcomp.pages.wording import worded
from kamcomp.visibility import viewer_for, visible
from teams.choices import CandidateStatus
from teams.forms.care import CandidateForm, ScoresForm
from teams.models import Candidate, Capability, JobRole
from teams.selectors.care import candidates_compared
from teams.services.care import candidate_put, candidate_score
from teams.views.care.chart import levels_of
from teams.views.care.shared import CareForm, CareTable, hr_or_404, who


def compare_url(role_id: UUID) -> str:
    """Return the address at which the candidates for a role are compared."""
    return reverse("teams:candidate-compare", args=[role_id])


class CandidateList(CareTable):
    """Who is considered for which role."""

    title, file_name, order, here = _("Candidates"), "candidates", "role", "teams:candidate-list"
    about = _("From here and from outside. A role's name leads to the comparison with its profile.")
    add = ("teams:candidate-add", _("Add a candidate"))
    empty_title = _("No candidate yet")
    empty_text = _("Add who is considered for a role, from here or from outside.")
    columns = (
        TableColumn(
            name="name", label=_("Name"), order="name",
            link=lambda row: reverse("teams:candidate-change", args=[row.pk]),
        ),
        TableColumn(
            name="role", label=_("For the role"), order="role__name", path="role__name",
            show=lambda row: worded(row.role),
            link=lambda row: compare_url(row.role_id),
        ),
        TableColumn(
            name="source", label=_("Source"), order="source", read=lambda row: __(row.get_source_display()),
            narrow=False,
        ),
        TableColumn(
            name="came_from", label=_("Works for"), order="came_from", narrow=False,
            read=lambda row: __(row.get_came_from_display()),
        ),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="since", label=_("Since"), kind=Kind.DAY, order="since", narrow=False),
        TableColumn(
            name="retain_until", label=_("Kept until"), kind=Kind.DAY, order="retain_until", narrow=False
        ),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the candidates."""
        hr_or_404(self.request)
        return visible(Candidate.objects.select_related("role"), to=viewer_for(self.request))


class CandidateCompare(Screen, TemplateResponseMixin, View):
    """The candidates for a role beside its profile, capability by capability."""

    template_name = "teams/candidate_compare.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Candidates"), url=reverse("teams:candidate-list"))]

    def get(self, request: HttpRequest, role_id: UUID) -> HttpResponse:
        """Show them, who lacks least first."""
        hr_or_404(request)
        viewer = viewer_for(request)
        role = visible(JobRole.objects.filter(pk=role_id), to=viewer).first()
        if role is None:
            raise Http404
        names, found = candidates_compared(role=role, viewer=viewer)
        rows = [(name, levels_of(gaps=[one.gaps[name] for one in found])) for name in names]
        return self.render_to_response(
            self.get_context_data(
                title=worded(role.name), role=role, found=found, rows=rows, asked=len(names)
            )
        )


class CandidatePut(CareForm):
    """Add a candidate, or say what became of one."""

    form_class = CandidateForm

    @cached_property
    def candidate(self) -> Candidate | None:
        """Return the candidate of the address, none where one is added, or 404."""
        if "candidate_id" not in self.kwargs:
            return None
        rows = visible(
            Candidate.objects.select_related("role", "person__details"), to=viewer_for(self.request)
        )
        found = rows.filter(pk=self.kwargs["candidate_id"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def title(self) -> Any:  # type: ignore[override]
        """Return who it is."""
        return self.candidate.name if self.candidate else _("Add a candidate")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [*super().crumbs(), Crumb(label=_("Candidates"), url=self.back())]

    def back(self) -> str:
        """Return the list."""
        return reverse("teams:candidate-list")

    def get_initial(self) -> dict[str, Any]:
        """Show the candidate as they are kept."""
        if self.candidate is None:
            return {"since": timezone.localdate(), "status": CandidateStatus.NEW}
        return {name: getattr(self.candidate, name) for name in CandidateForm.base_fields}

    def acted(self, form: Any) -> HttpResponse:
        """Keep it, and go on to the comparison."""
        one = candidate_put(
            candidate_id=self.candidate.pk if self.candidate else None,
            said=form.cleaned_data,
            **who(self.request),
        )
        said(self.request, __("Saved."))
        return redirect(compare_url(one.role_id))


class CandidateScore(CareForm):
    """Judge a candidate's capabilities."""

    form_class = ScoresForm

    @cached_property
    def candidate(self) -> Candidate:
        """Return the candidate, or 404."""
        found = (
            visible(Candidate.objects.all(), to=viewer_for(self.request))
            .filter(pk=self.kwargs["candidate_id"])
            .first()
        )
        if found is None:
            raise Http404
        return found

    @property
    def title(self) -> Any:  # type: ignore[override]
        """Return who is judged."""
        return self.candidate.name

    def back(self) -> str:
        """Return the comparison."""
        return compare_url(self.candidate.role_id)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask of every capability."""
        return {**super().get_form_kwargs(), "capabilities": Capability.objects.order_by("name")}

    def get_initial(self) -> dict[str, Any]:
        """Propose today; the candidate has to be there first."""
        _there = self.candidate
        return {"on": timezone.localdate()}

    def acted(self, form: Any) -> HttpResponse:
        """Keep the levels."""
        candidate_score(
            candidate_id=self.candidate.pk,
            levels=form.levels(),
            on=form.cleaned_data["on"],
            **who(self.request),
        )
        said(self.request, __("Saved."))
        return redirect(self.back())
