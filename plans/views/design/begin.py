"""
Where drafts begin and end: the list, a new one from a template, a version or a file, putting aside, submitting.

Rules stand in plans.services.drafts.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, refused, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from plans.choices import DraftStatus, PlanType
from plans.engine.conventions import PlanType as DocumentType
from plans.engine.edits import set_at
from plans.models import Plan, PlanVersion
from plans.selectors.drafts import draft_look, drafts_listed
from plans.services.drafts import (
    DESIGNERS,
    draft_begin,
    draft_change,
    draft_discard,
    draft_resume,
    draft_submit,
)
from plans.templates_library import plan_template
from plans.views.design.found import found_list
from plans.views.design.screen import DraftScreen, draft_url
from plans.views.plans import READERS
from teams.models import StrategicAccount

LARGEST_FILE = 2_000_000
TEMPLATE, VERSION, FILE = "template", "version", "file"


class DraftFilter(FilterForm):
    """Drafts in a state."""

    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(value, __(str(label))) for value, label in DraftStatus.choices]
        cast(forms.ChoiceField, self.fields["status"]).choices = [("", __("All")), *offered]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the drafts chosen."""
        status = self.cleaned_data["status"]
        return rows.filter(status=status) if status else rows


class DraftList(TableScreen):
    """The working drafts, the last changed first."""

    title, file_name, order = _("Drafts"), "drafts", "-changed_at"
    template_name = "plans/draft_list.html"
    filter_class = DraftFilter
    empty_title = _("No draft yet")
    empty_text = _("Begin one from a template, from last year's version or from a file.")
    columns = (
        TableColumn(name="name", label=_("Draft"), order="name", link=draft_url),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="of", label=_("Of plan"), order="plan__name", narrow=False,
                    read=lambda draft: draft.plan.name if draft.plan else __("a new plan")),
        TableColumn(name="step", label=_("Steps"), kind=Kind.NUMBER, order="step", narrow=False),
        TableColumn(name="changed_by", label=_("Changed by"), order="changed_by__last_name", narrow=False,
                    read=lambda draft: draft.changed_by.get_full_name() or draft.changed_by.get_username()),
        TableColumn(name="changed_at", label=_("Changed"), kind=Kind.MOMENT, order="changed_at"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the drafts the reader may see."""
        viewer = viewer_for(self.request)
        if self.request.user.is_authenticated and not viewer.holds(*READERS):
            raise Http404
        return drafts_listed(viewer=viewer)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and whether the reader may begin a draft."""
        return super().get_context_data(may_begin=viewer_for(self.request).holds(*DESIGNERS), **kwargs)


class BeginForm(forms.Form):
    """From what a draft begins, and what it is called and when it holds."""

    source = forms.ChoiceField(label=_("Begin from"))
    document = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("A plan document, as a version gives it to download."),
    )
    code = forms.RegexField(
        label=_("Code"), regex=r"^[A-Za-z0-9._-]{1,60}$", required=False,
        help_text=_("Of a new plan. The next version of a plan keeps its code."),
    )  # fmt: skip
    name = forms.CharField(label=_("Name"), max_length=160, required=False)
    first_day = forms.DateField(
        label=_("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_(
            "Without one, the year after the version it begins from. A day within it makes a change of it, "
            "from that day until its last."
        ),
    )  # fmt: skip
    calendar = forms.ModelChoiceField(
        label=_("Calendar"), queryset=FiscalCalendar.objects.none(), required=False
    )
    account = forms.ModelChoiceField(
        label=_("For one account"), queryset=StrategicAccount.objects.none(), required=False
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        viewer = viewer_for(request)
        self.versions = {
            str(version.pk): version
            for version in visible(PlanVersion.objects.all(), to=viewer)
            .select_related("plan__calendar", "plan__account")
            .order_by("plan__name", "-number")
        }
        templates = [(f"{TEMPLATE}:{value}", __(str(label))) for value, label in PlanType.choices]
        versions = [(f"{VERSION}:{key}", str(version)) for key, version in self.versions.items()]
        cast(forms.ChoiceField, self.fields["source"]).choices = [
            (__("A template"), templates),
            (__("A version, as its plan's next one"), versions),
            (__("A file"), [(FILE, __("The file below"))]),
        ]
        calendars = FiscalCalendar.objects.order_by("code")
        cast(forms.ModelChoiceField, self.fields["calendar"]).queryset = calendars
        if len(found := list(calendars[:2])) == 1:
            self.fields["calendar"].initial = found[0].pk
        accounts = visible(StrategicAccount.objects.select_related("node"), to=viewer)
        cast(forms.ModelChoiceField, self.fields["account"]).queryset = accounts.order_by("node__name")

    def clean(self) -> dict[str, Any]:
        """Return what is needed for the source chosen."""
        data = super().clean() or {}
        source = data.get("source", "")
        if source == FILE:
            data["read"] = self._read(data.get("document"))
        elif source.startswith(TEMPLATE) and not data.get("code"):
            self.add_error("code", __("A new plan has a code."))
        if not source.startswith(VERSION) and source and not data.get("calendar"):
            self.add_error("calendar", __("A new plan is of a calendar."))
        return data

    def _read(self, upload: Any) -> Any:
        if upload is None:
            self.add_error("document", __("Choose the file."))
            return None
        if upload.size > LARGEST_FILE:
            self.add_error("document", __("A plan document is at most 2 MB."))
            return None
        try:
            return json.loads(upload.read().decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            self.add_error("document", __("The file is not JSON: %(why)s") % {"why": error})
            return None


class DraftBegin(FormScreen, TemplateResponseMixin, View):
    """Begin a draft from a template, a version or a file."""

    template_name = "plans/draft_begin.html"
    title = _("Begin a draft")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the drafts."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Drafts"), url=reverse("plans:draft-list")),
        ]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin it, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> BeginForm:  # type: ignore[override]
        """Return the form with what the reader may begin from."""
        if not viewer_for(self.request).holds(*DESIGNERS):
            raise Http404
        posted = self.request.method == "POST"
        source = self.request.GET.get("from", "")
        return BeginForm(
            self.request.POST if posted else None,
            self.request.FILES if posted else None,
            request=self.request,
            initial={
                "source": f"{VERSION}:{source}" if source else f"{TEMPLATE}:{DocumentType.TEAM_PERFORMANCE}"
            },
            label_suffix="",
        )

    def acted(self, form: Any) -> HttpResponse:
        """Begin it and lead to the designer."""
        data = form.cleaned_data
        kind, _colon, key = data["source"].partition(":")
        who: dict[str, Any] = {"by": cast(User, self.request.user), "at": timezone.now()}
        if kind == VERSION:
            version = form.versions[key]
            document = next_year(version.document, first=data["first_day"], name=data["name"])
            draft = draft_begin(document=document, plan=version.plan, based_on=version, **who)
        else:
            document = data["read"] if kind == FILE else plan_template(plan_type=DocumentType(key))
            named = _named(document, code=data["code"], name=data["name"], first=data["first_day"])
            plan = _plan_of(self.request, named) if kind == FILE else None
            draft = draft_begin(
                document=named,
                plan=plan,
                calendar=data["calendar"],
                account=data["account"],
                **who,
            )
        said(self.request, __("The draft is begun: each change is kept as you make it."))
        return redirect(draft_url(draft))


