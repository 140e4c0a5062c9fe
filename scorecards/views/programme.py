"""
The strategic programme of an account: what it is run for, the objectives of its plan on a timeline, its year and team.

Compensation admins change the programme; whoever holds the account writes objectives as drafts, which are agreed by
a compensation admin. Rules stand in teams.services.programme.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, cast

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
from kamcomp.pages.screens import Crumb, FormScreen, Screen, conflict_page, fields_apart, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, viewer_for, visible
from scorecards.choices import MetricStatus
from scorecards.forms.programme import ObjectiveForm, ProgrammeForm, steps_shown
from scorecards.models import Metric
from scorecards.selectors.programme import ObjectiveRow, programme_objectives, year_beside
from scorecards.selectors.sources import nodes_below
from scorecards.views.timeline import timeline
from teams.choices import ObjectiveStatus
from teams.models import AccountObjective, StrategicAccount
from teams.selectors.roles import duties_towards
from teams.selectors.teams import person_name, team_on
from teams.services import account_programme_put, objective_put
from teams.services.account_edits import EDITORS, AccountChangedMeanwhile
from teams.services.programme import (
    OBJECTIVE_TERMS,
    OPEN_TO_KAM,
    TERMS,
    ObjectiveChangedMeanwhile,
    objective_state,
    programme_state,
)
from teams.visibility import held_accounts

if TYPE_CHECKING:
    ProgrammeFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    ProgrammeFormView = FormView

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.AUDITOR, Role.KAM)
MOST_SHOWN = 10
"""Objectives on the timeline and in the open part of the table, those due last."""
LIVE = (ObjectiveStatus.DRAFT, ObjectiveStatus.AGREED)
EDITING = tuple(Role(role) for role in EDITORS)


class ProgrammeScreen(Screen):
    """A page about the programme of one account, for those who watch all of them and for key account managers."""

    kwargs: dict[str, Any]
    request: HttpRequest

    @cached_property
    def viewer(self) -> Viewer:
        """Return who looks."""
        return viewer_for(self.request)

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        rows = visible(StrategicAccount.objects.select_related("node__segment"), to=self.viewer)
        found = rows.filter(pk=self.kwargs["account_id"]).first()
        if found is None or not self.viewer.holds(*READERS):
            raise Http404
        return found

    @property
    def is_held(self) -> bool:
        """Tell whether the reader holds the account on the day."""
        return self.kwargs["account_id"] in self.viewer.once(held_accounts)

    @property
    def may_edit(self) -> bool:
        """Tell whether the reader changes programmes and agrees objectives."""
        return self.viewer.holds(*EDITING)

    def url(self) -> str:
        """Return the address of the programme."""
        return reverse("scorecards:programme-show", args=[self.account.pk])

    def crumbs(self) -> list[Crumb]:
        """Return the way from the account."""
        found = [Crumb(label=str(self.account), url=reverse("payouts:account-show", args=[self.account.pk]))]
        if type(self) is not ProgrammeShow:
            found.append(Crumb(label=_("Programme"), url=self.url()))
        return found


class ProgrammeShow(ProgrammeScreen, TemplateResponseMixin, View):
    """What an account is run for: strategy, timeline and objectives, its year beside the last, its team."""

    template_name = "scorecards/programme_show.html"

    def get(self, request: HttpRequest, account_id: Any) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the objectives as a file."""
        account, viewer, today = self.account, self.viewer, timezone.localdate()
        rows = programme_objectives(account=account, viewer=viewer)
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(self._file(rows), {"account": str(account), "made by": request.user.get_username()})
        nodes = nodes_below(node_id=account.node_id)
        team = team_on(account=account, viewer=viewer, on=today)
        context = {
            "title": __("Programme of %(account)s") % {"account": account},
            "account": account,
            "first": rows[::-1][:MOST_SHOWN],
            "earlier": rows[::-1][MOST_SHOWN:],
            "line": timeline(rows=rows[-MOST_SHOWN:], today=today),
            "beside": year_beside(nodes=nodes, currency=account.plan_currency, viewer=viewer, on=today),
            "team": team,
            "shares": strategy_shares(account),
            "segments": sorted({str(one) for member in team.members for one in member.segments.all()}),
            "short": sum(1 for row in rows if not row.is_long),
            "long": sum(1 for row in rows if row.is_long),
            "duties": duties_towards(
                objectives=[row.objective for row in rows if row.objective.status in LIVE]
            ),
            "may_edit": self.may_edit,
            "may_write": self.may_edit or self.is_held,
        }
        return self.render_to_response(self.get_context_data(**context))

    def _file(self, rows: list[ObjectiveRow]) -> Sheet:
        names = (
            "objective", "statement", "owner", "measure", "unit", "baseline", "target", "due_on", "horizon_months",
            "perspective", "weight", "status", "milestones", "milestones_reached",
        )  # fmt: skip
        figures = ("baseline", "target", "horizon_months", "weight", "milestones", "milestones_reached")
        columns = [
            SheetColumn(name=name, is_text=name not in (*figures, "due_on"), is_day=name == "due_on")
            for name in names
        ]
        lines = [
            (
                row.objective.code, row.objective.statement, person_name(row.objective.owner),
                row.objective.metric_code, row.objective.unit, row.objective.baseline, row.objective.target,
                row.objective.due_on, row.objective.horizon_months, row.objective.perspective, row.objective.weight,
                row.objective.status, len(row.milestones), sum(1 for one in row.milestones if one.reached_on),
            )
            for row in rows
        ]  # fmt: skip
        return Sheet(
            title=f"objectives-{self.account.node.code.lower()}",
            columns=columns,
            rows=lines,
            count=len(lines),
        )


