"""
What HR keeps of people in the browser: everybody at a glance, one person with the gaps to a profile, and the forms.

HR and legal alone see these pages; nobody of them adds anything about themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
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

from kamcomp.pages.screens import Crumb, Screen, refused, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from teams.forms import care as asked
from teams.forms.members import MemberForm
from teams.models import Capability, Employment, JobProfile, JobRole, Leaver, Person
from teams.selectors.care import CareRow, care_rows, people_cared_for, person_care
from teams.selectors.teams import person_name
from teams.services import care
from teams.views.care.chart import levels_of
from teams.views.care.shared import CareForm, CareTable, hr_or_404, who

LACKS = (
    ("training", _("Training overdue")),
    ("reward", _("No reward in a year")),
    ("mentor", _("No mentor")),
)


def care_url(person: Person) -> str:
    """Return the address of what HR keeps of a person."""
    return reverse("teams:care-show", args=[person.pk])


class CareFilter(FilterForm):
    """People by name, and by what is missing."""

    name = forms.CharField(label=_("Name"), required=False)
    lacks = forms.ChoiceField(
        label=_("What is missing"), required=False, choices=[("", _("Everybody")), *LACKS]
    )

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people who pass."""
        name, lacks = self.cleaned_data["name"].strip(), self.cleaned_data["lacks"]
        rows = rows.filter(name__icontains=name) if name else rows
        where: dict[str, dict[str, Any]] = {
            "training": {"overdue__gt": 0},
            "reward": {"rewarded_lately": False},
            "mentor": {"mentor_name": ""},
        }
        return rows.filter(**where[lacks]) if lacks else rows


class CareList(CareTable):
    """Everybody who works here, with what HR looks after."""

    title, file_name, order, here = _("People care"), "people-care", "name", "teams:care-list"
    filter_class = CareFilter
    about = _("Capabilities, training, market pay, mentors and rewards besides pay. For HR and legal alone.")
    empty_title = _("Nobody is here yet")
    empty_text = _("Import people; what HR keeps of them then stands here.")

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:  # type: ignore[override]
        """Return the columns; some are read for the rows shown, together."""
        return (
            TableColumn(name="name", label=_("Name"), order="name", link=care_url, read=person_name),
            TableColumn(name="role", label=_("Role"), read=lambda row: worded(self._of(row).role_name), narrow=False),
            TableColumn(
                name="gap", label=_("Gap to the profile"), kind=Kind.RATIO,
                read=lambda row: self._of(row).gap,
            ),
            TableColumn(name="overdue", label=_("Training overdue"), kind=Kind.NUMBER, order="overdue"),
            TableColumn(
                name="compa", label=_("Pay to market"), kind=Kind.RATIO, read=lambda row: self._of(row).ratio
            ),
            TableColumn(name="mentor", label=_("Mentor"), order="mentor_name", path="mentor_name", narrow=False),
            TableColumn(
                name="rewarded_on", label=_("Last reward"), kind=Kind.DAY, order="rewarded_on", narrow=False
            ),
        )  # fmt: skip

    @cached_property
    def _known(self) -> Mapping[UUID, CareRow]:
        whole = "format" in self.request.GET
        rows = self.table.rows if whole else self.table.page.object_list
        return care_rows(people=[row.pk for row in rows], on=timezone.localdate())

    def _of(self, row: Person) -> CareRow:
        return self._known[row.pk]

    def rows(self) -> QuerySet[Any]:
        """Return the people who are not leavers."""
        hr_or_404(self.request)
        return people_cared_for(viewer=viewer_for(self.request), on=timezone.localdate())


class CarePerson(Screen):
    """A page about one person, for HR."""

    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def person(self) -> Person:
        """Return the person, or 404."""
        hr_or_404(self.request)
        rows = visible(Person.objects.select_related("details", "user"), to=viewer_for(self.request))
        found = rows.filter(pk=self.kwargs["person_id"]).first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("People care"), url=reverse("teams:care-list"))]


