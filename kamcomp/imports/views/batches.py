"""A batch that was brought in, and its undo or approval."""

from __future__ import annotations

from functools import partial
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
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.approvals.choices import Decision
from kamcomp.identity.models import User
from kamcomp.imports import services, uploads
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.forms import (
    mended_sentence,
)
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.selectors import (
    batch_approval,
    batch_findings,
    batches_visible,
    periods_touched,
    sums_of,
)
from kamcomp.imports.views.upload import SUM_COLUMNS
from kamcomp.imports.views.ways import batch_url, kind_title, maker_named, reader_or_404
from kamcomp.pages.parts import PartFiles, Parts, part_sheet
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for


class BatchShow(PartFiles, Screen, TemplateResponseMixin, View):
    """One import: what it wrote, what it was found to have, who approved it, and the way back."""

    template_name = "imports/batch_show.html"

    @cached_property
    def batch(self) -> ImportBatch:
        """Return the batch, or 404."""
        reader_or_404(self.request)
        batch = batches_visible(viewer=viewer_for(self.request)).filter(pk=self.kwargs["batch_id"]).first()
        if batch is None:
            raise Http404
        return batch

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Imports"), url=reverse("imports:batch-list")),
            Crumb(label=self.batch.filename),
        ]

    def parts(self) -> Parts:
        """Return the table of the file's sums."""
        rows = sums_of(self.batch.totals)
        return {"sums": partial(part_sheet, title="sums", columns=SUM_COLUMNS, rows=rows)}

    def part_facts(self) -> dict[str, str]:
        """Return which file it is."""
        return {"file": self.batch.filename, "sha256": self.batch.file_digest}

    def get(self, request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
        """Show it, or its sums as a file."""
        return self.part_file() or self.page()

    def page(self, *, refusal: Refusal | None = None, typed: str = "", status: int = 200) -> HttpResponse:
        """Answer the page, with what an undo would do where that was asked."""
        batch, viewer = self.batch, viewer_for(self.request)
        sends = viewer.holds(*uploads.SENDERS)
        effect = None
        asked = self.request.GET.get("undo") == "1" or refusal is not None
        if sends and batch.status == BatchStatus.COMMITTED and asked:
            effect = services.import_undo_preview(
                batch_id=batch.pk, by=cast(User, self.request.user), at=timezone.now()
            )
        step = batch_approval(batch=batch)
        waits = step is not None and step.decision == Decision.PENDING
        mine = batch.created_by_id == self.request.user.pk
        context = self.get_context_data(
            batch=batch,
            title=batch.filename,
            kind_title=kind_title(batch.kind),
            maker=maker_named(batch.created_by),
            sums=sums_of(batch.totals),
            findings=batch_findings(batch=batch),
            mended=mended_sentence(batch),
            step=step,
            may_approve=waits and sends and not mine,
            upload=batch.uploads.filter(created_by=self.request.user.pk).first() if mine else None,
            may_undo=sends and batch.status == BatchStatus.COMMITTED,
            effect=effect,
            periods=periods_touched(batch=batch) if effect else [],
            refusal=worded(refusal) if refusal else "",
            typed=typed,
        )
        return render(self.request, self.template_name, context, status=status)


class FileNotNamed(Refusal):
    """An undo is confirmed by typing the file's name."""


class BatchAct(BatchShow):
    """Undo an import, or approve it as a second person."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, batch_id: UUID, step: str) -> HttpResponse:
        """Do one act; what refuses it is said on the same page."""
        acts = {"undo": self._undo, "approve": self._approve}
        if step not in acts:
            raise Http404
        try:
            acts[step]({"batch_id": self.batch.pk, "by": cast(User, request.user), "at": timezone.now()})
        except Refusal as refusal:
            return self.page(refusal=refusal, typed=request.POST.get("confirm", ""), status=422)
        return redirect(batch_url(self.batch))

    def _undo(self, who: dict[str, Any]) -> None:
        if self.request.POST.get("confirm", "").strip() != self.batch.filename:
            raise FileNotNamed(
                __("Type %(file)s to take it back: its rows leave every page.")
                % {"file": self.batch.filename}
            )
        services.import_undo(**who)
        said(self.request, __("Taken back: %(file)s.") % {"file": self.batch.filename})

    def _approve(self, who: dict[str, Any]) -> None:
        services.import_approve(comment=self.request.POST.get("comment", "").strip()[:500], **who)
        said(self.request, __("Approved: its sender can commit the same file now."))
