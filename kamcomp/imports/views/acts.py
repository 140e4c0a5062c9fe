"""What is done to a file that is being brought in: mended, looked at, committed, dropped; its rejected rows."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as __

from kamcomp.identity.models import User
from kamcomp.imports import uploads
from kamcomp.imports.forms import (
    mends_typed,
)
from kamcomp.imports.passage import ImportRejected, SecondPersonNeeded
from kamcomp.imports.selectors import (
    rejected_rows,
)
from kamcomp.imports.upload_jobs import COMMIT, COMMIT_VALID, is_large, upload_ask
from kamcomp.imports.views.upload import UploadScreen
from kamcomp.imports.views.ways import batch_url, looked, upload_url
from kamcomp.pages.screens import refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.refusal import Refusal


class UploadAct(UploadScreen):
    """Mend cells, look again, commit, hand to a second person, or drop an upload."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, upload_id: UUID, step: str) -> HttpResponse:
        """Do one act and go where it leads."""
        acts = {
            "mend": self._mend,
            "look": self._look,
            "commit": self._commit,
            "submit": self._submit,
            "drop": self._drop,
        }
        if step not in acts:
            raise Http404
        try:
            return acts[step]()
        except ImportRejected:
            # The facts have moved since it was looked at: show what stands in the way now.
            return looked(request, self.upload)
        except (SecondPersonNeeded, Refusal) as refusal:
            refused(request, refusal)
        return redirect(upload_url(self.upload))

    def _mend(self) -> HttpResponse:
        back = [int(line) for line in self.request.POST.getlist("back") if line.isascii() and line.isdigit()]
        cells = mends_typed(post=self.request.POST, upload=self.upload)
        return looked(self.request, uploads.upload_mend(cells=cells, back=back, **self.who))

    def _look(self) -> HttpResponse:
        return looked(self.request, self.upload)

    def _commit(self) -> HttpResponse:
        partial = self.request.POST.get("partial") == "1"
        if is_large(self.upload):
            wanted = COMMIT_VALID if partial else COMMIT
            upload_ask(upload=self.upload, wanted=wanted, by=cast(User, self.request.user))
            return redirect(upload_url(self.upload))
        upload = uploads.upload_commit(partial=partial, **self.who)
        assert upload.batch is not None
        said(self.request, __("Written: %(file)s.") % {"file": upload.filename})
        return redirect(batch_url(upload.batch))

    def _submit(self) -> HttpResponse:
        upload = uploads.upload_submit(**self.who)
        assert upload.batch is not None
        said(self.request, __("It waits for a second person. Commit it here once it is approved."))
        return redirect(batch_url(upload.batch))

    def _drop(self) -> HttpResponse:
        uploads.upload_drop(**self.who)
        said(self.request, __("Dropped: nothing of it was written."))
        return redirect("imports:batch-list")


class UploadRejected(UploadScreen):
    """The rejected rows as a file: the same columns and one with the reasons."""

    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
        """Answer the file."""
        try:
            header, rows = rejected_rows(upload=self.upload)
        except Refusal as refusal:
            refused(request, refusal)
            return redirect(upload_url(self.upload))
        columns = [SheetColumn(name=name) for name in [*header, "error"]]
        sheet = Sheet(title="rejected", columns=columns, rows=rows, count=len(rows))
        return SHEETS["csv"](sheet, {})
