"""
A new programme in four steps: the account, what is known of it, type and measures, the draft.

The steps before the last are addresses with everything that was answered, so that a step can be left, shared and gone
back to; nothing is kept until the last one begins the draft. Rules stand in plans.engine.proposal, measure_choice and
first_draft, and in plans.services.proposals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from dateutil.relativedelta import relativedelta
from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, viewer_for
from plans.choices import PlanType
from plans.engine.conventions import PlanType as DocumentType
from plans.engine.first_draft import Measure, Wanted, first_draft, measures_paid
from plans.engine.measure_choice import Scored, recommended
from plans.engine.proposal import Answers, Goal, Proposal, base_share, proposal
from plans.models import Draft
from plans.selectors.elements import account_manager_document, elements_beside
from plans.selectors.proposal import (
    Known,
    LastYear,
    account_known,
    asked_targets,
    last_year,
    measures_ranked,
    usual_calendar,
)
from plans.services.drafts import DESIGNERS
from plans.services.proposals import draft_propose
from plans.templates_library import plan_template
from plans.views.design.screen import draft_url
from plans.views.propose.steps import (
    AccountStep,
    ChoiceStep,
    DraftStep,
    KnownStep,
    known_initial,
    next_january,
)
from plans.views.propose.words import because, element_cards, type_cards, type_words
from teams.models import StrategicAccount

STEPS = (_("Account"), _("What is known"), _("Type and measures"), _("The draft"))
LAST = len(STEPS)
WEIGHTED: dict[PlanType, int] = {PlanType.TEAM_PERFORMANCE: 2, PlanType.HYBRID: 2}
"""How many measures are recommended where a type brings parts of its own; three otherwise."""
MORE: dict[Goal, int] = {Goal.GROW: 5, Goal.PROFIT: 3, Goal.DEFEND: 0}
"""What is asked on top of last year unless somebody says otherwise, in percent: a judgement."""


@dataclass(frozen=True, kw_only=True)
class MeasureLine:
    """A measure to choose, with its scores; `beside` names the better one that says the same."""

    scored: Scored
    ticked: bool
    beside: str


@dataclass(frozen=True, kw_only=True)
class TargetLine:
    """What last year brought on a measure, and what the draft begins with."""

    year: LastYear
    asked: list[Decimal]

    @property
    def name(self) -> str:
        """Return the measure's name."""
        return self.year.name

    @property
    def unit(self) -> str:
        """Return the unit of its figures."""
        return self.year.unit

    @property
    def currency(self) -> str:
        """Return the currency of its figures, empty where they are no money."""
        return self.year.currency

    @property
    def cells(self) -> list[tuple[str, Decimal | None, Decimal | None]]:
        """Return each period's result beside the target for the same period of the plan's year."""
        asked: list[Decimal | None] = list(self.asked) or [None] * len(self.year.results)
        return list(zip(self.year.periods, self.year.results, asked, strict=True))


