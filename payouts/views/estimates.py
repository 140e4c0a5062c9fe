"""
The estimator: somebody's own payout with other results, worked out by the engine that pays.

The address is the whole state: what was typed stands in it, so a link shows the same. It is
never stored, and always says that it is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from kamcomp.pages.screens import Screen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.models import Payout
from payouts.selectors.estimates import Estimate, EstimateLine, estimate_payouts, payout_estimate
from teams.visibility import own_people

HUNDRED = Decimal(100)
LARGEST = Decimal(10) ** 15
PERIOD, PLAN = "period", "plan"
RESULT = "r-"
"""What stands before a goal's code in the address."""


@dataclass(frozen=True, kw_only=True)
class LineShown:
    """A goal with its field: what stands in it, what is wrong with it, and the address of its next step."""

    line: EstimateLine
    text: str
    error: str
    step_text: str


class EstimateShow(Screen, View):
    """What my payout would be."""

    title = _("Estimator")
    template_name = "payouts/estimate_show.html"

    @cached_property
    def payouts(self) -> list[Payout]:
        """Return the reader's payouts that an estimate can start from, newest first."""
        viewer = viewer_for(self.request)
        own = viewer.once(own_people)
        return estimate_payouts(person_id=own[0], viewer=viewer) if own else []

    def _chosen(self) -> Payout | None:
        asked, plan = self.request.GET.get(PERIOD), self.request.GET.get(PLAN)
        if not asked and not plan:
            return next(iter(self.payouts), None)
        for payout in self.payouts:
            if asked in (None, "", payout.period.code) and plan in (None, "", payout.plan_version.plan.code):
                return payout
        raise Http404

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the payout as it is, or with what the address says."""
        payout = self._chosen()
        if payout is None:
            return render(request, self.template_name, self.get_context_data(estimate=None))
        try:
            base = payout_estimate(payout=payout, actuals={})
            typed, errors = self._typed(base)
            estimate = payout_estimate(payout=payout, actuals=typed) if typed else base
        except Refusal as refusal:
            context = self.get_context_data(estimate=None, problem=worded(refusal))
            return render(request, self.template_name, context, status=422)
        context = self.get_context_data(
            estimate=estimate,
            rows=[self._row(line, errors) for line in estimate.lines],
            errors=errors,
            payouts=self.payouts[:8],
        )
        whole = not request.headers.get("HX-Request")
        template = self.template_name if whole else "payouts/estimate_form.html"
        return render(request, template, context, status=422 if errors or estimate.problems else 200)

    def _typed(self, base: Estimate) -> tuple[dict[str, Decimal], dict[str, str]]:
        """Return the actuals that the address states and that differ from the payout's own, and what cannot be read."""
        typed: dict[str, Decimal] = {}
        errors: dict[str, str] = {}
        for line in base.lines:
            text = self.request.GET.get(RESULT + line.code, "").strip()
            if not text:
                continue
            try:
                value = _read(text, line)
            except AmountUnreadable as refusal:
                errors[line.code] = worded(refusal)
                continue
            if value != line.now.actual:
                typed[line.code] = value
        return typed, errors

    def _row(self, line: EstimateLine, errors: dict[str, str]) -> LineShown:
        asked = self.request.GET.get(RESULT + line.code, "").strip()
        return LineShown(
            line=line,
            text=asked or _written(line.now.actual, line),
            error=errors.get(line.code, ""),
            step_text="" if line.step is None else _written(line.step.actual, line),
        )


def _read(text: str, line: EstimateLine) -> Decimal:
    """
    Return what a field says, in the metric's unit; shares are typed as percentages.

    :raises AmountUnreadable: if it is no number, or is too large to be a result.
    """
    negative = text[:1] in ("-", "\N{MINUS SIGN}")
    value = number_read(text.removeprefix("-").removeprefix("\N{MINUS SIGN}").rstrip("% \N{NO-BREAK SPACE}"))
    if value >= LARGEST:
        raise AmountUnreadable("“%(text)s” is too large to be a result.", text=text)
    value = value / HUNDRED if line.unit == "percent" else value
    return -value if negative else value


def _written(value: Decimal | None, line: EstimateLine) -> str:
    if value is None:
        return ""
    shown: Any = value * HUNDRED if line.unit == "percent" else value
    return number_text(shown, most=4)
