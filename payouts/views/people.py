"""
People in the browser: the list, one person by day, pay packages decided by two, personal fields.

A payroll number is shown to compensation admins, finance, HR and auditors, and to nobody else; what is not seen
of a person's pay is not there.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View
from django.views.generic.edit import FormView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import day_text
from kamcomp.pages.parts import PartFiles, Parts, part_sheet
from kamcomp.pages.screens import Crumb, FormScreen, Screen, refused, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.people import PersonSheet, people_on, person_sheet
from payouts.views.person_tables import PARTS
from teams.choices import PersonStatus
from teams.forms import DayField, PackageForm, PersonalForm
from teams.models import PayPackage, Person, PersonDetails
from teams.selectors.teams import person_name
from teams.services import package_approve, package_propose, package_withdraw, person_details_put
from teams.services.employment_edits import EDITORS as EMPLOYERS
from teams.services.packages import APPROVERS, PROPOSERS
from teams.services.people import KEEPERS

if TYPE_CHECKING:
    PersonFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    PersonFormView = FormView

READERS = (Role.COMP_ADMIN, Role.KAM, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
PAYROLL = (Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.AUDITOR)
"""Who reads payroll numbers, and so sees where one is missing."""


def person_url(person: Person) -> str:
    """Return the address of a person's page."""
    return reverse("payouts:person-show", args=[person.pk])


def day_asked(request: HttpRequest) -> date:
    """Return the day that the address asks about, today without one."""
    try:
        return date.fromisoformat(request.GET.get("as_of", ""))
    except ValueError:
        return timezone.localdate()


def reader_or_404(request: HttpRequest, *roles: Role) -> None:
    """Answer 404 to who signed in without one of the roles, all readers of people if none are named."""
    if request.user.is_authenticated and not viewer_for(request).holds(*(roles or READERS)):
        raise Http404


