"""
The KAM's pool in the browser: the list, the sheet, its review before it is handed in, and the decision about it.

Every change is kept at once as a draft; each change can be undone, also without a script.
Rules stand in payouts.services.allocations and payouts.services.pools.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing, role_check
from kamcomp.pages.figures import money_text
from kamcomp.pages.screens import Crumb, FieldConflict, Screen, conflict_page, refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import PoolStatus
from payouts.forms import AllocationTyped, PoolReturn, allocation_typed, shown
from payouts.models import Pool
from payouts.selectors.pool_sheet import OPEN, PoolSheet, pool_allocates, pool_sheet
from payouts.selectors.pools import pools_with_sums
from payouts.services.allocations import (
    PoolChangedMeanwhile,
    allocation_guideline,
    allocation_save,
    allocation_spread_rest,
    allocation_submit,
)
from payouts.services.pools import APPROVERS, pool_approve, pool_return

APPROVERS_SEE = (*APPROVERS, Role.AUDITOR)
UNDONE = "pool_undo"
UNDO_STEPS = 20
Snapshot = dict[str, list[str | None]]


class PoolFilter(FilterForm):
    """Pools of a period, in a state."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Period.objects.filter(pools__isnull=False).order_by("-days").values_list("code", flat=True)
        self.fields["period"].choices = [("", __("All")), *((code, code) for code in dict.fromkeys(codes))]  # type: ignore[attr-defined]
        labels = [(value, __(label)) for value, label in PoolStatus.choices]
        self.fields["status"].choices = [("", __("All")), *labels]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the pools of the period and state chosen."""
        period, status = self.cleaned_data["period"], self.cleaned_data["status"]
        rows = rows.filter(period__code=period) if period else rows
        return rows.filter(status=status) if status else rows


def pool_url(pool: Pool) -> str:
    """Return the address of a pool's sheet."""
    return reverse("payouts:allocation-save", args=[pool.pk])


class PoolList(TableScreen):
    """The pools a reader may see, newest first."""

    title, file_name, order = _("Team pools"), "pools", "-period"
    filter_class = PoolFilter
    empty_title = _("No pool yet")
    empty_text = _("Pools are funded when a period's run is reviewed.")
    columns = (
        TableColumn(
            name="account", label=_("Account"), path="account", order="account__node__name", link=pool_url,
            read=lambda pool: str(pool.account),
        ),
        TableColumn(name="period", label=_("Period"), path="period__code", order="period__days"),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="allocator", label=_("Decides"), read=lambda pool: _person(pool.allocator), narrow=False),
        TableColumn(name="closes_on", label=_("Until"), kind=Kind.DAY, order="closes_on", narrow=False),
        TableColumn(name="funded", label=_("Pool"), kind=Kind.MONEY, order="funded", total=True),
        TableColumn(
            name="allocated", label=_("Allocated"), kind=Kind.MONEY, order="allocated", narrow=False
        ),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the pools with what is allocated so far."""
        return visible(pools_with_sums(), to=viewer_for(self.request)).exclude(status=PoolStatus.PLANNED)


class PoolScreen(Screen, TemplateResponseMixin, View):
    """A page about one pool that the reader may see."""

    @property
    def reader(self) -> User:
        """Return who reads."""
        return cast(User, self.request.user)

    @cached_property
    def pool(self) -> Pool:
        """Return the pool, or 404."""
        return self._pool()

    def _pool(self) -> Pool:
        pools = visible(Pool.objects.all(), to=viewer_for(self.request)).select_related(
            "account__node", "period", "run", "plan_version", "allocator__details", "allocator__manager__details",
            "submitted_by", "approved_by",
        )  # fmt: skip
        pool = pools.filter(pk=self.kwargs["pool_id"]).first()
        if pool is None or pool.funded is None:
            raise Http404
        if not (
            self.allocates(pool) or viewer_for(self.request).holds(*APPROVERS_SEE) or self._decides(pool)
        ):
            raise Http404
        return pool

    def allocates(self, pool: Pool) -> bool:
        """Tell whether the reader hands this pool out."""
        return pool_allocates(pool=pool, user=self.reader, on=timezone.localdate())

    def _decides(self, pool: Pool) -> bool:
        """Tell whether the reader may decide on a submitted pool: somebody else than allocated it."""
        manager = pool.allocator.manager if pool.allocator else None
        if pool.submitted_by_id == self.reader.pk or (
            pool.allocator and pool.allocator.user_id == self.reader.pk
        ):
            return False
        if manager is not None and manager.user_id == self.reader.pk:
            return True
        try:
            role_check(user=self.reader, roles=APPROVERS, on=timezone.localdate(), act="")
        except RoleMissing:
            return False
        return True

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of pools."""
        return [
            Crumb(label=_("Team pools"), url=reverse("payouts:pool-list")),
            Crumb(label=str(self.pool.account)),
            Crumb(label=self.pool.period.code),
        ]

    def sheet_context(self, sheet: PoolSheet, **more: Any) -> dict[str, Any]:
        """Return what the sheet's template reads."""
        pool = sheet.pool
        today = timezone.localdate()
        may = pool.status in OPEN and self.allocates(pool)
        return {
            "sheet": sheet,
            "pool": pool,
            "may_allocate": may,
            "decides": pool.status == PoolStatus.SUBMITTED and self._decides(pool),
            "days_left": (pool.closes_on - today).days if pool.closes_on else None,
            "undo_steps": len(self._snapshots()) if may else 0,
            "shown": {row.person_id: shown(row, pool.currency) for row in sheet.rows},
            "return_form": PoolReturn(),
            "title": __("Allocate team pool, %(period)s") % {"period": pool.period.code},
            **more,
        }

    def _snapshots(self) -> list[Snapshot]:
        return cast(list[Snapshot], self.request.session.get(UNDONE, {}).get(str(self.kwargs["pool_id"]), []))

    def _snapshots_put(self, snapshots: list[Snapshot]) -> None:
        kept = dict(self.request.session.get(UNDONE, {}))
        kept[str(self.kwargs["pool_id"])] = snapshots[-UNDO_STEPS:]
        self.request.session[UNDONE] = kept


