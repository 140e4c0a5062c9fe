"""
A draft or version in drawn years: what it costs, how often measures pay, pay against performance.

The address is the whole state. Moving a point of a curve answers the figures alone; what is kept is a scenario.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.replays.shown import FEWEST_SHOWN
from payouts.selectors.simulations import (
    Ground,
    Simulated,
    Subject,
    budget_on,
    ground_of,
    point_edits,
    simulated,
)
from payouts.selectors.simulations.shown import (
    BOX_HEIGHT,
    BOX_WIDTH,
    GROUND,
    LEFT,
    TOP,
    SimulationShown,
    simulation_shown,
)
from payouts.services.scenarios import SIMULATORS, ScenarioNameless, scenario_keep
from payouts.views.desk import DraftBecomes, desk_or_404
from payouts.views.simulations.form import SimulationForm, is_point
from payouts.views.simulations.points import ACT, draft_seen, laid_beside
from plans.choices import DraftStatus
from plans.engine.codec import DocumentInvalid
from plans.models import PlanVersion, Scenario
from plans.selectors.drafts import drafts_listed
from plans.services.drafts import DESIGNERS, DraftChanged, draft_change
from scorecards.models import Metric
from teams.visibility import PAY

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
KEPT_SHOWN = 20
COLUMNS = ("figure", "measure", "value", "unit")


class Simulate(Screen, View):
    """What drafts and versions have in common here."""

    template_name = "payouts/simulate.html"

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return what is simulated."""
        return __("Simulation of %(plan)s") % {"plan": self.subject.document["name"]}

    @cached_property
    def subject(self) -> Subject:
        """Return the draft or version, or 404."""
        raise NotImplementedError

    @property
    def here(self) -> str:
        """Return the address of the page without what is asked."""
        raise NotImplementedError

    def kept(self) -> Any:
        """Return the scenarios that were kept of it."""
        raise NotImplementedError

    @cached_property
    def ground(self) -> Ground:
        """Return what the simulation stands on."""
        return ground_of(subject=self.subject)

    def may_put(self, form: SimulationForm | None) -> bool:
        """Tell whether what was moved can be put into what is simulated; into a version nothing is."""
        return False

    def form_of(self, data: QueryDict) -> SimulationForm:
        """Return the form with what was asked."""
        rows = visible(Metric.objects.all(), to=viewer_for(self.request)).values_list("code", "name")
        return SimulationForm(
            data,
            ground=self.ground,
            names=dict(rows),
            budget=budget_on(plan=self.subject.plan_code, day=timezone.localdate()),
        )

    def get(self, request: HttpRequest, **_place: UUID) -> HttpResponseBase:
        """Show the figures of what the address asks, or only them for htmx, or them as a file."""
        subject = self.subject
        try:
            form = self.form_of(request.GET)
        except Refusal as refusal:
            return self._answer(None, None, problem=worded(refusal), status=422)
        except DocumentInvalid as invalid:
            return self._answer(None, None, problem=_first(invalid), status=422)
        if not form.is_valid():
            return self._answer(form, None, status=422)
        asked = form.asked()
        try:
            found = simulated(ground=self.ground, asked=asked)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self._answer(form, None, status=422)
        except DocumentInvalid as invalid:
            form.add_error(None, _first(invalid))
            return self._answer(form, None, status=422)
        shown = simulation_shown(found=found, document=subject.document, budget=asked.budget)
        write = SHEETS.get(request.GET.get("format", ""))
        if write is not None and not self._few(found):
            return write(sheet_of(shown), self._about(form, found))
        return self._answer(form, found, shown=shown)

    def post(self, request: HttpRequest, **_place: UUID) -> HttpResponse:
        """Keep the scenario that was asked, under a name."""
        desk_or_404(request, *SIMULATORS)
        query = QueryDict(request.POST.get("asked", ""))
        form = self.form_of(query)
        try:
            if not form.is_valid():
                return cast(HttpResponse, self._answer(form, None, status=422))
            kept = scenario_keep(
                ground=self.ground, asked=form.asked(), said=form.said(), name=request.POST.get("name", ""),
                by=cast(User, request.user), at=timezone.now(),
            )  # fmt: skip
        except ScenarioNameless as refusal:
            form.add_error(None, worded(refusal))
            found = simulated(ground=self.ground, asked=form.asked())
            shown = simulation_shown(found=found, document=self.subject.document, budget=form.asked().budget)
            return cast(HttpResponse, self._answer(form, found, shown=shown, status=422))
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return cast(HttpResponse, self._answer(form, None, status=422))
        said(request, __("Kept as “%(name)s”.") % {"name": kept.name})
        return redirect(self._address(form))

    def _few(self, found: Simulated) -> bool:
        return found.people < FEWEST_SHOWN and not viewer_for(self.request).holds(*PAY)

    def _address(self, form: SimulationForm) -> str:
        asked = form.address()
        return self.here + (f"?{asked}" if asked else "")

    def _answer(
        self,
        form: SimulationForm | None,
        found: Simulated | None,
        *,
        shown: SimulationShown | None = None,
        problem: str = "",
        status: int = 200,
    ) -> HttpResponseBase:
        few = found is not None and self._few(found)
        context: dict[str, Any] = {
            "form": form, "found": found, "shown": None if few else shown, "few": few, "problem": problem,
            "asked": form.address() if form is not None and form.is_valid() else "",
            "seen": self.subject.draft.step if self.subject.draft else None, "may_put": self.may_put(form),
            "here": self.here, "may_keep": viewer_for(self.request).holds(*SIMULATORS),
            "plot": {"width": BOX_WIDTH, "height": BOX_HEIGHT, "ground": GROUND, "top": TOP, "left": LEFT,
                     "right": BOX_WIDTH - LEFT, "words": GROUND + 18},
            "ground": self.ground if form is not None else None,
        }  # fmt: skip
        if self.request.headers.get("HX-Request") and self.request.method == "GET":
            answer = render(self.request, "payouts/simulate_figures.html", context, status=status)
            if form is not None and status == 200:
                answer["HX-Replace-Url"] = self._address(form)
            return answer
        kept = [(each, scenario_url(each)) for each in self.kept()[:KEPT_SHOWN]]
        context |= {"kept": kept, "subject": self.subject}
        return render(self.request, self.template_name, self.get_context_data(**context), status=status)

    def _about(self, form: SimulationForm, found: Simulated) -> dict[str, str]:
        history = self.ground.history
        return {
            "title": str(self.title), "filter": form.address() or "none", "document": found.digest,
            "years drawn": str(found.scenario.draws), "seed": str(found.scenario.seed),
            "periods": ", ".join(history.periods) if history else "none",
            "people": str(found.people), "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }  # fmt: skip


class DraftSimulate(DraftBecomes, Simulate):
    """A working draft in drawn years; points that were moved can be put into it."""

    @cached_property
    def subject(self) -> Subject:
        """Return the draft as the page showed it, or 404."""
        desk_or_404(self.request, *READERS)
        rows = drafts_listed(viewer=viewer_for(self.request)).select_related(
            "plan__calendar", "plan__account", "calendar", "account__node"
        )
        found = rows.filter(pk=self.kwargs["draft_id"]).first()
        if found is None:
            raise Http404
        return Subject.of_draft(
            draft_seen(draft=found, seen=(self.request.POST or self.request.GET).get("seen", ""))
        )

    def may_put(self, form: SimulationForm | None) -> bool:
        """Tell whether points were moved that the reader may put into the draft."""
        draft = self.subject.draft
        is_open = draft is not None and draft.status == DraftStatus.EDITING
        moved = form is not None and form.is_valid() and any(is_point(name) for name in form.said())
        return is_open and moved and viewer_for(self.request).holds(*DESIGNERS)

    def post(self, request: HttpRequest, **place: UUID) -> HttpResponse:
        """Put the moved points into the draft, or keep the scenario."""
        return self._points_put(request) if request.POST.get("act") == ACT else super().post(request, **place)

    def _points_put(self, request: HttpRequest) -> HttpResponse:
        desk_or_404(request, *DESIGNERS)
        draft = self.subject.draft
        assert draft is not None
        form = self.form_of(QueryDict(request.POST.get("asked", "")))
        if not form.is_valid():
            return cast(HttpResponse, self._answer(form, None, status=422))
        try:
            edits = point_edits(document=self.subject.document, moves=form.asked().moves)
            draft_change(
                draft_id=draft.pk,
                edits=edits,
                seen=draft.step,
                by=cast(User, request.user),
                at=timezone.now(),
            )
        except DraftChanged as changed:
            return laid_beside(request, form=form, changed=changed, here=self.here)
        except (Refusal, DocumentInvalid) as refused:
            told = worded(refused) if isinstance(refused, Refusal) else _first(refused)
            form.add_error(None, told)
            return cast(HttpResponse, self._answer(form, None, status=422))
        said(request, __("The points stand in the draft, as one step."))
        rest = {name: text for name, text in form.said().items() if not is_point(name)}
        return redirect(self.here + (f"?{urlencode(rest)}" if rest else ""))

    @property
    def here(self) -> str:
        """Return the address of the page."""
        return reverse("payouts:draft-simulate", args=[self.kwargs["draft_id"]])

    def kept(self) -> Any:
        """Return the scenarios of the draft."""
        rows = visible(Scenario.objects.filter(draft_id=self.kwargs["draft_id"]), to=viewer_for(self.request))
        return rows.select_related("created_by").order_by("-at")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the drafts."""
        draft = self.subject.draft
        assert draft is not None
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Drafts"), url=reverse("plans:draft-list")),
            Crumb(label=draft.name, url=reverse("plans:draft-design", args=[draft.pk])),
        ]


class VersionSimulate(Simulate):
    """A version in drawn years."""

    @cached_property
    def subject(self) -> Subject:
        """Return the version, or 404."""
        desk_or_404(self.request, *READERS)
        rows = visible(PlanVersion.objects.all(), to=viewer_for(self.request))
        found = (
            rows.filter(pk=self.kwargs["version_id"])
            .select_related("plan__calendar", "plan__account")
            .first()
        )
        if found is None:
            raise Http404
        return Subject(version=found)

    @property
    def here(self) -> str:
        """Return the address of the page."""
        return reverse("payouts:version-simulate", args=[self.kwargs["version_id"]])

    def kept(self) -> Any:
        """Return the scenarios of the version."""
        rows = visible(
            Scenario.objects.filter(version_id=self.kwargs["version_id"]), to=viewer_for(self.request)
        )
        return rows.select_related("created_by").order_by("-at")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the plan."""
        version = self.subject.version
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=version.plan.name, url=reverse("plans:version-show", args=[version.pk])),
        ]


