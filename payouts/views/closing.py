"""
Approving and locking a run: what will happen in figures, what is still open, whom it waits for.

The approval is finance's, never by who prepared it; the lock is confirmed by typing the
period's name, because it is never undone. The services decide, whatever the page offered.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, Screen, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.choices import RunStatus
from payouts.forms import PeriodName
from payouts.models import Run
from payouts.selectors.closing import Closing, largest_changes, run_closing
from payouts.services.approvals import LOCKERS, run_approve
from payouts.services.ledger import postings_foreseen
from payouts.services.locks import run_lock
from payouts.views.desk import current_runs, desk_or_404
from payouts.views.runs import AT_ONCE, PeriodNotNamed, RunScreen, run_url

TO_CLOSE = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED)


class RunCloseNext(Screen, View):
    """Lead to the run that is to be closed next, or to the newest there is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead there."""
        desk_or_404(request)
        runs = current_runs(request)
        waiting = [run for run in runs if run.status in TO_CLOSE]
        if not runs:
            return redirect("payouts:run-list")
        return redirect("payouts:run-close", run_id=(waiting[-1] if waiting else runs[0]).pk)


class RunClose(FormScreen, RunScreen):
    """What approving and locking a run will do, and the act itself for who may."""

    template_name = "payouts/run_close.html"
    form_class = PeriodName

    def crumbs(self) -> list[Crumb]:
        """Return the way from the run."""
        return [*super().crumbs()[:-1], Crumb(label=self.run.period.code, url=run_url(self.run))]

    @cached_property
    def closing(self) -> Closing:
        """Return the figures."""
        return run_closing(run=self.run, on=timezone.localdate())

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Show what will happen."""
        desk_or_404(request)
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Approve, or lock."""
        desk_or_404(request)
        _found, form = self.run, self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form: BaseForm) -> HttpResponse:
        """Do what is next for the run."""
        by, at = cast(User, self.request.user), timezone.now()
        if self.request.POST.get("act") == "approve":
            run_approve(run_id=self.run.pk, by=by, at=at)
            said(self.request, __("Approved. It can be locked now."))
            return redirect("payouts:run-close", run_id=self.run.pk)
        period = self.run.period.code
        if form.cleaned_data["confirm"].strip() != period:
            raise PeriodNotNamed(
                __("Type %(period)s to lock it: a locked period is never opened again.") % {"period": period}
            )
        run_lock(run_id=self.run.pk, by=by, at=at)
        said(
            self.request,
            __("%(period)s is locked: postings are made, statements are final.") % {"period": period},
        )
        return redirect(f"{reverse('payouts:export-list')}?run={self.run.pk}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the figures, the postings as they would be, and who may act."""
        run, closing = self.run, self.closing
        postings, problem = [], ""
        if closing.is_ready and run.status in (RunStatus.ALLOCATING, RunStatus.APPROVED):
            try:
                postings = postings_foreseen(run=run)
            except Refusal as refusal:
                problem = worded(refusal)
        few = closing.before is not None and run.people <= AT_ONCE
        context = {
            "run": run,
            "closing": closing,
            "postings": postings,
            "problem": problem,
            "changes": largest_changes(run=run, before=closing.before) if few and closing.before else [],
            "title": __("Approve and lock %(period)s") % {"period": run.period.code},
            "console_url": run_url(run),
        }
        return super().get_context_data(**(context | self._may() | kwargs))

    def _may(self) -> dict[str, Any]:
        viewer, me, run = viewer_for(self.request), self.request.user.pk, self.run
        mine = any(user.pk == me for user in self.closing.approvers)
        return {
            "may_approve": mine and run.status == RunStatus.ALLOCATING,
            "may_lock": viewer.holds(*LOCKERS) and run.status == RunStatus.APPROVED,
            "own_part": _own_part(run, user=cast(User, self.request.user))
            if viewer.holds(Role.FINANCE)
            else "",
            "is_over": timezone.localdate() >= run.period.days.upper,
        }


def _own_part(run: Run, *, user: User) -> str:
    """Return in words why somebody of finance is not the one to approve a run; empty if nothing speaks against it."""
    if run.started_by_id == user.pk:
        return __("You started this run, so somebody else approves it.")
    if run.reviewed_by_id == user.pk:
        return __("You reviewed this run, so somebody else approves it.")
    return ""