class DraftDiscard(DraftScreen):
    """Put a draft aside; for ten seconds it can be undone from the message, later from the list."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Put it aside and lead to the list."""
        if not self.may_edit:
            raise Http404
        draft_discard(draft_id=self.draft.pk, by=cast(User, request.user), at=timezone.now())
        undo = reverse("plans:draft-resume", args=[self.draft.pk])
        said(request, __("%(name)s is put aside.") % {"name": self.draft.name}, undo=undo)
        return redirect("plans:draft-list")


class DraftResume(DraftScreen):
    """Take a draft up again that was put aside."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Take it up and lead to it."""
        if not viewer_for(request).holds(*DESIGNERS):
            raise Http404
        try:
            draft_resume(draft_id=self.draft.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
        return redirect(draft_url(self.draft))


class DraftSubmit(DraftScreen):
    """What is handed to the second person: what the checks say of it, and the button."""

    template_name = "plans/draft_submit.html"

    def get(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page()

    def page(self, *, problem: str = "", status: int = 200) -> HttpResponse:
        """Answer the page."""
        if not self.may_edit:
            raise Http404
        look = draft_look(draft=self.draft, on=timezone.localdate())
        context = self.get_context_data(
            draft=self.draft,
            title=__("Submit %(name)s") % {"name": self.draft.name},
            found=found_list(
                look=look, viewer=viewer_for(self.request), whole=self.request.GET.get("all", "")
            ),
            back=draft_url(self.draft),
            problem=problem,
        )
        return render(self.request, self.template_name, context, status=status)

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Submit it and lead to the version."""
        if not self.may_edit:
            raise Http404
        seen = request.POST.get("step", "")
        try:
            version = draft_submit(
                draft_id=self.draft.pk,
                seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1,
                by=cast(User, request.user),
                at=timezone.now(),
            )
        except Refusal as refusal:
            return self.page(problem=worded(refusal), status=422)
        said(request, __("Submitted: it is a version now, and waits for a second person to approve it."))
        return redirect("plans:version-show", version.pk)


class DraftDocument(DraftScreen):
    """The document of a draft as a file, and a file in its place."""

    def get(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Answer the document."""
        text = json.dumps(self.draft.document, indent=2, ensure_ascii=False) + "\n"
        answer = HttpResponse(text, content_type="application/json; charset=utf-8")
        name = f"{self.draft.document['code']}-draft.json".replace('"', "").replace("/", "-")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Put a document in place of the one that is there, as one step that can be undone."""
        if not self.may_edit:
            raise Http404
        upload = request.FILES.get("document")
        who: dict[str, Any] = {"by": cast(User, request.user), "at": timezone.now()}
        try:
            document = json.loads(upload.read(LARGEST_FILE).decode("utf-8-sig")) if upload else None
            if not isinstance(document, Mapping):
                raise ValueError(__("it is no object"))
            edits = [set_at("", dict(document))]
            draft_change(draft_id=self.draft.pk, edits=edits, seen=self.draft.step, **who)
            said(request, __("The document is in place; undo takes it back."))
        except (ValueError, RecursionError) as error:
            refused(request, Refusal(__("The file is not a plan document: %(why)s") % {"why": error}))
        except Refusal as refusal:
            refused(request, refusal)
        return redirect(draft_url(self.draft, tab="steps"))


def next_year(document: Mapping[str, Any], *, first: date | None = None, name: str = "") -> dict[str, Any]:
    """
    Return a document for the year after its own, or from a day on for a year; its years in the name move on.

    From a day within its own days it is a change of it, until its own last day.
    """
    copied = copy.deepcopy(dict(document))
    since = date.fromisoformat(document["effective"]["from"])
    last = date.fromisoformat(document["effective"]["to"])
    begins = first or last + timedelta(days=1)
    # A change of what holds already runs until that would have ended; otherwise a new year begins.
    ends = last if since < begins <= last else _year_from(begins)
    copied["effective"] = {"from": begins.isoformat(), "to": ends.isoformat()}
    copied["name"] = name or document["name"].replace(str(since.year), str(begins.year))
    return copied


def _named(document: Any, *, code: str, name: str, first: date | None) -> Any:
    """Return a document with the code, the name and the days that were said, where they were."""
    if not isinstance(document, dict):
        return document
    changed = document | ({"code": code} if code else {}) | ({"name": name} if name else {})
    if first is not None:
        changed["effective"] = {"from": first.isoformat(), "to": _year_from(first).isoformat()}
    return changed


def _year_from(first: date) -> date:
    """Return the last day of the year that begins on a day."""
    try:
        return first.replace(year=first.year + 1) - timedelta(days=1)
    except ValueError:
        return date(first.year + 1, 2, 28)


def _plan_of(request: HttpRequest, document: Any) -> Plan | None:
    code = document.get("code") if isinstance(document, dict) else None
    rows = visible(Plan.objects.select_related("calendar", "account"), to=viewer_for(request))
    return rows.filter(code=code).first() if isinstance(code, str) else None