class CareShow(CarePerson, TemplateResponseMixin, View):
    """One person: the gaps to a role's profile, training, mentors, rewards, pay against the market, agreements."""

    template_name = "teams/care_show.html"

    def get(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Show the person, held against their own role's profile or the one asked for."""
        on, person = timezone.localdate(), self.person
        profiled = JobRole.objects.filter(pk__in=JobProfile.objects.values("role")).order_by("name")
        wanted = next((one for one in profiled if str(one.pk) == request.GET.get("against")), None)
        found = person_care(person=person, viewer=viewer_for(request), on=on, against=wanted)
        context = {
            "title": person_name(person),
            "person": person,
            "care": found,
            "today": on,
            "levels": levels_of(gaps=found.gaps),
            "profiled": profiled,
            "leaver": Leaver.objects.filter(person=person).first(),
            "own": person.user_id == request.user.pk,
        }
        return self.render_to_response(self.get_context_data(**context))


@dataclass(frozen=True, kw_only=True)
class Adding:
    """What can be added about a person: its title, its form, and the act that takes what the form says."""

    title: Any
    form: type[MemberForm]
    act: Callable[..., object]
    day: str


def _scored(*, form: Any, **rest: Any) -> object:
    return care.capability_scores_put(levels=form.levels(), on=form.cleaned_data["on"], **rest)


def _taken(act: Callable[..., object]) -> Callable[..., object]:
    return lambda *, form, **rest: act(**form.cleaned_data, **rest)


def _left(*, form: Any, **rest: Any) -> object:
    said = dict(form.cleaned_data)
    return care.leaver_record(last_day=said.pop("last_day"), said=said, **rest)


ADDING: dict[str, Adding] = {
    "scores": Adding(title=_("Judge capabilities"), form=asked.ScoresForm, act=_scored, day="on"),
    "training": Adding(
        title=_("Assign training"), form=asked.TrainingForm, act=_taken(care.training_assign), day=""
    ),
    "reward": Adding(
        title=_("Record a reward"), form=asked.RewardForm, act=_taken(care.reward_give), day="given_on"
    ),
    "mentor": Adding(title=_("Name a mentor"), form=asked.MentorForm, act=_taken(care.mentor_set), day="since"),
    "goal": Adding(
        title=_("Development goal"), form=asked.GoalForm, act=_taken(care.development_goal_put), day=""
    ),
    "work-life": Adding(
        title=_("Agreement on work and life"), form=asked.WorkLifeForm, act=_taken(care.work_life_agree),
        day="agreed_on",
    ),
    "leaver": Adding(title=_("Register as a leaver"), form=asked.LeaverForm, act=_left, day="last_day"),
}  # fmt: skip


class CareAdd(CarePerson, CareForm):
    """Add something to what HR keeps of a person."""

    @cached_property
    def adding(self) -> Adding:
        """Return what is added, or 404."""
        if self.kwargs["what"] not in ADDING:
            raise Http404
        return ADDING[self.kwargs["what"]]

    @property
    def title(self) -> Any:  # type: ignore[override]
        """Return what is added."""
        return self.adding.title

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [*super().crumbs(), Crumb(label=person_name(self.person), url=care_url(self.person))]

    def back(self) -> str:
        """Return the person's page."""
        return care_url(self.person)

    def get_form_class(self) -> Any:
        """Return the form of what is added; a person has to be there first."""
        _there = self.person
        return self.adding.form

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask of every capability where they are judged."""
        kwargs = super().get_form_kwargs()
        if self.adding.form is asked.ScoresForm:
            kwargs["capabilities"] = Capability.objects.order_by("name")
        return kwargs

    def get_initial(self) -> dict[str, Any]:
        """Propose today, and of a leaver what is known."""
        found: dict[str, Any] = {self.adding.day: timezone.localdate()} if self.adding.day else {}
        if self.kwargs["what"] == "leaver":
            leaver = Leaver.objects.filter(person=self.person).first()
            names = ("last_day", "reason", "destination", "destination_name", "non_compete")
            found |= {name: getattr(leaver, name) for name in names} if leaver else self._last_day()
        return found

    def _last_day(self) -> dict[str, date | None]:
        ends = Employment.objects.filter(person=self.person).order_by("valid").last()
        return {"last_day": ends.span.last} if ends and ends.span.last else {}

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        self.adding.act(form=form, person_id=self.person.pk, **who(self.request))
        said(self.request, __("Saved."))
        return redirect(care_url(self.person))


class CareRemove(Screen, View):
    """Take a row out of what HR keeps of somebody."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, what: str, row_id: UUID) -> HttpResponse:
        """Take it out, and go back to whom it was about."""
        hr_or_404(request)
        try:
            whose = care.care_row_remove(what=what, row_id=row_id, **who(request))
        except Refusal as refusal:
            refused(request, refusal)
            return redirect("teams:care-list")
        said(request, __("Taken out."))
        return redirect(
            reverse("teams:care-show", args=[whose]) if whose else reverse("teams:candidate-list")
        )
