"""
Plans put before those they pay: the board of all, and one that is read, signed or refused.

The list is one for all: who sends sees everybody, the others their own and those who report to them.
Rules stand in plans.services.acceptances; the text in plans.views.agreements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.viewing import is_looking
from kamcomp.pages.screens import Crumb, FormScreen, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from plans.choices import AcceptanceStatus
from plans.exports.agreement_pdf import agreement_pdf
from plans.models import Acceptance
from plans.selectors.acceptances import WAITING, acceptances_by_country, acceptances_listed
from plans.services.acceptances import (
    SENDERS,
    acceptance_open,
    acceptance_refuse,
    acceptance_send,
    acceptance_sign,
)
from plans.views.agreements import agreements
from plans.views.plans import VersionScreen
from teams.selectors.teams import person_name

BOARD = (Role.COMP_ADMIN, Role.HR_LEGAL, Role.FINANCE, Role.EXECUTIVE, Role.AUDITOR)


def acceptance_url(acceptance: Acceptance) -> str:
    """Return the address of what was put before somebody."""
    return reverse("plans:acceptance-show", args=[acceptance.pk])


class Answer(forms.Form):
    """Whether somebody signs a plan or refuses it, and why."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        choices=[("sign", _("Sign")), ("refuse", _("Do not accept"))], widget=forms.HiddenInput
    )
    reason = forms.CharField(
        label=_("Why you do not accept it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only where you do not accept: who sent it reads it."),
    )


