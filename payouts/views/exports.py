"""
Files out in the browser: which there are, making one, who would be left out of payroll, and taking one away.

A file is made once a run, profile and format by a worker, and given byte for byte as it was
made; each download leaves an entry. Rules: docs/reference/exports.md.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.jobs.models import Job
from kamcomp.pages.figures import money_text
from kamcomp.pages.screens import Crumb, FormScreen, Screen, refused, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export, Run
from payouts.services.export_jobs import EXPORTS, export_request
from payouts.services.exports import export_download, payroll_dry_run, payroll_left_out
from payouts.views.desk import current_runs, desk_or_404, run_named_or_404
from teams.models import PersonDetails

LATEST_JOBS = 5
ENDED_SHOWN_SECONDS = 600


class ExportFilter(FilterForm):
    """The files of a run, of a profile."""

    run = forms.ChoiceField(label=_("Period"), required=False)
    profile = forms.ChoiceField(label=_("Profile"), required=False)

    def __init__(self, *args: Any, runs: list[Run], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(run.pk), run.period.code) for run in runs]
        profiles = [(value, __(label)) for value, label in ExportProfile.choices]
        self.fields["run"].choices = [("", __("All")), *named]  # type: ignore[attr-defined]
        self.fields["profile"].choices = [("", __("All")), *profiles]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the files that pass."""
        asked = self.cleaned_data
        rows = rows.filter(run_id=asked["run"]) if asked["run"] else rows
        return rows.filter(profile=asked["profile"]) if asked["profile"] else rows