class AllocationSave(PoolScreen):
    """The sheet: every change is kept, spread, undone, or laid beside somebody else's."""

    template_name = "payouts/allocation_save.html"

    def get(self, request: HttpRequest, pool_id: UUID) -> HttpResponseBase:
        """Show the sheet, or with ?format=csv or xlsx the same rows as a file."""
        sheet = pool_sheet(pool=self.pool)
        write = SHEETS.get(request.GET.get("format", ""))
        return write(_file(sheet), self._about(sheet)) if write else self.answer(sheet)

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
            version = self._kept(sheet, typed)
            if typed.errors:
                return self.answer(pool_sheet(pool=self._pool()), typed=typed, status=422)
            done = self._acted(act, sheet, version=version)
        except PoolChangedMeanwhile as refusal:
            return self.answer(pool_sheet(pool=self._pool()), typed=typed, problem=str(refusal), status=422)
        except Refusal as refusal:
            return self.answer(pool_sheet(pool=self._pool()), typed=typed, problem=str(refusal), status=422)
        if act == "review":
            return self._led(reverse("payouts:allocation-submit", args=[pool_id]))
        if request.headers.get("HX-Request"):
            return self.answer(pool_sheet(pool=self._pool()), saved_at=timezone.now(), done=done)
        if done:
            said(request, done)
        return redirect(pool_url(self.pool))

    def _laid_beside(self, sheet: PoolSheet, typed: AllocationTyped) -> HttpResponse:
        """Keep what nobody else touched, and lay the rest beside theirs: whatever is chosen, nothing else is lost."""
        try:
            self._kept(sheet, typed.without_clashes())
        except Refusal:
            return self.conflict(sheet, typed)
        return self.conflict(pool_sheet(pool=self._pool()), typed)

    def _kept(self, sheet: PoolSheet, typed: AllocationTyped) -> int:
        """Keep what was touched; return the version that is now the pool's."""
        if not typed.touched:
            return sheet.pool.version
        people = set(typed.amounts) | set(typed.reasons)
        before = self._snapshot(sheet, people)
        pool = allocation_save(
            pool_id=sheet.pool.pk,
            version=sheet.pool.version,
            amounts=typed.amounts,
            reasons=typed.reasons,
            by=self.reader,
            at=timezone.now(),
        )
        self._snapshots_put([*self._snapshots(), before])
        return pool.version

    def _acted(self, act: str, sheet: PoolSheet, *, version: int) -> str:
        everybody = {row.person_id for row in sheet.rows}
        who: dict[str, Any] = {"pool_id": sheet.pool.pk, "by": self.reader, "at": timezone.now()}
        if act == "undo":
            return self._undone(version=version)
        if act not in ("spread", "guideline"):
            return ""
        before = self._snapshot(pool_sheet(pool=self._pool()), everybody)
        if act == "spread":
            allocation_spread_rest(version=version, **who)
            words = __("The rest is spread by guideline.")
        else:
            allocation_guideline(version=version, **who)
            words = __("Every amount is its guideline.")
        self._snapshots_put([*self._snapshots(), before])
        return words

    def _undone(self, *, version: int) -> str:
        snapshots = self._snapshots()
        if not snapshots:
            return __("There is nothing to undo.")
        *rest, last = snapshots
        allocation_save(
            pool_id=self.pool.pk,
            version=version,
            amounts={UUID(key): None if pair[0] is None else Decimal(pair[0]) for key, pair in last.items()},
            reasons={UUID(key): pair[1] or "" for key, pair in last.items()},
            by=self.reader,
            at=timezone.now(),
        )
        self._snapshots_put(rest)
        return __("Undone.")

    def _snapshot(self, sheet: PoolSheet, people: set[UUID]) -> Snapshot:
        return {
            str(row.person_id): [None if row.amount is None else str(row.amount), row.reason]
            for row in sheet.rows
            if row.person_id in people
        }

    def answer(self, sheet: PoolSheet, *, status: int = 200, **more: Any) -> HttpResponse:
        """Answer the sheet: the whole page, or only the sheet for htmx."""
        context = self.sheet_context(sheet, **more)
        if self.request.headers.get("HX-Request"):
            return render(self.request, "payouts/pool_sheet.html", context, status=status)
        return render(self.request, self.template_name, self.get_context_data(**context), status=status)

    def conflict(self, sheet: PoolSheet, typed: AllocationTyped) -> HttpResponse:
        """Answer mine beside theirs; what else was typed is carried along."""
        carried = {"version": str(sheet.pool.version), "act": "save"}
        now = {row.person_id: shown(row, sheet.pool.currency) for row in sheet.rows}
        for person, text in typed.typed.items():
            carried |= {f"amount-{person}": text, f"was-{person}": now[person]}
        reasons = {row.person_id: row.reason for row in sheet.rows}
        for person, text in typed.typed_reasons.items():
            carried |= {f"reason-{person}": text, f"reason-was-{person}": reasons[person]}
        answer = conflict_page(
            self.request,
            what=__("The pool changed while you worked on it"),
            sentence=__("Somebody changed these after you opened the sheet."),
            fields=[
                FieldConflict(
                    label=row.name,
                    name=f"amount-{row.person_id}",
                    before=typed.was[row.person_id],
                    mine=typed.typed[row.person_id],
                    theirs=now[row.person_id],
                )
                for row in typed.clashes
            ]
            + [
                FieldConflict(
                    label=__("Reason for %(name)s") % {"name": row.name},
                    name=f"reason-{row.person_id}",
                    before=typed.reasons_were[row.person_id],
                    mine=typed.typed_reasons[row.person_id],
                    theirs=row.reason,
                )
                for row in typed.reason_clashes
            ],
            back=pool_url(self.pool),
            keep=pool_url(self.pool),
            carried=carried,
        )
        if self.request.headers.get("HX-Request"):
            answer.status_code = 422
            answer["HX-Retarget"], answer["HX-Reswap"] = "#content", "innerHTML"
            answer["HX-Reselect"] = "#content > *"
        return answer

    def _led(self, url: str) -> HttpResponse:
        if self.request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = url
            return answer
        return redirect(url)