class ProgrammePut(ProgrammeScreen, FormScreen, ProgrammeFormView):
    """Say what the programme of an account is for, and how the customer buys."""

    template_name = "scorecards/programme_form.html"
    form_class = ProgrammeForm
    title = _("Change the programme")

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account for who may change it, or 404."""
        if not self.may_edit:
            raise Http404
        return super().account

    def get_initial(self) -> dict[str, Any]:
        """Show it as it is."""
        state = json.dumps(programme_state(account=self.account), sort_keys=True)
        return {**{name: getattr(self.account, name) for name in TERMS}, "seen": state}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with the way back."""
        return super().get_context_data(back=self.url(), **kwargs)

    def acted(self, form: Any) -> HttpResponse:
        """Keep it, or lay mine beside theirs."""
        try:
            account_programme_put(
                account_id=self.account.pk,
                seen=form.cleaned_data["seen"],
                values=form.values(),
                by=cast(User, self.request.user),
                at=timezone.now(),
            )
        except AccountChangedMeanwhile as refusal:
            return self._beside(refusal, form)
        said(self.request, __("The programme of %(account)s is kept.") % {"account": self.account})
        return redirect(self.url())

    def _beside(self, refusal: Refusal, form: Any) -> HttpResponse:
        account = StrategicAccount.objects.get(pk=self.account.pk)
        theirs = programme_state(account=account)
        for name, value in form.values().items():
            setattr(account, name, value)
        mine = programme_state(account=account)
        return beside(self.request, refusal, form, TERMS, mine, theirs, back=self.url(), what=str(self.title))


