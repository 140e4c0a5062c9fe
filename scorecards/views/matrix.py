"""
The scorecard matrix in the browser: every account by every metric of a period, and the sheet it is filled in on.

Cells are typed or pasted as a block, looked at as a list of changes, and saved as one import that can be undone. Rules
stand in scorecards.services.cells.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.imports.models import ImportBatch
from kamcomp.pages.screens import Crumb, FieldConflict, Screen, conflict_page, refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from scorecards.forms import (
    CELL,
    RESULTS,
    TARGETS,
    WAS,
    CellsTyped,
    MatrixFilter,
    cells_typed,
    editable,
    shown,
    value_of,
)
from scorecards.models import Metric
from scorecards.selectors.matrix import Matrix, MatrixRow, matrix, matrix_period
from scorecards.services.cells import CellsChangedMeanwhile, cells_undo, results_set, targets_set
from scorecards.services.scorecards import KEEPERS

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
COLUMNS = (
    ("account", True), ("name", True), ("segment", True), ("metric", True), ("metric_name", True), ("unit", True),
    ("currency", True), ("target", False), ("result", False), ("attainment", False), ("state", True), ("source", True),
    ("why", True),
)  # fmt: skip


class MatrixScreen(Screen, TemplateResponseMixin, View):
    """A page about the scorecards of one period."""

    readers: tuple[Role, ...] = READERS

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the page to who may read it."""
        if request.user.is_authenticated and not viewer_for(request).holds(*self.readers):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def asked(self) -> dict[str, str]:
        """Return the period and perspective asked for."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return {name: given.get(name, "") for name in ("period", "perspective")}

    @cached_property
    def period(self) -> Period | None:
        """Return the period, or 404 for one that is not there; None where there is none at all."""
        period = matrix_period(code=self.asked["period"])
        if period is None and self.asked["period"]:
            raise Http404
        return period

    def matrix(self) -> Matrix | None:
        """Return the matrix, None where there is no period."""
        if self.period is None:
            return None
        return matrix(
            period=self.period, viewer=viewer_for(self.request), perspective=self.asked["perspective"]
        )

    def address(self, name: str, **more: str) -> str:
        """Return an address of the same period and perspective."""
        asked = {**self.asked, "period": self.period.code if self.period else "", **more}
        query = "&".join(f"{key}={value}" for key, value in asked.items() if value)
        return f"{reverse(name)}?{query}"


class ScorecardMatrix(MatrixScreen):
    """Who reached what: target, result, attainment and source of every cell."""

    template_name = "scorecards/scorecard_matrix.html"
    title = _("Scorecards")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx its cells as a file."""
        shown_matrix = self.matrix()
        write = SHEETS.get(request.GET.get("format", ""))
        if write and shown_matrix is not None:
            return write(_file(shown_matrix), self._about(shown_matrix))
        period = self.period
        may = viewer_for(request).holds(*KEEPERS)
        context = self.get_context_data(
            matrix=shown_matrix,
            period=period,
            filter=MatrixFilter(request.GET),
            may_fill=may and period is not None and period.status != PeriodStatus.LOCKED,
            has_external=shown_matrix is not None and bool(editable(matrix=shown_matrix, what=RESULTS)),
            fill_targets=self.address("scorecards:matrix-edit", what=TARGETS),
            fill_results=self.address("scorecards:matrix-edit", what=RESULTS),
        )
        return render(request, self.template_name, context)

    def _about(self, of: Matrix) -> dict[str, str]:
        return {
            "title": f"Scorecards {of.period.code}",
            "filter": self.request.GET.urlencode() or "none",
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


class MatrixEdit(MatrixScreen):
    """The sheet that targets, or results of external metrics, are filled in on."""

    template_name = "scorecards/matrix_edit.html"
    readers = tuple(KEEPERS)

    @property
    def what(self) -> str:
        """Return what is filled in: targets or results."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return RESULTS if given.get("what") == RESULTS else TARGETS

    def crumbs(self) -> list[Crumb]:
        """Return the way from the matrix."""
        return [
            Crumb(label=_("Scorecards"), url=self.address("scorecards:scorecard-matrix")),
            Crumb(label=self.period.code if self.period else ""),
        ]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the sheet."""
        return self._page(typed=None)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Show what would change, or save it."""
        of = self._matrix()
        try:
            typed = cells_typed(post=request.POST, matrix=of, what=self.what)
        except Refusal as refusal:
            return self._page(typed=None, refusal=refusal, status=422)
        if request.POST.get("step") != "save" or typed.errors:
            return self._page(typed=typed, status=422 if typed.errors else 200)
        return self._save(of, typed)

    def _save(self, of: Matrix, typed: CellsTyped) -> HttpResponse:
        act = targets_set if self.what == TARGETS else results_set
        try:
            batch = act(
                period=of.period, cells=typed.sets(), by=cast(User, self.request.user), at=timezone.now()
            )
        except CellsChangedMeanwhile as refusal:
            return self._conflict(of, typed, refusal)
        except Refusal as refusal:
            return self._page(typed=typed, refusal=refusal, status=422)
        words = ngettext("Saved: %(count)s cell.", "Saved: %(count)s cells.", len(typed.changes))
        undo = reverse("scorecards:cells-undo", args=[batch.pk])
        said(self.request, words % {"count": len(typed.changes)}, undo=undo)
        return redirect(self.address("scorecards:scorecard-matrix"))

    def _conflict(self, of: Matrix, typed: CellsTyped, refusal: CellsChangedMeanwhile) -> HttpResponse:
        theirs = {(cell.subject, cell.metric): now for cell, now in refusal.clashes}
        fields, carried = [], {"step": "save", "what": self.what, **self.asked}
        for change in typed.changes:
            key, place = (change.row.key, change.metric.code), f"{change.row.slug}~{change.metric.code}"
            now = theirs.get(key, change.before)
            carried[f"{CELL}~{place}"] = shown(change.wanted, change.metric)
            carried[f"{WAS}~{place}"] = "" if now is None else f"{now:f}"
            if key in theirs:
                fields.append(
                    FieldConflict(
                        label=f"{change.row.words}, {__(change.metric.name)}",
                        name=place,
                        before=shown(change.before, change.metric),
                        mine=shown(change.wanted, change.metric),
                        theirs=shown(now, change.metric),
                    )
                )
        return conflict_page(
            self.request,
            what=__("Scorecards, %(period)s") % {"period": of.period.code},
            sentence=__("Somebody else changed these cells after you opened the sheet."),
            fields=fields,
            back=self.address("scorecards:matrix-edit", what=self.what),
            keep=reverse("scorecards:matrix-edit"),
            carried=carried,
        )

    def _matrix(self) -> Matrix:
        of = self.matrix()
        if of is None:
            raise Http404
        return of

    def _page(
        self, *, typed: CellsTyped | None, refusal: Refusal | None = None, status: int = 200
    ) -> HttpResponse:
        of = self._matrix()
        metrics = editable(matrix=of, what=self.what)
        title = __("Targets, %(period)s") if self.what == TARGETS else __("Results, %(period)s")
        context = self.get_context_data(
            title=title % {"period": of.period.code},
            matrix=of,
            metrics=metrics,
            rows=[(row, _fields(row, metrics, typed, self.what)) for row in of.rows],
            what=self.what,
            asked=self.asked,
            typed=typed,
            changes=[
                (each, shown(each.before, each.metric), shown(each.wanted, each.metric))
                for each in (typed.changes if typed else [])
            ],
            refusal=worded(refusal) if refusal else "",
            pasted=self.request.POST.get("block", "") if refusal else "",
            locked=of.period.status == PeriodStatus.LOCKED,
            back=self.address("scorecards:scorecard-matrix"),
        )
        return render(self.request, self.template_name, context, status=status)


class CellsUndo(MatrixScreen):
    """Take back what one saving of the sheet wrote."""

    http_method_names = ["post"]
    readers = tuple(KEEPERS)

    def post(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Take it back and say so."""
        if not visible(ImportBatch.objects.filter(pk=batch_id), to=viewer_for(request)).exists():
            raise Http404
        try:
            cells_undo(batch_id=batch_id, by=cast(User, request.user), at=timezone.now())
            said(request, __("Taken back: the figures before it stand again."))
        except Refusal as refusal:
            refused(request, refusal)
        return redirect("scorecards:scorecard-matrix")


def _fields(
    row: MatrixRow, metrics: list[Metric], typed: CellsTyped | None, what: str
) -> list[dict[str, Any]]:
    """Return the fields of one row: name, text, what stood when it was opened, and what is wrong with it."""
    by_metric = {cell.metric.pk: cell for cell in row.cells}
    changed = {(each.row.slug, each.metric.code) for each in (typed.changes if typed else [])}
    found = []
    for metric in metrics:
        place, now = (row.slug, metric.code), value_of(by_metric[metric.pk], what)
        was = typed.was.get(place) if typed else None
        found.append(
            {
                "place": "~".join(place),
                "label": f"{row.words}, {__(metric.name)}",
                "text": typed.texts.get(place, shown(now, metric)) if typed else shown(now, metric),
                "was": was if was is not None else "" if now is None else f"{now:f}",
                "error": typed.errors.get(place, "") if typed else "",
                "changed": place in changed,
            }
        )
    return found


def _file(of: Matrix) -> Sheet:
    rows = [
        (
            row.code, row.name, row.segment, cell.metric.code, cell.metric.name, cell.metric.unit, cell.currency,
            cell.target, cell.result, cell.attainment, "missing" if cell.missing else cell.status, cell.source,
            cell.because,
        )
        for row in of.rows
        for cell in row.cells
        if not cell.empty
    ]  # fmt: skip
    columns = [SheetColumn(name=name, is_text=is_text) for name, is_text in COLUMNS]
    return Sheet(title="scorecards", columns=columns, rows=rows, count=len(rows))
