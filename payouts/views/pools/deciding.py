"""Handing an allocation in, and deciding about it: the review before, approval, or sending back with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as __

from kamcomp.pages.figures import money_text
from kamcomp.pages.screens import said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from payouts.forms import PoolReturn
from payouts.selectors.pool_sheet import OPEN, pool_sheet, window_over
from payouts.services.allocations import allocation_submit
from payouts.services.pools import PoolNotSubmitted, pool_approve, pool_return
from payouts.views.pools.listing import pool_url
from payouts.views.pools.screen import PoolScreen
from payouts.views.pools.sheet import AllocationSave


class AllocationSubmit(PoolScreen):
    """The review before an allocation is handed in: who gets what, against guideline and last quarter."""

    template_name = "payouts/allocation_submit.html"

    def get(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Show what will be handed in, or what still stands in the way."""
        today = timezone.localdate()
        if (
            self.pool.status not in OPEN
            or window_over(pool=self.pool, on=today)
            or not self.allocates(self.pool)
        ):
            return redirect(pool_url(self.pool))
        return self._answer()

    def post(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Hand it in."""
        version = request.POST.get("version", "")
        try:
            pool = allocation_submit(
                pool_id=pool_id,
                version=int(version) if version.isascii() and version.isdigit() else 0,
                by=self.reader,
                at=timezone.now(),
            )
        except Refusal as refusal:
            return self._answer(problem=worded(refusal), status=422)
        words = __("%(amount)s handed to %(approver)s.") % {
            "amount": money_text(pool.funded, pool.currency),
            "approver": pool_sheet(pool=self._pool()).approver or __("the approver"),
        }
        said(request, words)
        return redirect(pool_url(pool))

    def _answer(self, *, status: int = 200, **more: Any) -> HttpResponse:
        sheet = pool_sheet(pool=self._pool())
        title = __("Review and submit, %(period)s") % {"period": sheet.pool.period.code}
        context = self.get_context_data(**self.sheet_context(sheet, **more) | {"title": title})
        return render(self.request, self.template_name, context, status=status)


class PoolDecide(AllocationSave):
    """Approve a submitted pool, or send it back with a reason; who comes second keeps what they typed."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Decide, or say on the sheet as it is now why not."""
        form, reason = PoolReturn(request.POST), request.POST.get("reason", "").strip()
        if reason and not form.is_valid():
            return self._unsent(" ".join(map(str, form.errors["reason"])), reason, status=422)
        try:
            if request.POST.get("act") == "approve":
                pool_approve(pool_id=self.pool.pk, by=self.reader, at=timezone.now())
                said(request, __("Approved: the shares are final."))
            else:
                pool_return(pool_id=self.pool.pk, reason=reason, by=self.reader, at=timezone.now())
                said(request, __("Sent back with your reason."))
        except Refusal as refusal:
            status = 409 if isinstance(refusal, PoolNotSubmitted) else 422
            return self._unsent(worded(refusal), reason, status=status)
        return redirect(pool_url(self.pool))

    def _unsent(self, problem: str, reason: str, *, status: int) -> HttpResponse:
        return self.answer(self._sheet_now(), problem=problem, unsent=reason, status=status)
