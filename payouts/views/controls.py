"""The controls over pay with their last proofs, and who may do what today."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import RoleGrant, User
from kamcomp.identity.services import access_take
from kamcomp.pages.screens import Crumb, Screen, refused
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, viewer_for, visible
from payouts.selectors.controls import Control, Standing, controls
from payouts.views import audit
from payouts.views.desk import desk_or_404

REVIEWERS = (Role.AUDITOR, Role.COMP_ADMIN, Role.HR_LEGAL)
NARROWER = {"payouts:access-list": REVIEWERS, "payouts:audit-list": audit.READERS}
"""Pages behind a control that not everybody who reads the controls may open."""


def _url(control: Control, viewer: Viewer) -> str:
    narrower = NARROWER.get(control.url_name)
    if not control.url_name or (narrower and not viewer.holds(*narrower)):
        return ""
    return reverse(control.url_name)


class ControlList(Screen, View):
    """The twelve controls."""

    title = _("Controls")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show them, or with ?format=csv or xlsx as a file."""
        desk_or_404(request)
        now = timezone.now()
        rows = controls(at=now)
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(_file(rows), {"title": __("Controls"), "made at": now.isoformat(timespec="seconds"),
                                       "made by": request.user.get_username()})  # fmt: skip
        context = self.get_context_data(
            books=[each for row in rows for each in row.findings],
            rows=[(row, _url(row, viewer_for(request))) for row in rows],
            holding=sum(1 for row in rows if row.standing is Standing.HOLDS),
            to_look_at=sum(1 for row in rows if row.standing is Standing.LOOK),
            unproved=sum(1 for row in rows if row.standing is Standing.UNPROVED),
        )
        return render(request, "payouts/control_list.html", context)


def _file(rows: list[Control]) -> Sheet:
    names = ("code", "name", "standing", "proof", "proved_at")
    return Sheet(
        title="controls",
        columns=[SheetColumn(name=name) for name in names],
        rows=[
            (row.code, str(row.name), row.standing.value, row.proof, row.at.isoformat() if row.at else "")
            for row in rows
        ],
        count=len(rows),
    )


class AccessFilter(FilterForm):
    """Users of a role, or of a name."""

    q = forms.CharField(label=_("Name"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Role"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(value, __(label)) for value, label in Role.choices]
        self.fields["role"].choices = [("", __("All")), *named]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the grants that pass."""
        words, role = self.cleaned_data["q"].strip(), self.cleaned_data["role"]
        if words:
            named = rows.filter(user__username__icontains=words) | rows.filter(
                user__last_name__icontains=words
            )
            rows = named | rows.filter(user__first_name__icontains=words)
        return rows.filter(role=role) if role else rows


class AccessList(TableScreen):
    """Who holds which role today, since when, and when they last signed in."""

    title, file_name, order = _("Who may do what"), "access-review", "user"
    filter_class = AccessFilter
    empty_title = _("Nobody holds a role today")
    columns = (
        TableColumn(name="user", label=_("Name"), order="user__last_name",
                    read=lambda grant: grant.user.get_full_name() or grant.user.username),
        TableColumn(name="username", label=_("User name"), path="user__username", order="user__username", narrow=False),
        TableColumn(name="role", label=_("Role"), order="role", read=lambda grant: __(grant.get_role_display())),
        TableColumn(name="since", label=_("Since"), kind=Kind.DAY, order="valid", read=lambda grant: grant.valid.lower),
        TableColumn(name="until", label=_("Last day"), kind=Kind.DAY, narrow=False,
                    read=lambda grant: grant.span.last),
        TableColumn(name="last_login", label=_("Last signed in"), kind=Kind.MOMENT, path="user__last_login",
                    order="user__last_login"),
    )  # fmt: skip

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the list, or the same rows as a file."""
        desk_or_404(request, *REVIEWERS)
        if request.GET.get("format", "") in SHEETS:
            try:
                access_take(by=cast(User, request.user), at=timezone.now())
            except Refusal as refusal:
                refused(request, refusal)
                return redirect("payouts:access-list")
        return super().get(request, *args, **kwargs)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the controls."""
        return [Crumb(label=_("Controls"), url=reverse("payouts:control-list")), Crumb(label=self.title)]

    def rows(self) -> QuerySet[Any]:
        """Return the roles in force today of users who can sign in."""
        grants = visible(RoleGrant.objects.all(), to=viewer_for(self.request))
        return grants.filter(valid__contains=timezone.localdate(), user__is_active=True).select_related(
            "user"
        )
