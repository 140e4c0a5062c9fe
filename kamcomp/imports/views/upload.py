"""A file that is being brought in: what it would do, and how far the look at it is."""

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
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.imports import uploads
from kamcomp.imports.kinds import Kind, kind_named
from kamcomp.imports.models import ImportBatch, ImportUpload
from kamcomp.imports.selectors import (
    own_rows_approved,
    upload_shown,
)
from kamcomp.imports.upload_jobs import is_large, upload_job
from kamcomp.imports.views.ways import batch_url, kind_title, sender_or_404
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.tables import Kind as Column
from kamcomp.visibility import viewer_for, visible

SUM_COLUMNS = (
    part_column("column"),
    part_column("currency"),
    part_column("in_the_file", "file", kind=Column.NUMBER),
    part_column("accepted", kind=Column.NUMBER),
    part_column("rejected", kind=Column.NUMBER),
)
CHANGE_COLUMNS = (
    part_column("line", kind=Column.NUMBER),
    part_column("column"),
    part_column("stands", "old"),
    part_column("becomes", "new"),
)


class UploadScreen(Screen, TemplateResponseMixin, View):
    """A page about one upload of the reader's own."""

    @cached_property
    def upload(self) -> ImportUpload:
        """Return the upload, or 404."""
        sender_or_404(self.request)
        rows = visible(ImportUpload.objects.all(), to=viewer_for(self.request)).select_related("batch")
        upload = rows.filter(pk=self.kwargs["upload_id"]).first()
        if upload is None:
            raise Http404
        return upload

    @property
    def kind(self) -> Kind:
        """Return what the file holds."""
        return kind_named(self.upload.kind)

    @property
    def who(self) -> dict[str, Any]:
        """Return who acts, on which upload, when."""
        return {"upload_id": self.upload.pk, "by": cast(User, self.request.user), "at": timezone.now()}

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Imports"), url=reverse("imports:batch-list")),
            Crumb(label=self.upload.filename),
        ]

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what every page of an upload reads."""
        return self.get_context_data(
            **{
                "upload": self.upload,
                "kind_title": kind_title(self.upload.kind),
                "title": self.upload.filename,
                "committed": uploads.is_committed(self.upload),
            }
            | more
        )


class UploadShow(PartFiles, UploadScreen):
    """What a commit would do: counts, sums, changed cells, and each rejected cell with a field to mend it."""

    template_name = "imports/upload_show.html"

    def parts(self) -> Parts:
        """Return the tables of the preview: sums, and the cells that change."""
        outcome = self.upload.outcome or {}
        sums = upload_shown(upload=self.upload).sums
        return {
            "sums": partial(part_sheet, title="sums", columns=SUM_COLUMNS, rows=sums),
            "changes": partial(
                part_sheet, title="changes", columns=CHANGE_COLUMNS, rows=outcome.get("changes") or ()
            ),
        }

    def part_facts(self) -> dict[str, str]:
        """Return which file it is."""
        return {"file": self.upload.filename, "sha256": self.upload.file_digest}

    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
        """Show the preview; before it the columns, while a worker is at it how far it is; or a table as a file."""
        if file := self.part_file():
            return file
        if uploads.is_committed(self.upload) and self.upload.batch is not None:
            return redirect(batch_url(self.upload.batch))
        if self.upload.mapping is None:
            return redirect("imports:upload-columns", upload_id=self.upload.pk)
        job = upload_job(self.upload) if is_large(self.upload) else None
        shown = upload_shown(upload=self.upload)
        numbers = {name: number for number, name in enumerate(self.upload.header)}
        return render(
            request,
            self.template_name,
            self.context(
                job=job,
                shown=shown,
                outcome=self.upload.outcome,
                numbers=numbers,
                already=self._already(),
                approved=shown.own_only and own_rows_approved(upload=self.upload),
            ),
        )

    def _already(self) -> ImportBatch | None:
        pk = (self.upload.outcome or {}).get("already")
        return ImportBatch.objects.select_related("created_by").filter(pk=pk).first() if pk else None


class UploadProgress(UploadScreen):
    """How far a worker is with a large upload, for as long as one is at it."""

    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        """Answer the moving part; once the job has ended, tell the page to load itself again."""
        job = upload_job(self.upload)
        answer = render(request, "imports/upload_progress.html", {"upload": self.upload, "job": job})
        if job is None or job.ended:
            answer["HX-Refresh"] = "true"
        return answer
