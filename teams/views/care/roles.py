"""Roles in the browser: the catalogue, what each is for and asks for, and who does what in account work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.tables import Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.visibility import viewer_for, visible
from teams.choices import DutyPart, ObjectiveStatus
from teams.forms.care import LEVEL, DutyForm, ProfileForm
from teams.models import AccountObjective, Capability, JobProfile, JobRole, ProfileCapability, RoleDuty
from teams.selectors.roles import role_duties, roles_listed
from teams.services.care import job_profile_put, role_duty_put, role_duty_remove
from teams.services.care.roles import KEEPERS
from teams.views.care.shared import CareForm, hr_or_404, who

LIVE = (ObjectiveStatus.DRAFT, ObjectiveStatus.AGREED)
KEEPING = tuple(Role(role) for role in KEEPERS)


def role_url(role: JobRole) -> str:
    """Return the address of a role's page."""
    return reverse("teams:role-show", args=[role.pk])


class RoleList(TableScreen):
    """The roles of the catalogue that are in use, with what is said of each."""

    title, file_name, order = _("Roles"), "roles", "name"
    empty_title = _("No role yet")
    empty_text = _("Import roles; the catalogue then stands here.")
    columns = (
        TableColumn(
            name="name", label=_("Role"), order="name", link=role_url, show=lambda row: worded(row.name)
        ),
        TableColumn(
            name="family", label=_("Family"), order="family", show=lambda row: worded(row.family), narrow=False
        ),
        TableColumn(
            name="has_profile", label=_("Job profile"), order="has_profile",
            read=lambda row: __("yes") if row.has_profile else __("missing"),
        ),
        TableColumn(name="duties_count", label=_("Activities"), kind=Kind.NUMBER, order="duties_count"),
        TableColumn(name="holders", label=_("People today"), kind=Kind.NUMBER, order="holders", narrow=False),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the roles in the catalogue."""
        hr_or_404(self.request, *KEEPING, Role.KAM, Role.PAYEE, Role.AUDITOR, Role.FINANCE, Role.EXECUTIVE)
        return roles_listed(viewer=viewer_for(self.request))


class RoleScreen(Screen):
    """A page about one role."""

    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def role(self) -> JobRole:
        """Return the role, or 404."""
        found = (
            visible(JobRole.objects.all(), to=viewer_for(self.request))
            .filter(pk=self.kwargs["role_id"])
            .first()
        )
        if found is None:
            raise Http404
        return found


class RoleShow(RoleScreen, TemplateResponseMixin, View):
    """What one role is for, what it asks for, and its part in each activity beside the other roles'."""

    template_name = "teams/role_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Roles"), url=reverse("teams:role-list"))]

    def get(self, request: HttpRequest, role_id: UUID) -> HttpResponse:
        """Show the role."""
        viewer = viewer_for(request)
        profile = visible(JobProfile.objects.filter(role=self.role), to=viewer).first()
        needs = visible(ProfileCapability.objects.filter(profile=profile), to=viewer) if profile else None
        context = {
            "title": worded(self.role.name),
            "role": self.role,
            "profile": profile,
            "needs": list(needs.select_related("capability").order_by("-level")) if needs is not None else [],
            "steps": [step for step in profile.selection_steps.splitlines() if step] if profile else [],
            "activities": role_duties(role=self.role, viewer=viewer),
            "parts": DutyPart,
            "sees_pay": viewer.holds(Role.HR_LEGAL, Role.COMP_ADMIN),
            "sees_profile": profile is not None or viewer.holds(*KEEPING, Role.AUDITOR),
            "may_keep": viewer.holds(*KEEPING),
        }
        return self.render_to_response(self.get_context_data(**context))


class RoleForm(RoleScreen, CareForm):
    """A form about one role."""

    roles = KEEPING

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Roles"), url=reverse("teams:role-list")),
            Crumb(label=worded(self.role.name), url=role_url(self.role)),
        ]

    def back(self) -> str:
        """Return the role's page."""
        return role_url(self.role)


class RoleProfile(RoleForm):
    """Say what a role is for and what it asks for."""

    title, form_class = _("Job profile"), ProfileForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask of every capability."""
        return {**super().get_form_kwargs(), "capabilities": Capability.objects.order_by("name")}

    def get_initial(self) -> dict[str, Any]:
        """Show the profile as it is."""
        profile = JobProfile.objects.filter(role=self.role).first() or JobProfile(role=self.role)
        names = ("purpose", "requirements", "selection_steps", "level", "market_percentile")
        needs = ProfileCapability.objects.filter(profile=profile).values_list("capability__code", "level")
        levels = {f"{LEVEL}{code}": level for code, level in needs}
        return {
            "responsibilities": self.role.responsibilities,
            **{name: getattr(profile, name) for name in names},
            **levels,
        }

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        job_profile_put(
            role_id=self.role.pk,
            said=form.said(),
            responsibilities=form.cleaned_data["responsibilities"],
            needs=form.levels(),
            **who(self.request),
        )
        said(self.request, __("Saved."))
        return redirect(role_url(self.role))


class RoleDutyAdd(RoleForm):
    """Say which part a role has in an activity."""

    title, form_class = _("Who does what"), DutyForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the objectives that are still to be reached."""
        rows = visible(AccountObjective.objects.filter(status__in=LIVE), to=viewer_for(self.request))
        objectives = rows.select_related("account__node").order_by("account__node__code", "code")
        return {**super().get_form_kwargs(), "objectives": objectives}

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        role_duty_put(role_id=self.role.pk, **form.cleaned_data, **who(self.request))
        said(self.request, __("Saved."))
        return redirect(role_url(self.role))


class RoleDutyRemove(Screen, View):
    """Take a role's part in an activity away."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, duty_id: UUID) -> HttpResponse:
        """Take it away."""
        hr_or_404(request, *KEEPING)
        if not visible(RoleDuty.objects.filter(pk=duty_id), to=viewer_for(request)).exists():
            raise Http404
        role = role_duty_remove(duty_id=duty_id, **who(request))
        said(request, __("Taken out."))
        return redirect(role_url(role))