class AllocationSubmit(PoolScreen):
    """The review before an allocation is handed in: who gets what, against guideline and last quarter."""

    template_name = "payouts/allocation_submit.html"

    def get(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Show what will be handed in, or what still stands in the way."""
        if self.pool.status not in OPEN or not self.allocates(self.pool):
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
            return self._answer(problem=str(refusal), status=422)
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


class PoolDecide(PoolScreen):
    """Approve a submitted pool, or send it back with a reason."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pool_id: UUID) -> HttpResponse:
        """Decide."""
        try:
            if request.POST.get("act") == "approve":
                pool_approve(pool_id=self.pool.pk, by=self.reader, at=timezone.now())
                said(request, __("Approved: the shares are final."))
            else:
                form = PoolReturn(request.POST)
                reason = form.cleaned_data["reason"] if form.is_valid() else ""
                pool_return(pool_id=self.pool.pk, reason=reason, by=self.reader, at=timezone.now())
                said(request, __("Sent back with your reason."))
        except Refusal as refusal:
            refused(request, refusal)
        return redirect(pool_url(self.pool))


FILE_COLUMNS = (
    ("employee_id", True), ("name", True), ("role", True), ("link", True), ("on_account", False), ("before", False),
    ("guideline", False), ("amount", False), ("share", False), ("against_guideline", False), ("reason", True),
    ("not_eligible", True), ("currency", True),
)  # fmt: skip


def _file(sheet: PoolSheet) -> Sheet:
    rows = [*sheet.rows, *sheet.out]
    return Sheet(
        title="pool",
        columns=[SheetColumn(name=name, is_text=is_text) for name, is_text in FILE_COLUMNS],
        rows=(
            (
                row.employee_id, row.name, row.role, row.link, row.dedication, row.before, row.guideline, row.amount,
                row.share, row.deviation, row.reason, row.why_not, sheet.pool.currency,
            )
            for row in rows
        ),
        count=len(rows),
    )  # fmt: skip


def _person(person: Any) -> str:
    if person is None:
        return ""
    details = getattr(person, "details", None)
    return str(details or person)