class AcceptanceFilter(FilterForm):
    """Acceptances of a plan, in a state, of a country."""

    plan = forms.CharField(label=_("Plan"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    country = forms.CharField(label=_("Country"), required=False, max_length=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [(value, __(str(label))) for value, label in AcceptanceStatus.choices]
        self.fields["status"].choices = [("", __("All")), *shown]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those that pass."""
        chosen = self.cleaned_data
        rows = rows.filter(version__plan__name__icontains=chosen["plan"]) if chosen["plan"] else rows
        rows = rows.filter(status=chosen["status"]) if chosen["status"] else rows
        return rows.filter(country__iexact=chosen["country"]) if chosen["country"] else rows


class AcceptanceList(TableScreen):
    """What was put before whom, and what they said to it."""

    title, file_name, order = _("Plans to sign"), "acceptances", "-sent_at"
    template_name = "plans/acceptance_list.html"
    empty_title = _("No plan has been sent for acceptance")
    empty_text = _("A published plan is sent from its page; here stands who has signed it.")
    whole_columns = (
        TableColumn(
            name="person", label=_("Person"), order="person__details__legal_name",
            read=lambda row: person_name(row.person), link=acceptance_url,
        ),
        TableColumn(name="plan", label=_("Plan"), order="version__plan__name", path="version__plan__name"),
        TableColumn(
            name="version", label=_("Version"), kind=Kind.NUMBER, path="version__number", order="version__number",
            narrow=False,
        ),
        TableColumn(name="country", label=_("Country"), order="country", narrow=False),
        TableColumn(name="language", label=_("Language"), order="language", narrow=False),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="sent_at", label=_("Sent"), kind=Kind.MOMENT, order="sent_at", narrow=False),
        TableColumn(name="answered_at", label=_("Answered"), kind=Kind.MOMENT, order="answered_at", narrow=False),
    )  # fmt: skip

    own_columns = (
        TableColumn(
            name="plan", label=_("Plan"), order="version__plan__name", path="version__plan__name", link=acceptance_url
        ),
        TableColumn(name="person", label=_("Person"), read=lambda row: person_name(row.person), narrow=False),
        *(column for column in whole_columns if column.name in ("version", "status", "sent_at", "answered_at")),
    )  # fmt: skip

    @cached_property
    def is_board(self) -> bool:
        """Tell whether the reader looks over everybody's; the others see their own, and of who reports to them."""
        return viewer_for(self.request).holds(*BOARD)

    @property
    def columns(self) -> Sequence[TableColumn]:  # type: ignore[override]
        """Return the columns: whose it is first for who looks over all, the plan first for the others."""
        return self.whole_columns if self.is_board else self.own_columns

    @property
    def filter_class(self) -> type[FilterForm] | None:  # type: ignore[override]
        """Return the filter for who looks over all; a list of one's own needs none."""
        return AcceptanceFilter if self.is_board else None

    def rows(self) -> QuerySet[Any]:
        """Return those the reader sees."""
        return acceptances_listed(viewer=viewer_for(self.request), on=timezone.localdate())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and for who sends how far each country is."""
        sends = viewer_for(self.request).holds(*SENDERS)
        countries = acceptances_by_country(rows=self.rows()) if sends else []
        return super().get_context_data(countries=countries, **kwargs)


class OneAcceptance(FormScreen, TemplateResponseMixin, View):
    """What was put before somebody the reader may see."""

    @cached_property
    def acceptance(self) -> Acceptance:
        """Return it, or 404."""
        rows = visible(Acceptance.objects.all(), to=viewer_for(self.request))
        found = rows.select_related("version__plan", "person__details").filter(
            pk=self.kwargs["acceptance_id"]
        )
        acceptance = found.first()
        if acceptance is None:
            raise Http404
        return acceptance

    @property
    def own(self) -> bool:
        """Tell whether it is put before the reader."""
        return self.acceptance.person.user_id == self.request.user.pk


class AcceptanceShow(OneAcceptance):
    """The text, and the answer to it."""

    template_name = "plans/acceptance_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Plans to sign"), url=reverse("plans:acceptance-list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the text, and whether the reader answers it."""
        acceptance = self.acceptance
        return super().get_context_data(
            **{
                "title": acceptance.text["title"],
                "acceptance": acceptance,
                "who": person_name(acceptance.person),
                "may_answer": self.own and acceptance.status in WAITING,
                "form": Answer(initial={"digest": acceptance.digest}, label_suffix=""),
            }
            | kwargs
        )

    def get(self, request: HttpRequest, acceptance_id: UUID) -> HttpResponse:
        """Show it; that its reader has opened it is kept."""
        if self.own and self.acceptance.status == AcceptanceStatus.SENT and not is_looking(request):
            user = cast(User, request.user)
            acceptance_open(acceptance_id=acceptance_id, by=user, at=timezone.now())
            del self.acceptance
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, acceptance_id: UUID) -> HttpResponse:
        """Take the answer."""
        if not self.own:
            raise Http404
        form = Answer(request.POST, label_suffix="")
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form: Any) -> HttpResponse:
        """Sign it, or refuse it with the reason."""
        typed, user, at = form.cleaned_data, cast(User, self.request.user), timezone.now()
        if typed["answer"] == "sign":
            acceptance_sign(acceptance_id=self.acceptance.pk, digest=typed["digest"], by=user, at=at)
            said(self.request, __("Signed. Your copy is here to keep."))
        else:
            acceptance_refuse(acceptance_id=self.acceptance.pk, reason=typed["reason"], by=user, at=at)
            said(self.request, __("Who sent it has been told."))
        return redirect(acceptance_url(self.acceptance))


class AcceptancePdf(OneAcceptance):
    """The copy as a PDF."""

    http_method_names = ["get"]

    def get(self, _request: HttpRequest, **_kwargs: UUID) -> HttpResponse:
        """Answer the file."""
        acceptance = self.acceptance
        content = agreement_pdf(acceptance=acceptance, name=person_name(acceptance.person))
        answer = HttpResponse(content, content_type="application/pdf")
        name = f"{acceptance.version.plan.code}-v{acceptance.version.number}.pdf".replace('"', "")
        answer["Content-Disposition"] = f'attachment; filename="{name.replace("/", "-")}"'
        return answer


class AcceptanceSend(VersionScreen):
    """Put a version before those it pays."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Send it to who has not been asked, and show the board."""
        if not viewer_for(request).holds(*SENDERS):
            raise Http404
        user = cast(User, request.user)
        try:
            texts = agreements(version=self.version)
            made = acceptance_send(version_id=version_id, texts=texts, by=user, at=timezone.now())
        except Refusal as refusal:
            said(request, worded(refusal))
            return redirect("plans:version-show", version_id)
        said(request, __("Sent to %(count)s people.") % {"count": len(made)})
        return redirect("plans:acceptance-list")