def scenario_url(scenario: Scenario) -> str:
    """Return the address at which a scenario was kept, with all that it asked."""
    name, of = ("draft", scenario.draft_id) if scenario.draft_id else ("version", scenario.version_id)
    return reverse(f"payouts:{name}-simulate", args=[of]) + f"?{urlencode(scenario.asked)}"


def sheet_of(shown: SimulationShown) -> Sheet:
    """Return the figures of a page as rows of a file."""
    money, share = shown.currency, "ratio"
    rows: list[tuple[Any, ...]] = [
        ("cost, one year in ten is below", "", shown.low.value, money),
        ("cost, half of the years are below", "", shown.middle.value, money),
        ("cost, nine years in ten are below", "", shown.high.value, money),
        ("cost, mean", "", shown.mean.value, money),
        ("cost of people, mean", "", shown.people, money),
        ("cost of pools, mean", "", shown.pools, money),
        *(
            (f"cost at {level} % of target", "", each.value, money)
            for level, each in zip((50, 100, 150), shown.levels, strict=False)
        ),
        ("chance to exceed the budget", "", shown.over_budget, share),
    ]
    for measure in shown.measures:
        rows += [
            ("pays something", measure.name, measure.pays, share),
            ("pays its target or more", measure.name, measure.target, share),
            ("pays its most", measure.name, measure.most, share),
            ("pays on average", measure.name, measure.mean, share),
        ]
    for point in shown.pay.points:
        rows.append((f"mean pay from {point.low:.0%} of target", "", point.ratio, share))
    columns = [SheetColumn(name=name, is_text=name != "value") for name in COLUMNS]
    return Sheet(title="simulation", columns=columns, rows=rows, count=len(rows))


def _first(invalid: DocumentInvalid) -> str:
    error = invalid.errors[0]
    return f"{error.pointer}: {error.detail}"