class ExportAsk(forms.Form):
    """Which file of which run."""

    run = forms.ChoiceField(label=_("Period"))
    profile = forms.ChoiceField(label=_("Profile"))
    format = forms.ChoiceField(label=_("Format"), choices=ExportFormat.choices)

    def __init__(self, *args: Any, runs: list[Run], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.fields["run"].choices = [(str(run.pk), str(run)) for run in runs]  # type: ignore[attr-defined]
        profiles = [(value, __(label)) for value, label in ExportProfile.choices]
        self.fields["profile"].choices = profiles  # type: ignore[attr-defined]


def _download_url(export: Export) -> str:
    return reverse("payouts:export-download", args=[export.pk])


def _totals(export: Export) -> str:
    totals = sorted(export.totals.items())
    return ", ".join(money_text(Decimal(amount), currency) for currency, amount in totals)


class ExportList(TableScreen):
    """The files that were made, those under way, and the way to make one."""

    title, file_name, order = _("Files out"), "exports", "-exported_at"
    template_name = "payouts/export_list.html"
    empty_title = _("No file yet")
    empty_text = _("Files are made of locked periods: choose one above.")
    columns = (
        TableColumn(name="filename", label=_("File"), order="filename", link=_download_url),
        TableColumn(name="profile", label=_("Profile"), narrow=False, order="profile",
                    read=lambda export: __(export.get_profile_display())),
        TableColumn(name="rows", label=_("Rows"), kind=Kind.NUMBER, order="rows", narrow=False),
        TableColumn(name="totals", label=_("Totals"), read=_totals),
        TableColumn(name="sha256", label=_("SHA-256"), narrow=False),
        TableColumn(name="made_by", label=_("Made by"), narrow=False,
                    read=lambda export: export.created_by.get_full_name() if export.created_by else None),
        TableColumn(name="exported_at", label=_("Made"), kind=Kind.MOMENT, order="exported_at", narrow=False),
    )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the list, or the same rows as a file."""
        desk_or_404(request)
        return super().get(request, *args, **kwargs)

    @cached_property
    def runs(self) -> list[Run]:
        """Return the runs files can be made of, newest first."""
        return current_runs(self.request, locked=True)

    def rows(self) -> QuerySet[Any]:
        """Return the files with their run and maker."""
        return visible(Export.objects.all(), to=viewer_for(self.request)).select_related("run", "created_by")

    def filter_class(self, asked: Any) -> FilterForm:  # type: ignore[override]
        """Return the filter with the runs there are."""
        return ExportFilter(asked, runs=self.runs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, what is under way, and the form for another."""
        run = run_named_or_404(self.runs, "") if self.runs else None
        asked = self.request.GET.get("run", "")
        form = ExportAsk(runs=self.runs, initial={"run": asked or (str(run.pk) if run else "")})
        return super().get_context_data(
            ask=form, can_ask=bool(self.runs), **jobs_context(self.request), **kwargs
        )


def jobs_context(request: HttpRequest) -> dict[str, Any]:
    """Return the newest jobs that write files, and whether one of them is under way."""
    jobs = visible(Job.objects.filter(kind=EXPORTS.name), to=viewer_for(request)).order_by("-created_at")
    latest = list(jobs.select_related("created_by")[:LATEST_JOBS])
    since = timezone.now() - timedelta(seconds=ENDED_SHOWN_SECONDS)
    shown = [job for job in latest if not job.ended or (job.finished_at and job.finished_at > since)]
    labels = dict(ExportProfile.choices)
    runs = {
        str(run.pk): run
        for run in Run.objects.filter(pk__in=[job.subject_id for job in shown]).select_related("period")
    }
    rows = [(job, runs.get(job.subject_id), labels.get(job.request.get("profile", ""), "")) for job in shown]
    return {"jobs": rows, "under_way": any(not job.ended for job in shown)}


class ExportJobs(Screen, View):
    """The moving part: files that are being written, for as long as one is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer the part; once nothing is under way, tell the page to load itself again."""
        desk_or_404(request)
        context = jobs_context(request)
        answer = render(request, "payouts/export_jobs.html", context)
        if not context["under_way"]:
            answer["HX-Refresh"] = "true"
        return answer


class ExportMake(FormScreen, TemplateResponseMixin, View):
    """What a file would hold and leave out, and asking a worker for it."""

    title = _("Make a file")
    template_name = "payouts/export_make.html"
    form_class = ExportAsk

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Files out"), url=reverse("payouts:export-list")),
            Crumb(label=_("Make a file")),
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form needs: from the query string a dry run, from a post the act."""
        data = self.request.POST if self.request.method == "POST" else self.request.GET or None
        return {"runs": current_runs(self.request, locked=True), "data": data}

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show who would be left out, and nothing is made."""
        desk_or_404(request)
        form = self.get_form()
        if form.is_bound and not form.is_valid():
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(form=form, dry=_dry(request, form)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file."""
        desk_or_404(request)
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form: BaseForm) -> HttpResponse:
        """Ask for it, and lead to where its progress is seen."""
        asked = form.cleaned_data
        run = run_named_or_404(current_runs(self.request, locked=True), asked["run"])
        if run is None:
            raise Http404
        export_request(
            run=run, profile=ExportProfile(asked["profile"]), file_format=ExportFormat(asked["format"]),
            by=cast(User, self.request.user), at=timezone.now(),
        )  # fmt: skip
        said(self.request, __("The file is being written; you can leave this page."))
        return redirect("payouts:export-list")


def _dry(request: HttpRequest, form: Any) -> dict[str, Any] | None:
    """Return whom a payroll file of the run asked for would stop at and leave out; None for other profiles."""
    if not form.is_bound or form.cleaned_data["profile"] != ExportProfile.PAYROLL:
        return None
    run = run_named_or_404(current_runs(request, locked=True), form.cleaned_data["run"])
    if run is None:
        return None
    missing, held = payroll_dry_run(run=run), payroll_left_out(run=run)
    ids = [*missing, *(employee_id for employee_id, _why in held)]
    names = dict(
        PersonDetails.objects.filter(person__employee_id__in=ids).values_list(
            "person__employee_id", "legal_name"
        )
    )
    return {
        "run": run,
        "missing": [(employee_id, names.get(employee_id, "")) for employee_id in missing],
        "held": [(employee_id, names.get(employee_id, ""), why) for employee_id, why in held],
    }


class ExportDownload(Screen, View):
    """A file as it was made."""

    def get(self, request: HttpRequest, export_id: UUID) -> HttpResponseBase:
        """Give the file byte for byte, or say why it is not the same any more."""
        desk_or_404(request)
        export = visible(Export.objects.all(), to=viewer_for(request)).filter(pk=export_id).first()
        if export is None:
            raise Http404
        try:
            path = export_download(export_id=export.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
            return redirect("payouts:export-list")
        answer = FileResponse(path.open("rb"), as_attachment=True, filename=export.filename)
        answer["Cache-Control"] = "no-store"
        answer["X-Digest-SHA-256"] = export.sha256
        return answer
