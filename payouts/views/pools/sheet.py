"""The sheet of a pool: what is typed is kept, spread, undone, or laid beside what somebody else typed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __

from kamcomp.pages.screens import led, said
from kamcomp.pages.sheets import SHEETS
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from payouts.forms import AllocationTyped, allocation_typed
from payouts.selectors.pool_sheet import PoolSheet, SheetRow, pool_sheet
from payouts.services.allocations import allocation_guideline, allocation_save, allocation_spread_rest
from payouts.views.pools.conflict import laid_beside
from payouts.views.pools.files import sheet_file
from payouts.views.pools.listing import pool_url
from payouts.views.pools.screen import PoolScreen
from payouts.views.pools.steps import same, state


class AllocationSave(PoolScreen):
    """The sheet: every change is kept, spread, undone, or laid beside somebody else's."""

    template_name = "payouts/allocation_save.html"

    def get(self, request: HttpRequest, pool_id: UUID) -> HttpResponseBase:
        """Show the sheet, or with ?format=csv or xlsx the same rows as a file."""
        sheet = pool_sheet(pool=self.pool)
        write = SHEETS.get(request.GET.get("format", ""))
        return write(sheet_file(sheet), self._about(sheet)) if write else self.answer(sheet)

    def _about(self, sheet: PoolSheet) -> dict[str, str]:
        pool = sheet.pool
        return {
            "title": f"{pool.account}, {pool.period.code}",
            "state": pool.status,
            "run": str(pool.run or ""),
            "inputs": pool.input_digest,
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.reader.get_username(),
        }

    def post(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Keep what was typed, then do what was asked for."""
        act = request.POST.get("act", "save")
        sheet = pool_sheet(pool=self.pool)
        typed = allocation_typed(post=request.POST, sheet=sheet)
        if typed.clashes or typed.reason_clashes:
            return self._laid_beside(sheet, typed)
        try:
            sheet = self._kept(sheet, typed)
            if typed.errors:
                return self.answer(sheet, typed=typed, status=422)
            done = self._acted(act, sheet)
        except Refusal as refusal:
            return self.answer(self._sheet_now(), typed=typed, problem=worded(refusal), status=422)
        if act == "review":
            return led(request, reverse("payouts:allocation-submit", args=[pool_id]))
        if request.headers.get("HX-Request"):
            return self.answer(self._sheet_now() if done else sheet, saved_at=timezone.now(), done=done)
        if done:
            said(request, done)
        return redirect(pool_url(self.pool))

    def _sheet_now(self) -> PoolSheet:
        return pool_sheet(pool=self._pool())

    def _laid_beside(self, sheet: PoolSheet, typed: AllocationTyped) -> HttpResponse:
        """Keep what nobody else touched, and lay the rest beside theirs: whatever is chosen, nothing else is lost."""
        try:
            sheet = self._kept(sheet, typed.without_clashes())
        except Refusal:
            sheet = self._sheet_now()
        return laid_beside(self.request, sheet=sheet, typed=typed)

    def _kept(self, sheet: PoolSheet, typed: AllocationTyped) -> PoolSheet:
        """Keep what was touched; return the sheet as it is then."""
        if not typed.touched:
            return sheet
        allocation_save(
            pool_id=sheet.pool.pk,
            version=sheet.pool.version,
            amounts=typed.amounts,
            reasons=typed.reasons,
            by=self.reader,
            at=timezone.now(),
        )
        now = self._sheet_now()
        touched = {*typed.amounts, *typed.reasons}
        before = [row for row in sheet.rows if row.person_id in touched]
        self.steps.put(before=before, after=now.rows, turns=typed.turns)
        return now

    def _acted(self, act: str, sheet: PoolSheet) -> str:
        who: dict[str, Any] = {"pool_id": sheet.pool.pk, "by": self.reader, "at": timezone.now()}
        if act == "undo":
            return self._undone(sheet)
        if act not in ("spread", "guideline"):
            return ""
        if act == "spread":
            allocation_spread_rest(version=sheet.pool.version, **who)
            words = __("The rest is spread by guideline.")
        else:
            allocation_guideline(version=sheet.pool.version, **who)
            words = __("Every amount is its guideline.")
        self.steps.put(before=sheet.rows, after=self._sheet_now().rows)
        return words

    def _undone(self, sheet: PoolSheet) -> str:
        """Take the last step back, except where somebody else changed a row since; say what was left."""
        step = self.steps.last()
        if not step:
            return __("There is nothing to undo.")
        rows = [row for row in sheet.rows if str(row.person_id) in step]
        left = [row for row in rows if not same(state(row), step[str(row.person_id)]["after"])]
        back = {row.person_id: step[str(row.person_id)]["before"] for row in rows if row not in left}
        if back:
            allocation_save(
                pool_id=self.pool.pk,
                version=sheet.pool.version,
                amounts={key: None if was[0] is None else Decimal(was[0]) for key, was in back.items()},
                reasons={key: was[1] or "" for key, was in back.items()},
                by=self.reader,
                at=timezone.now(),
            )
        self.steps.taken_back()
        return _undo_words(left)

    def answer(self, sheet: PoolSheet, *, status: int = 200, **more: Any) -> HttpResponse:
        """Answer the sheet: the whole page, or only the sheet for htmx."""
        context = self.sheet_context(sheet, **more)
        if self.request.headers.get("HX-Request"):
            return render(self.request, "payouts/pool_sheet.html", context, status=status)
        return render(self.request, self.template_name, self.get_context_data(**context), status=status)


def _undo_words(left: Sequence[SheetRow]) -> str:
    if not left:
        return __("Undone.")
    names = ", ".join(row.name for row in left)
    return __("Not undone, because somebody changed it since: %(names)s.") % {"names": names}
