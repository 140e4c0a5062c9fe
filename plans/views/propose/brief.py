"""
Where a working draft came from: the answers, the reason, the measures with their scores, last year, and the checklist.

Rules stand in plans.services.proposals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __

from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from plans.choices import Element
from plans.engine.codec import DocumentInvalid
from plans.engine.proposal import Answers, Goal
from plans.models import DraftBrief
from plans.selectors.elements import account_manager_document, elements_beside
from plans.services.proposals import draft_elements_tick
from plans.views.design.screen import DraftScreen, draft_url
from plans.views.propose.words import ElementCard, element_cards, reasons_told, type_words

SCORES = ("alignment", "controllability", "trackability", "focus")


class DraftBriefShow(DraftScreen):
    """Where a draft came from, and what of it was gone through."""

    template_name = "plans/draft_brief.html"

    @cached_property
    def brief(self) -> DraftBrief:
        """Return the brief of the draft, or 404."""
        rows = visible(DraftBrief.objects.filter(draft=self.draft), to=viewer_for(self.request))
        found = rows.first()
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        """Return the way from the draft."""
        return [
            Crumb(label=__("Drafts"), url=reverse("plans:draft-list")),
            Crumb(label=self.draft.name, url=draft_url(self.draft)),
        ]

    def get(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page(ticked=self.brief.ticked)

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Keep what was ticked, or say why not with the ticks as they were made."""
        if not self.brief or not self.may_edit:
            raise Http404
        ticked = request.POST.getlist("ticked")
        try:
            draft_elements_tick(
                draft_id=self.draft.pk, ticked=ticked, by=cast(User, request.user), at=timezone.now()
            )
        except Refusal as refusal:
            return self.page(ticked=ticked, problem=worded(refusal), status=422)
        said(
            request,
            __("Kept: %(done)s of %(all)s gone through.") % {"done": len(ticked), "all": len(Element)},
        )
        return redirect("plans:draft-brief", self.draft.pk)

    def page(self, *, ticked: list[str], problem: str = "", status: int = 200) -> HttpResponse:
        """Answer the page."""
        brief, answers = self.brief, answers_of(self.brief)
        elements, theirs_name = self._elements(ticked)
        measures = [
            {**one, "total": sum(one[name] for name in SCORES)} for one in brief.measures if one["chosen"]
        ]
        context = self.get_context_data(
            title=__("Where %(name)s came from") % {"name": self.draft.name},
            draft=self.draft,
            brief=brief,
            answers=answers,
            proposed=type_words(brief.proposed),
            chosen=type_words(self.draft.document["type"]),
            reasons=reasons_told(names=brief.reasons, answers=answers),
            measures=measures,
            others=[one for one in brief.measures if not one["chosen"]],
            targets=[_target(one) for one in brief.targets],
            elements=elements,
            theirs_name=theirs_name,
            left=sum(1 for one in elements if not one.ticked),
            may_edit=self.may_edit,
            fixed=not self.may_edit,
            problem=problem,
            back=draft_url(self.draft),
        )
        return render(self.request, self.template_name, context, status=status)

    def _elements(self, ticked: list[str]) -> tuple[list[ElementCard], str]:
        """Return the elements in words; none while the draft does not hold far enough to be read."""
        theirs, name = account_manager_document(on=timezone.localdate())
        try:
            rows = elements_beside(document=self.draft.document, theirs=theirs)
        except DocumentInvalid:
            return [], name
        return element_cards(rows=rows, ticked=ticked), name


def answers_of(brief: DraftBrief) -> Answers:
    """Return the answers a draft was begun with."""
    told: dict[str, Any] = brief.answers
    return Answers(
        goal=Goal(told["goal"]),
        team=told["team"],
        countries=told["countries"],
        segments=told["segments"],
        saturation=_number(told["saturation"]),
        trend=_number(told["trend"]),
        cycle_months=told["cycle_months"],
        opportunities=told["opportunities"],
        long_run=_number(told["long_run"]) or Decimal(0),
    )


def _target(one: dict[str, Any]) -> dict[str, Any]:
    asked = [_number(each) for each in one["asked"]] or [None] * len(one["results"])
    results = [_number(each) for each in one["results"]]
    return {**one, "cells": list(zip(one["periods"], results, asked, strict=True))}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
