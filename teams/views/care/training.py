"""Training in the browser: what is due and overdue, HR's list of everybody and everybody's of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import CharField, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.identity.choices import Role
from kamcomp.pages.figures import day_text
from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn
from kamcomp.visibility import viewer_for, visible
from teams.forms.care import DoneForm
from teams.models import Training
from teams.selectors.teams import person_name
from teams.services.care import training_done
from teams.views.care.shared import CareForm, CareTable, hr_or_404, who

OWN = (Role.KAM, Role.PAYEE)


class TrainingFilter(FilterForm):
    """Trainings by whether they are overdue, to come or done."""

    which = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[("", _("All")), ("overdue", _("Overdue")), ("open", _("To come")), ("done", _("Done"))],
    )

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the trainings that pass."""
        today = timezone.localdate()
        where: dict[str, dict[str, Any]] = {
            "overdue": {"done_on": None, "due_on__lt": today},
            "open": {"done_on": None, "due_on__gte": today},
            "done": {"done_on__isnull": False},
        }
        which = self.cleaned_data["which"]
        return rows.filter(**where[which]) if which else rows


def state_of(row: Training) -> str:
    """Return in a word where a training stands."""
    if row.done_on is not None:
        return __("Done")
    return __("Overdue") if row.due_on < timezone.localdate() else __("To come")


class TrainingList(CareTable):
    """Trainings by the day they are due; everybody sees their own, HR everybody's."""

    title, file_name, order, here = _("Training"), "training", "due_on", "teams:training-list"
    filter_class = TrainingFilter
    empty_title = _("No training yet")
    empty_text = _("What somebody is due to be trained in stands here, with the day it is due again.")

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:  # type: ignore[override]
        """Return the columns; HR is led to saying that a training was done."""
        is_hr = viewer_for(self.request).holds(Role.HR_LEGAL)
        return (
            TableColumn(
                name="name", label=_("Name"), order="name", read=lambda row: person_name(row.person),
                link=(lambda row: reverse("teams:care-show", args=[row.person_id])) if is_hr else None,
            ),
            TableColumn(
                name="course", label=_("Course"), order="course__name", read=lambda row: __(row.course.name)
            ),
            TableColumn(name="due_on", label=_("Due on"), kind=Kind.DAY, order="due_on"),
            TableColumn(name="state", label=_("State"), read=state_of),
            TableColumn(name="done_on", label=_("Done on"), kind=Kind.DAY, order="done_on", narrow=False),
            *(
                [
                    TableColumn(
                        name="act", label=_("Act"), fact=False, narrow=False,
                        read=lambda row: "" if row.done_on else __("Say when it was done"),
                        link=lambda row: reverse("teams:training-done", args=[row.pk]),
                    )
                ]
                if is_hr
                else []
            ),
        )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the trainings the reader sees."""
        hr_or_404(self.request, *OWN)
        rows = visible(Training.objects.all(), to=viewer_for(self.request))
        return rows.select_related("person__details", "course").annotate(
            name=Coalesce("person__details__legal_name", "person__employee_id", output_field=CharField())
        )


class TrainingDone(CareForm):
    """Say when a training was done."""

    title, form_class = _("Training done"), DoneForm

    @cached_property
    def training(self) -> Training:
        """Return the training, or 404."""
        rows = visible(
            Training.objects.select_related("person__details", "course"), to=viewer_for(self.request)
        )
        found = rows.filter(pk=self.kwargs["training_id"]).first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        words = f"{person_name(self.training.person)} · {__(self.training.course.name)}"
        return [Crumb(label=_("Training"), url=self.back()), Crumb(label=words)]

    def back(self) -> str:
        """Return the list."""
        return reverse("teams:training-list")

    def get_initial(self) -> dict[str, Any]:
        """Propose today; the training has to be there first."""
        _there = self.training
        return {"on": timezone.localdate()}

    def acted(self, form: Any) -> HttpResponse:
        """Keep the day, and say when it is due again."""
        again = training_done(training_id=self.training.pk, on=form.cleaned_data["on"], **who(self.request))
        words = (
            __("Saved. It is due again on %(day)s.") % {"day": day_text(again.due_on)}
            if again
            else __("Saved.")
        )
        said(self.request, words)
        return redirect(self.back())
