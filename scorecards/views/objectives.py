"""
Objectives in a period: their rater gives each a step of the scale, with evidence; owners read theirs.

Rules stand in scorecards.services.ratings.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.pages.figures import percent_text
from kamcomp.pages.screens import Screen, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from scorecards.selectors.objectives import objectives_rated, rated_so_far, rating_periods
from scorecards.services import objective_rate
from scorecards.services.ratings import SCALE
from teams.models import AccountObjective

LONGEST_EVIDENCE = 2000


class RatingForm(forms.Form):
    """A step of the scale, and what it rests on."""

    use_required_attribute = False
    rating = forms.TypedChoiceField(label=_("Rating"), coerce=Decimal)
    evidence = forms.CharField(
        label=_("Evidence"), max_length=LONGEST_EVIDENCE, widget=forms.Textarea(attrs={"rows": 1})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        steps = [(str(step), percent_text(step, digits=0)) for step in SCALE]
        self.fields["rating"].choices = [("", "–"), *steps]  # type: ignore[attr-defined]


class ObjectiveScreen(Screen, View):
    """The objectives of a period."""

    title = _("Objectives")
    template_name = "scorecards/objective_list.html"

    @cached_property
    def periods(self) -> list[Period]:
        """Return the periods that can be rated, oldest first."""
        return rating_periods(viewer=viewer_for(self.request))

    @cached_property
    def period(self) -> Period | None:
        """Return the period asked for, or the oldest that is not locked; None if there is none."""
        code = self.request.GET.get("period")
        if not code:
            return next(iter(self.periods), None)
        found = next((each for each in self.periods if each.code == code), None)
        if found is None:
            raise Http404
        return found

    def answer(
        self, *, sent: RatingForm | None = None, of: UUID | None = None, status: int = 200
    ) -> HttpResponse:
        """Answer the list; `sent` is the form that could not be kept, of the objective `of`."""
        rows = []
        if self.period is not None:
            rows = objectives_rated(period=self.period, viewer=viewer_for(self.request))
        lines = [
            (
                row,
                sent
                if sent is not None and row.objective_id == of
                else RatingForm(
                    initial={"rating": _step(row.rating), "evidence": row.evidence},
                    auto_id=f"id_{row.objective_id}_%s",
                ),
            )
            for row in rows
        ]
        rated, of_all = rated_so_far(rows)
        context = self.get_context_data(
            lines=lines, period=self.period, periods=self.periods, rated=rated, of_all=of_all
        )
        return render(self.request, self.template_name, context, status=status)


class ObjectiveList(ObjectiveScreen):
    """The objectives the reader rates, and those they own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them."""
        return self.answer()


class ObjectiveRate(ObjectiveScreen):
    """Give one objective its rating."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, objective_id: UUID) -> HttpResponse:
        """Keep the rating, or answer the list with what was typed."""
        objectives = visible(AccountObjective.objects.all(), to=viewer_for(request))
        objective = (
            objectives.select_related("owner__manager", "account__node").filter(pk=objective_id).first()
        )
        if objective is None or self.period is None:
            raise Http404
        form = RatingForm(request.POST, auto_id=f"id_{objective_id}_%s")
        if not form.is_valid():
            return self.answer(sent=form, of=objective_id, status=422)
        try:
            objective_rate(
                objective=objective,
                period=self.period,
                rating=form.cleaned_data["rating"],
                evidence=form.cleaned_data["evidence"].strip(),
                by=cast(User, request.user),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.answer(sent=form, of=objective_id, status=422)
        said(request, __("Rated: %(objective)s.") % {"objective": objective.statement})
        return redirect(f"{reverse('scorecards:objective-list')}?period={self.period.code}")


def _step(rating: Decimal | None) -> str:
    """Return a stored rating as the step of the scale that the form has."""
    return "" if rating is None else next((str(step) for step in SCALE if step == rating), "")