class ObjectivePut(ProgrammeScreen, FormScreen, ProgrammeFormView):
    """Write an objective of the account plan, or change one."""

    template_name = "scorecards/objective_form.html"
    form_class = ObjectiveForm

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account for who may write its plan, or 404."""
        found = super().account
        if not (self.may_edit or self.is_held):
            raise Http404
        return found

    @cached_property
    def row(self) -> ObjectiveRow | None:
        """Return the objective that is changed, 404 if the account has none such, None for a new one."""
        objective_id = self.kwargs.get("objective_id")
        if objective_id is None:
            return None
        found = programme_objectives(account=self.account, viewer=self.viewer)
        row = next((each for each in found if each.objective.pk == objective_id), None)
        if row is None or (row.objective.status not in OPEN_TO_KAM and not self.may_edit):
            raise Http404
        return row

    @property
    def title(self) -> Any:  # type: ignore[override]
        """Return what is written."""
        return _("Change an objective") if self.row else _("Write an objective")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form offer owners, measures and states."""
        team = team_on(account=self.account, viewer=self.viewer, on=timezone.localdate())
        people = {member.person_id: member.person for member in team.members}
        if self.row:
            people[self.row.objective.owner_id] = self.row.objective.owner
        metrics = Metric.objects.exclude(status=MetricStatus.RETIRED).order_by("code")
        return {
            **super().get_form_kwargs(),
            "owners": [(str(key), person_name(person)) for key, person in people.items()],
            "metrics": [(one.code, f"{one.code} {__(one.name)}") for one in metrics],
            "states": ObjectiveStatus.values if self.may_edit else OPEN_TO_KAM,
        }

    def get_initial(self) -> dict[str, Any]:
        """Show it as it is; a new one is due at the end of the next year and looks a year far."""
        if self.row is None:
            next_year = date(timezone.localdate().year + 1, 12, 31)
            return {"due_on": next_year, "horizon_months": 12, "status": ObjectiveStatus.DRAFT}
        objective = self.row.objective
        state = json.dumps(objective_state(objective=objective), sort_keys=True)
        shown = {name: getattr(objective, name) for name in OBJECTIVE_TERMS}
        return {**shown, **steps_shown(self.row.milestones), "seen": state}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with the way back."""
        return super().get_context_data(back=self.url(), **kwargs)

    def acted(self, form: Any) -> HttpResponse:
        """Keep it, or lay mine beside theirs."""
        try:
            objective_put(
                account_id=self.account.pk,
                objective_id=self.row.objective.pk if self.row else None,
                seen=form.cleaned_data["seen"],
                values=form.values(),
                milestones=form.milestones(),
                by=cast(User, self.request.user),
                at=timezone.now(),
            )
        except ObjectiveChangedMeanwhile as refusal:
            return self._beside(refusal, form)
        said(self.request, __("The objective is kept."))
        return redirect(self.url())

    def _beside(self, refusal: Refusal, form: Any) -> HttpResponse:
        objective = AccountObjective.objects.get(pk=self.kwargs["objective_id"])
        theirs = objective_state(objective=objective)
        for name, value in form.values().items():
            setattr(objective, name, value)
        mine = objective_state(objective=objective)
        return beside(
            self.request, refusal, form, OBJECTIVE_TERMS, mine, theirs, back=self.url(), what=str(self.title)
        )


def strategy_shares(account: StrategicAccount) -> list[dict[str, Any]]:
    """Return where each weight of the strategy stands on a bar of a hundred."""
    found, x = [], 0
    for name in ("defend", "grow", "profit"):
        width = int(getattr(account, f"{name}_weight") * 100)
        found.append({"name": name, "x": f"{x}", "width": f"{width}"})
        x += width
    return found


def beside(
    request: HttpRequest,
    refusal: Refusal,
    form: Any,
    names: tuple[str, ...],
    mine: dict[str, str | None],
    theirs: dict[str, str | None],
    *,
    back: str,
    what: str,
) -> HttpResponse:
    """Answer what I typed beside what somebody else made of it meanwhile, in the words of the form."""
    carried = {name: form.data[name] for name in form.data if name not in ("seen", "csrfmiddlewaretoken")}
    was = form.cleaned_data["seen"] or {}

    def words(state: dict[str, str | None]) -> dict[str, str]:
        return {name: _words(form.fields[name], state.get(name)) for name in names}

    return conflict_page(
        request,
        what=what,
        sentence=worded(refusal),
        fields=fields_apart(
            labels={name: form.fields[name].label for name in names},
            before=words(was),
            mine=words(mine),
            theirs=words(theirs),
        ),
        back=back,
        keep=request.get_full_path(),
        carried={**carried, "seen": json.dumps(theirs, sort_keys=True)},
    )


def _words(field: Any, value: str | None) -> str:
    choices = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return choices.get(value or "", value or "") if choices else value or ""
