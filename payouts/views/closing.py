"""
Approving and locking a run: what will happen in figures, what is still open, whom it waits for.

The approval is finance's, never by who prepared it; the lock is confirmed by typing the
period's name, because it is never undone. The services decide, whatever the page offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, FormScreen, Screen, said
from kamcomp.pages.tables import Kind
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.choices import RunStatus
from payouts.forms import PeriodName
from payouts.models import Run
from payouts.selectors.closing import Closing, LargestChange, largest_changes, run_closing
from payouts.services.approvals import LOCKERS, run_approve
from payouts.services.diff import AT_ONCE
from payouts.services.ledger import Foreseen, postings_foreseen
from payouts.services.locks import run_lock
from payouts.views.desk import current_runs, desk_or_404
from payouts.views.runs import PeriodNotNamed, RunScreen, run_url

TO_CLOSE = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED)
SUM_COLUMNS = (
    part_column("currency"),
    part_column("payouts", kind=Kind.MONEY),
    part_column("pools", kind=Kind.MONEY),
    part_column("corrections", kind=Kind.MONEY),
    part_column("above_ceilings", "ceilings", kind=Kind.MONEY),
    part_column("total", kind=Kind.MONEY),
    part_column("of_target", kind=Kind.RATIO),
    part_column("difference", kind=Kind.MONEY),
)
POSTING_COLUMNS = (
    part_column("account", read=lambda row: str(row.account.label)),
    part_column("currency"),
    part_column("debit", kind=Kind.MONEY),
    part_column("credit", kind=Kind.MONEY),
)
CHANGE_COLUMNS = (
    part_column("person", "name"),
    part_column("plan"),
    part_column("before", kind=Kind.MONEY),
    part_column("now", kind=Kind.MONEY),
    part_column("difference", kind=Kind.MONEY),
    part_column("currency"),
)


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


class RunClose(PartFiles, FormScreen, RunScreen):
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

    @cached_property
    def changes(self) -> Sequence[LargestChange]:
        """Return the payouts that differ most from the period before; none where the run is a large one."""
        before = self.closing.before
        few = before is not None and self.run.people <= AT_ONCE
        return largest_changes(run=self.run, before=before) if few and before else []

    @cached_property
    def foreseen(self) -> tuple[Sequence[Foreseen], str]:
        """Return the postings that a lock would make, and why there are none yet."""
        if not self.closing.is_ready or self.run.status not in (RunStatus.ALLOCATING, RunStatus.APPROVED):
            return [], ""
        try:
            return postings_foreseen(run=self.run), ""
        except Refusal as refusal:
            return [], worded(refusal)

    def parts(self) -> Parts:
        """Return the tables of the page: sums by currency, postings, largest changes."""
        found: dict[str, tuple[Any, Any]] = {
            "sums": (SUM_COLUMNS, self.closing.sums),
            "postings": (POSTING_COLUMNS, self.foreseen[0]),
            "changes": (CHANGE_COLUMNS, self.changes),
        }
        return {
            name: partial(part_sheet, title=name, columns=columns, rows=rows)
            for name, (columns, rows) in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which run the figures are."""
        before = self.closing.before
        return {
            "run": str(self.run),
            "state": self.run.status,
            "results": self.run.result_digest,
            "against": str(before) if before else "none",
        }

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        """Show what will happen, or a table of it as a file."""
        desk_or_404(request)
        return self.part_file() or self.render_to_response(self.get_context_data())

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
        postings, problem = self.foreseen
        context = {
            "run": run,
            "closing": closing,
            "postings": postings,
            "problem": problem,
            "changes": self.changes,
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