class PlanPropose(Screen, View):
    """From strategy to a first draft."""

    title = _("New programme")
    template_name = "plans/plan_propose.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the plans."""
        return [Crumb(label=_("Plans"), url=reverse("plans:plan-list"))]

    @cached_property
    def viewer(self) -> Viewer:
        """Return who designs, or 404."""
        viewer = viewer_for(self.request)
        if not viewer.holds(*DESIGNERS):
            raise Http404
        return viewer

    @cached_property
    def today(self) -> date:
        """Return the company's day."""
        return timezone.localdate()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the step asked for, or the first one that lacks an answer."""
        asked = request.GET.get("step", "1")
        step = min(max(int(asked), 1), LAST) if asked.isascii() and asked.isdigit() else 1
        wrong = self._first_wrong(before=step)
        return self.page(step=wrong or step, checked=wrong is not None)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin the draft, or show what has to be mended with everything that was typed."""
        wrong = self._first_wrong(before=LAST)
        if wrong is not None:
            return self.page(step=wrong, checked=True)
        form = DraftStep(request.POST)
        if not form.is_valid():
            return self.page(step=LAST, draft_form=form, checked=True)
        try:
            draft = self._begin(form)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.page(step=LAST, draft_form=form, checked=True)
        said(request, __("The draft is begun with what you answered: each change is kept as you make it."))
        return redirect(draft_url(draft))

    # The steps ----------------------------------------------------------------------------------------------

    @cached_property
    def account_form(self) -> AccountStep:
        """Return the first step, with the account that was chosen."""
        data = self.request.GET
        return AccountStep(data if "account" in data else None, viewer=self.viewer)

    @cached_property
    def account(self) -> StrategicAccount | None:
        """Return the account chosen, if it is for one."""
        form = self.account_form
        return form.cleaned_data["account"] if form.is_bound and form.is_valid() else None

    @cached_property
    def known(self) -> Known | None:
        """Return what is known of the account."""
        if self.account is None:
            return None
        return account_known(account=self.account, viewer=self.viewer, on=self.today)

    @cached_property
    def known_form(self) -> KnownStep:
        """Return the second step: as it was answered, else as the company knows it."""
        data = self.request.GET
        return KnownStep(data) if "goal" in data else KnownStep(initial=known_initial(self.known))

    @cached_property
    def answers(self) -> Answers:
        """Return the answers, with what the slider said since."""
        emphasis = self.request.GET.get("emphasis", "")
        moved = int(emphasis) if emphasis.isascii() and emphasis.isdigit() and int(emphasis) <= 100 else None
        return self.known_form.answers(long_run=moved)

    @cached_property
    def proposal(self) -> Proposal:
        """Return what is proposed."""
        return proposal(answers=self.answers)

    @cached_property
    def scored(self) -> list[Scored]:
        """Return the candidates for measures, the best first."""
        return measures_ranked(account=self.account, goal=self.answers.goal, viewer=self.viewer)

    @cached_property
    def choice_form(self) -> ChoiceStep:
        """Return the third step: as it was chosen, else as it is recommended."""
        data = self.request.GET
        if "plan_type" in data:
            return ChoiceStep(data, scored=self.scored)
        proposed = PlanType(str(self.proposal.type))
        best = recommended(scored=self.scored, most=WEIGHTED.get(proposed, 3))
        return ChoiceStep(
            scored=self.scored,
            initial={
                "plan_type": str(proposed),
                "measures": [one.candidate.code for one in best],
                "emphasis": int(self.answers.long_run * 100),
                "more": MORE[self.answers.goal],
            },
        )

    def _first_wrong(self, *, before: int) -> int | None:
        """Return the first step before one whose answers lack or do not hold, if there is any."""
        forms_of = ("account_form", "known_form", "choice_form")
        for number, name in enumerate(forms_of, start=1):
            if number >= before:
                return None
            form: forms.Form = getattr(self, name)
            if not form.is_bound or not form.is_valid():
                return number
        return None

    # The draft ----------------------------------------------------------------------------------------------

    def wanted(self, *, name: str, code: str, first_day: date) -> Wanted:
        """Return what the draft is to say."""
        told, known, answers = self.choice_form.cleaned_data, self.known, self.answers
        chosen = [one for one in self.scored if one.candidate.code in told["measures"]]
        long_run = Decimal(told["emphasis"]) / 100
        return Wanted(
            type=DocumentType(told["plan_type"]),
            code=code,
            name=name,
            strategy=str(answers.goal),
            currency=known.account.plan_currency if known else "EUR",
            first_day=first_day,
            last_day=first_day + relativedelta(years=1) - timedelta(days=1),
            base_share=base_share(long_run=long_run),
            measures=[Measure(code=one.candidate.code, name=__(one.candidate.name)) for one in chosen],
            long_run=long_run,
            cycle_months=answers.cycle_months,
            margin=known.margin if known else None,
            segments=known.segments if known else (),
            aims=known.aims if known else (),
        )

    @cached_property
    def sketch(self) -> Wanted:
        """Return what the draft would say before it has a name."""
        return self.wanted(name="-", code="-", first_day=next_january(self.today))

    @cached_property
    def target_lines(self) -> list[TargetLine]:
        """Return last year and what is asked, of each measure the draft pays on."""
        codes = [one.code for one in measures_paid(wanted=self.sketch)]
        years = last_year(account=self.account, metrics=codes, viewer=self.viewer)
        more = Decimal(self.choice_form.cleaned_data["more"]) / 100
        found = [years[code] for code in codes if code in years]
        return [TargetLine(year=year, asked=asked_targets(year=year, more=more)) for year in found]

    def _begin(self, form: DraftStep) -> Draft:
        told, answers = form.cleaned_data, self.answers
        chosen = self.choice_form.cleaned_data["measures"]
        return draft_propose(
            wanted=self.wanted(name=told["name"], code=told["code"], first_day=told["first_day"]),
            proposed=PlanType(str(self.proposal.type)),
            answers={
                "goal": str(answers.goal), "team": answers.team, "countries": answers.countries,
                "segments": answers.segments, "saturation": _text(answers.saturation),
                "trend": _text(answers.trend), "cycle_months": answers.cycle_months,
                "opportunities": answers.opportunities, "long_run": _text(answers.long_run),
            },
            reasons=[reason.name for reason in self.proposal.reasons],
            measures=[
                {
                    "code": one.candidate.code, "name": one.candidate.name, "alignment": one.alignment,
                    "controllability": one.controllability, "trackability": one.trackability,
                    "focus": one.focus, "chosen": one.candidate.code in chosen,
                }
                for one in self.scored
            ],
            targets=[
                {
                    "code": line.year.code, "name": line.year.name, "unit": line.year.unit,
                    "currency": line.year.currency, "periods": list(line.year.periods),
                    "results": [_text(each) for each in line.year.results],
                    "asked": [_text(each) for each in line.asked],
                }
                for line in self.target_lines
            ],
            ticked=told["ticked"],
            calendar=told["calendar"],
            account=self.account,
            by=cast(User, self.request.user),
            at=timezone.now(),
        )  # fmt: skip

    # The page -----------------------------------------------------------------------------------------------

    def page(self, *, step: int, checked: bool = False, draft_form: DraftStep | None = None) -> HttpResponse:
        """Answer a step; `checked` says that something of it was wrong."""
        answered = self.request.GET.copy()
        answered.pop("step", None)
        context: dict[str, Any] = {
            "step": step,
            "steps": [(number, words) for number, words in enumerate(STEPS, start=1)],
            "answered": answered.urlencode(),
            "carried": _carried(answered, step),
            "account": self.account,
        }
        if step == 1:
            context["form"] = self.account_form
        elif step == 2:
            context |= {"form": self.known_form, "known": self.known}
        elif step == 3:
            context |= self._choice_context()
        else:
            context |= self._draft_context(draft_form)
        form = context["form"]
        wrong = checked and not form.is_valid() and (form.is_bound or self.request.method == "POST")
        answer = self.get_context_data(**context)
        return render(self.request, self.template_name, answer, status=422 if wrong else 200)

    def _choice_context(self) -> dict[str, Any]:
        form, proposed = self.choice_form, self.proposal
        ticked = set(form["measures"].value() or ())
        names = {one.candidate.code: one.candidate.name for one in self.scored}
        share = base_share(long_run=self.answers.long_run)
        return {
            "form": form,
            "because": because(proposal=proposed, answers=self.answers),
            "cards": type_cards(proposal=proposed, answers=self.answers),
            "chosen_type": form["plan_type"].value(),
            "lines": [
                MeasureLine(
                    scored=one,
                    ticked=one.candidate.code in ticked,
                    beside=__(names.get(one.beside, one.beside)) if one.beside else "",
                )
                for one in self.scored
            ],
            "base": share,
            "cash": 1 - share,
            "bars": (f"{share * 100:.0f}", f"{100 - share * 100:.0f}"),
            "long_run": self.answers.long_run,
        }

    def _draft_context(self, draft_form: DraftStep | None) -> dict[str, Any]:
        day = next_january(self.today)
        name = f"{self.account or type_words(self.sketch.type)} {day.year}"
        code = f"{self.account.node.code[:50]}-{day.year}" if self.account else ""
        begun = {"name": name, "code": code, "first_day": day, "calendar": usual_calendar()}
        form = draft_form or DraftStep(initial=begun)
        templates = {each: plan_template(plan_type=each) for each in DocumentType}
        document = first_draft(wanted=self.sketch, templates=templates)
        theirs, theirs_name = account_manager_document(on=self.today)
        return {
            "form": form,
            "type": type_words(self.sketch.type),
            "base": self.sketch.base_share,
            "cash": 1 - self.sketch.base_share,
            "lines": self.target_lines,
            "elements": element_cards(
                rows=elements_beside(document=document, theirs=theirs),
                ticked=form["ticked"].value() or (),
            ),
            "theirs_name": theirs_name,
        }


def _carried(answered: Any, step: int) -> list[tuple[str, str]]:
    """Return the answers of the steps before one, which its form takes along."""
    names = (
        tuple(AccountStep.base_fields),
        tuple(KnownStep.base_fields),
        tuple(ChoiceStep.base_fields),
    )
    earlier = [name for fields in names[: step - 1] for name in fields]
    return [(name, value) for name in earlier for value in answered.getlist(name)]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
