"""
Reconciliation with payroll: opening to closing by currency, what payroll was told and says it paid, who differs.

A payroll return is a file that is looked at before it is taken in, row by row; it can be undone while its
periods allow. The figures are the ledger's and the believed returns', never typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.services import import_undo
from kamcomp.imports.uploads import upload_take
from kamcomp.imports.views import looked
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import FormScreen, Screen, refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import PAGE_ROWS, Kind
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import ExportProfile
from payouts.models import Export, Run
from payouts.selectors.reconciliation import PaidDifferently, Reconciled, paid_differently, run_reconciled
from payouts.views.desk import HOLDERS_OF_MONEY, current_runs, desk_or_404, run_named_or_404

RETURN = "payroll_return"
LARGEST_FILE = 20 * 1024 * 1024
BATCHES_SHOWN = 5
WAY_COLUMNS = (
    part_column("currency"),
    part_column("opening", kind=Kind.MONEY),
    part_column("earned", kind=Kind.MONEY),
    part_column("corrections", kind=Kind.MONEY),
    part_column("converted", kind=Kind.MONEY),
    part_column("paid", kind=Kind.MONEY),
    part_column("closing", kind=Kind.MONEY),
)
TOTAL_COLUMNS = (
    part_column("currency"),
    part_column("owed", kind=Kind.MONEY),
    part_column("told", kind=Kind.MONEY),
    part_column("paid", kind=Kind.MONEY),
)


class PayrollReturnFile(forms.Form):
    """The file of what payroll says it paid."""

    file = forms.FileField(
        label=_("Payroll return"),
        help_text=_("CSV or XLSX with the columns run, payroll_number, amount, currency, paid_on."),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is larger than any payroll return."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                __("The file is larger than 20 MB: leave out what is no payroll return.")
            )
        return file


@dataclass(frozen=True, kw_only=True)
class ThreeTotals:
    """One currency's totals of a run as the books, the payroll file and the payroll return have them."""

    currency: str
    owed: Decimal
    told: Decimal | None
    paid: Decimal

    @property
    def agree(self) -> bool:
        """Tell whether they tie to the cent."""
        return self.owed == self.paid and self.told in (None, self.owed)


class Reconciliation(PartFiles, FormScreen, TemplateResponseMixin, View):
    """A locked run held against payroll."""

    title = _("Reconciliation")
    template_name = "payouts/reconciliation.html"
    form_class = PayrollReturnFile

    @cached_property
    def runs(self) -> list[Run]:
        """Return the locked runs, newest first."""
        return current_runs(self.request, locked=True)

    @cached_property
    def run(self) -> Run | None:
        """Return the run shown, or none if nothing is locked yet."""
        return run_named_or_404(self.runs, self.request.GET.get("period", ""))

    @cached_property
    def apart(self) -> list[PaidDifferently]:
        """Return who was not paid exactly what is owed."""
        return paid_differently(run=self.run) if self.run else []

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the differences as a file."""
        desk_or_404(request)
        if file := self.part_file():
            return file
        write = SHEETS.get(request.GET.get("format", ""))
        if write and self.run:
            return write(_file(self.apart), self._about(self.run))
        return self.render_to_response(self.get_context_data())

    def parts(self) -> Parts:
        """Return the small tables of the page: the way from opening to closing, and the three totals."""
        if self.run is None:
            return {}
        lines = run_reconciled(run=self.run)
        totals = _three_totals(self.run, lines=lines)
        return {
            "way": partial(part_sheet, title="way", columns=WAY_COLUMNS, rows=lines),
            "totals": partial(part_sheet, title="totals", columns=TOTAL_COLUMNS, rows=totals),
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which run the figures are."""
        return {"run": str(self.run), "results": self.run.result_digest} if self.run else {}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Look at a payroll return before it is taken in."""
        desk_or_404(request, *HOLDERS_OF_MONEY)
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def acted(self, form: BaseForm) -> HttpResponse:
        """Keep the file and lead to its preview: what it says of whom, and which rows cannot be taken."""
        file = form.cleaned_data["file"]
        upload = upload_take(
            kind=RETURN, content=file.read(), filename=file.name or RETURN, by=cast(User, self.request.user),
            at=timezone.now(),
        )  # fmt: skip
        return looked(self.request, upload)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the figures of the run and the returns there are."""
        run = self.run
        lines = run_reconciled(run=run) if run else []
        returned = any(line.paid for line in lines)
        context = {
            "runs": self.runs,
            "run": run,
            "lines": lines,
            "totals": _three_totals(run, lines=lines) if run else [],
            "returned": returned,
            "page": Paginator(self.apart if returned else [], PAGE_ROWS).get_page(
                self.request.GET.get("page")
            ),
            "batches": self._batches(),
            "may_take_in": viewer_for(self.request).holds(*HOLDERS_OF_MONEY),
        }
        return super().get_context_data(**(context | kwargs))

    def _batches(self) -> list[ImportBatch]:
        batches = visible(ImportBatch.objects.filter(kind=RETURN), to=viewer_for(self.request))
        kept = batches.filter(status__in=[BatchStatus.COMMITTED, BatchStatus.UNDONE])
        return list(kept.select_related("created_by").order_by("-committed_at")[:BATCHES_SHOWN])

    def _about(self, run: Run) -> dict[str, str]:
        return {
            "title": __("Paid differently than owed"),
            "run": str(run),
            "results": run.result_digest,
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


class PayrollReturnUndo(Screen, View):
    """Take a payroll return back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Undo it."""
        desk_or_404(request, *HOLDERS_OF_MONEY)
        batches = visible(ImportBatch.objects.filter(kind=RETURN), to=viewer_for(request))
        batch = batches.filter(pk=batch_id).first()
        if batch is None:
            raise Http404
        try:
            import_undo(batch_id=batch.pk, by=cast(User, request.user), at=timezone.now())
            said(request, __("%(file)s is taken back.") % {"file": batch.filename})
        except Refusal as refusal:
            refused(request, refusal)
        return redirect("payouts:reconciliation")


def _three_totals(run: Run, *, lines: Sequence[Reconciled]) -> list[ThreeTotals]:
    export = Export.objects.filter(run=run, profile=ExportProfile.PAYROLL).order_by("exported_at").first()
    told = {currency: Decimal(amount) for currency, amount in export.totals.items()} if export else None
    return [
        ThreeTotals(
            currency=line.currency,
            owed=line.earned + line.corrections + line.converted,
            told=None if told is None else told.get(line.currency, Decimal(0)),
            paid=line.paid,
        )
        for line in lines
    ]


def _file(apart: Sequence[PaidDifferently]) -> Sheet:
    names = ("employee_id", "name", "owed", "paid", "difference", "currency")
    return Sheet(
        title="paid-differently",
        columns=[
            SheetColumn(name=name, is_text=name in ("employee_id", "name", "currency")) for name in names
        ],
        rows=[(row.employee_id, row.name, row.owed, row.paid, row.difference, row.currency) for row in apart],
        count=len(apart),
    )