class PersonFilter(FilterForm):
    """People by words, state, and what is missing of them."""

    name = forms.CharField(label=_("Name, id or account"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    lacks = forms.ChoiceField(label=_("What is missing"), required=False)
    as_of = DayField(label=_("On the day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(value, __(str(label))) for value, label in PersonStatus.choices]
        self.fields["status"].choices = [("", __("All")), *states]  # type: ignore[attr-defined]
        self.fields["lacks"].choices = [  # type: ignore[attr-defined]
            ("", __("Everybody")),
            ("payroll_number", __("No payroll number")),
            ("package", __("No pay package")),
            ("employment", __("No employment")),
        ]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who pass."""
        said, words = self.cleaned_data, self.cleaned_data["name"].strip()
        if words:
            rows = (
                rows.filter(name__icontains=words)
                | rows.filter(employee_id__icontains=words)
                | rows.filter(accounts__icontains=words)
            )
        if said["lacks"] == "payroll_number":
            rows = rows.filter(details__payroll_number="")
        elif said["lacks"]:
            rows = rows.filter(**{f"has_{said['lacks']}": False})
        return rows.filter(status=said["status"]) if said["status"] else rows


class PersonList(TableScreen):
    """Everybody a reader sees, as they are on a day."""

    title, file_name, order = _("People"), "people", "name"
    empty_title = _("Nobody is here yet")
    empty_text = _("Import people, employments and packages; whom you may see then stands here.")
    columns = (
        TableColumn(name="name", label=_("Name"), order="name", link=person_url, read=person_name),
        TableColumn(name="employee_id", label=_("Employee id"), order="employee_id"),
        TableColumn(name="accounts", label=_("Accounts"), order="accounts"),
        TableColumn(name="employer", label=_("Employer"), order="employer", narrow=False),
        TableColumn(name="jurisdiction", label=_("Law of"), order="jurisdiction", narrow=False),
        TableColumn(
            name="manager", label=_("Manager"), order="manager_name", path="manager_name", narrow=False
        ),
        TableColumn(name="cost_centre", label=_("Cost centre"), order="cost_centre", narrow=False),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status", narrow=False),
    )

    @property
    def filter_class(self) -> Any:  # type: ignore[override]
        """Return the filter; who sees no pay is not told what is missing of it."""
        return PersonFilter if viewer_for(self.request).holds(*PAYROLL) else PersonFilterPlain

    def rows(self) -> QuerySet[Any]:
        """Return the people on the day asked for."""
        reader_or_404(self.request)
        return people_on(viewer=viewer_for(self.request), on=day_asked(self.request))

    def facts(self) -> dict[str, str]:
        """Return the day the file is about."""
        return {"as of": day_asked(self.request).isoformat()}


class PersonFilterPlain(PersonFilter):
    """The filter for those who see people and not their pay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lacks"].widget = forms.HiddenInput()
        self.fields["lacks"].choices = [("", "")]  # type: ignore[attr-defined]


class PersonScreen(Screen):
    """A page about one person whom the reader sees."""

    request: HttpRequest
    kwargs: dict[str, Any]
    roles: tuple[Role, ...] = ()

    @cached_property
    def person(self) -> Person:
        """Return the person, or 404."""
        reader_or_404(self.request, *self.roles)
        rows = visible(Person.objects.all(), to=viewer_for(self.request))
        found = rows.select_related("details", "manager__details", "user").filter(pk=self.kwargs["person_id"])
        person = found.first()
        if person is None:
            raise Http404
        return person

    @cached_property
    def sheet(self) -> PersonSheet:
        """Return the person with all that the reader sees."""
        return person_sheet(person=self.person, viewer=viewer_for(self.request), on=day_asked(self.request))


class PersonShow(PartFiles, PersonScreen, TemplateResponseMixin, View):
    """One person on a day."""

    template_name = "payouts/person_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("People"), url=reverse("payouts:person-list"))]

    @cached_property
    def sees_pay(self) -> bool:
        """Tell whether the reader sees what the person is promised, and by which plans."""
        return bool(self.sheet.packages) or viewer_for(self.request).holds(*PAYROLL)

    def parts(self) -> Parts:
        """Return the tables of the page: packages and plans for who sees pay, teams, employments."""
        sheet = self.sheet
        pay = {"packages": sheet.packages, "plans": sheet.assignments} if self.sees_pay else {}
        found: dict[str, Any] = {**pay, "served": sheet.memberships, "employments": sheet.employments}
        return {
            name: partial(part_sheet, title=name, columns=PARTS[name], rows=rows)
            for name, rows in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return whose rows they are."""
        return {"person": person_name(self.person), "as of": self.sheet.on.isoformat()}

    def get(self, request: HttpRequest, person_id: UUID) -> HttpResponseBase:
        """Show the person, or a table of theirs as a file."""
        if file := self.part_file():
            return file
        viewer, sheet = viewer_for(request), self.sheet
        may = viewer.holds(*[Role(role) for role in APPROVERS])
        own = self.person.user_id == request.user.pk
        context = {
            "title": person_name(self.person),
            "person": self.person,
            "details": self._details(),
            "sheet": sheet,
            "today": timezone.localdate(),
            "sees_payroll": viewer.holds(*PAYROLL),
            "sees_pay": self.sees_pay,
            "may_propose": viewer.holds(*[Role(role) for role in PROPOSERS]) and not own,
            "may_employ": viewer.holds(*[Role(role) for role in EMPLOYERS]),
            "sees_care": viewer.holds(Role.HR_LEGAL),
            "may_keep": viewer.holds(*[Role(role) for role in KEEPERS]),
            "approvable": {
                row.package.pk
                for row in sheet.packages
                if may and not own and row.package.created_by_id != request.user.pk
            },
        }
        return self.render_to_response(self.get_context_data(**context))

    def _details(self) -> PersonDetails | None:
        return visible(PersonDetails.objects.filter(person=self.person), to=viewer_for(self.request)).first()


class PersonForm(PersonScreen, FormScreen, PersonFormView):
    """A form about one person."""

    template_name = "payouts/person_form.html"
    button: Any = _("Save")
    note: Any = ""

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("People"), url=reverse("payouts:person-list")),
            Crumb(label=person_name(self.person), url=person_url(self.person)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with whom it is about."""
        return super().get_context_data(
            person=self.person, back=person_url(self.person), button=self.button, note=self.note, **kwargs
        )


class PackagePropose(PersonForm):
    """Propose what a person is promised from a day on."""

    form_class = PackageForm
    roles = tuple(Role(role) for role in PROPOSERS)
    title, button = _("Propose a pay package"), _("Propose")
    note = _("A second person approves it; until then the package before it stays in force.")

    def get_initial(self) -> dict[str, Any]:
        """Show what holds on the day, for the new one to differ from."""
        row, employment = self.sheet.package, self.sheet.employment
        since = {"since": day_asked(self.request)}
        if row is None:
            return since | {"currency": employment.payroll_currency if employment else ""}
        names = ("base_salary", "variable_target", "pool_target", "long_term_target", "ceiling", "currency")
        return since | {name: getattr(row.package, name) for name in names}

    def acted(self, form: Any) -> HttpResponse:
        """Propose it."""
        package = package_propose(
            person=self.person, **form.cleaned_data, by=cast(User, self.request.user), at=timezone.now()
        )
        said(
            self.request,
            __("Proposed from %(day)s; a second person approves it.") % {"day": day_text(package.span.since)},
            undo=reverse("payouts:package-withdraw", args=[package.pk]),
        )
        return redirect(person_url(self.person))


class PersonalPut(PersonForm):
    """Say a person's payroll number and e-mail address, and until when the personal fields are kept."""

    form_class = PersonalForm
    roles = tuple(Role(role) for role in KEEPERS)
    title = _("Personal fields")
    note = _(
        "The day after the last one kept, name, address and numbers are erased for good; the books stay as they are."
    )

    def get_initial(self) -> dict[str, Any]:
        """Show them as they are."""
        details = PersonDetails.objects.filter(person=self.person).first()
        names = ("email", "payroll_number", "retain_until")
        return {name: getattr(details, name) for name in names} if details else {}

    def acted(self, form: Any) -> HttpResponse:
        """Put them."""
        person_details_put(
            person_id=self.person.pk, **form.cleaned_data, by=cast(User, self.request.user), at=timezone.now()
        )
        said(self.request, __("Saved."))
        return redirect(person_url(self.person))


class PackageAct(Screen, View):
    """Decide about a proposed package."""

    http_method_names = ["post"]
    roles: tuple[Role, ...] = ()

    def post(self, request: HttpRequest, package_id: UUID) -> HttpResponse:
        """Act, and say what came of it on the person's page."""
        reader_or_404(request, *self.roles)
        rows = visible(PayPackage.objects.select_related("person"), to=viewer_for(request))
        package = rows.filter(pk=package_id).first()
        if package is None:
            raise Http404
        try:
            said(request, self.acted(package))
        except Refusal as refusal:
            refused(request, refusal)
        return redirect(person_url(package.person))

    def acted(self, package: PayPackage) -> str:
        """Make the one service call; return what is said."""
        raise NotImplementedError


class PackageApprove(PackageAct):
    """Approve a proposed package; the one before it ends the day before."""

    roles = tuple(Role(role) for role in APPROVERS)

    def acted(self, package: PayPackage) -> str:
        """Approve it."""
        package_approve(package_id=package.pk, by=cast(User, self.request.user), at=timezone.now())
        return __("Approved: in force from %(day)s.") % {"day": day_text(package.span.since)}


class PackageWithdraw(PackageAct):
    """Take a proposed package back."""

    roles = tuple(Role(role) for role in PROPOSERS)

    def acted(self, package: PayPackage) -> str:
        """Take it back."""
        package_withdraw(package_id=package.pk, by=cast(User, self.request.user), at=timezone.now())
        words = __("Withdrawn: the proposal from %(day)s is gone.")
        return words % {"day": day_text(package.span.since)}
