"""
Imports in the browser: the list, a file brought in step by step, a batch and its undo.

Nothing is written before the commit; what it would do is looked at as often as one likes. Rules stand in
kamcomp.imports.uploads and kamcomp.imports.services.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

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
from django.views.generic.edit import FormView

from kamcomp.approvals.choices import Decision
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.imports import services, uploads
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.column_choices import choices, map_document
from kamcomp.imports.forms import (
    BatchFilter,
    UploadFile,
    columns_typed,
    constants_typed,
    mended_sentence,
    mends_typed,
)
from kamcomp.imports.kinds import Kind, kind_named
from kamcomp.imports.models import ImportBatch, ImportUpload
from kamcomp.imports.passage import ImportRejected, SecondPersonNeeded
from kamcomp.imports.selectors import (
    batch_approval,
    batch_findings,
    batches_visible,
    own_rows_approved,
    periods_touched,
    rejected_rows,
    sums_of,
    upload_shown,
    uploads_open,
)
from kamcomp.imports.upload_jobs import COMMIT, COMMIT_VALID, LOOK, is_large, upload_ask, upload_job
from kamcomp.pages.screens import Crumb, FormScreen, Screen, refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import Kind as Shown
from kamcomp.pages.tables import TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible

READERS = (*uploads.SENDERS, Role.AUDITOR)


def batch_url(batch: ImportBatch) -> str:
    """Return the address of a batch."""
    return reverse("imports:batch-show", args=[batch.pk])


def upload_url(upload: ImportUpload) -> str:
    """Return the address of an upload."""
    return reverse("imports:upload-show", args=[upload.pk])


def kind_title(name: str) -> str:
    """Return the title of a kind in the reader's language; the name of one that is there no more."""
    try:
        return __(kind_named(name).title)
    except Refusal:
        return name


class ImportList(TableScreen):
    """Every import a reader may see, newest first, and what of their own waits for them."""

    title, file_name, order = _("Imports"), "imports", "-created_at"
    template_name = "imports/batch_list.html"
    filter_class = BatchFilter
    empty_title = _("Nothing has been imported yet")
    empty_text = _("Bring in people, accounts and results as files.")
    columns = (
        TableColumn(
            name="filename", label=_("File"), order="filename", link=batch_url, read=lambda row: row.filename
        ),
        TableColumn(
            name="kind", label=_("What it holds"), order="kind", read=lambda row: kind_title(row.kind)
        ),
        TableColumn(name="status", label=_("State"), kind=Shown.STATUS, order="status"),
        TableColumn(name="rows_new", label=_("New"), kind=Shown.NUMBER, order="rows_new", narrow=False),
        TableColumn(
            name="rows_changed", label=_("Changed"), kind=Shown.NUMBER, order="rows_changed", narrow=False
        ),
        TableColumn(name="rows_same", label=_("Same"), kind=Shown.NUMBER, order="rows_same", narrow=False),
        TableColumn(
            name="rows_rejected", label=_("Rejected"), kind=Shown.NUMBER, order="rows_rejected", narrow=False
        ),
        TableColumn(name="source", label=_("Comes from"), order="source", narrow=False),
        TableColumn(
            name="created_by", label=_("By"), narrow=False,
            read=lambda row: _maker(row.created_by), order="created_by__username",
        ),
        TableColumn(name="created_at", label=_("When"), kind=Shown.MOMENT, order="created_at", narrow=False),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the batches with who made them."""
        _reader_or_404(self.request)
        return batches_visible(viewer=viewer_for(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, the reader's open uploads, and whether they bring files in."""
        viewer = viewer_for(self.request)
        may = viewer.holds(*uploads.SENDERS)
        waiting = list(uploads_open(viewer=viewer)[:20]) if may else []
        titled = [(upload, kind_title(upload.kind)) for upload in waiting]
        return super().get_context_data(may_send=may, waiting=titled, **kwargs)


class UploadTake(FormScreen, FormView):  # type: ignore[type-arg]
    """Choose a file and say what it holds."""

    title = _("Import a file")
    template_name = "imports/upload_take.html"
    form_class = UploadFile

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the page to who brings files in."""
        _sender_or_404(request)
        return super().dispatch(request, *args, **kwargs)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Imports"), url=reverse("imports:batch-list"))]

    def get_initial(self) -> dict[str, Any]:
        """Return the kind that a link asked for."""
        return {"kind": self.request.GET.get("kind", "")}

    def acted(self, form: Any) -> HttpResponse:
        """Keep the file, and look at it where its columns are known."""
        file = form.cleaned_data["file"]
        if file.size > uploads.MOST_BYTES:
            raise uploads.UploadTooLarge(__("The file is larger than 20 MB: split it."))
        upload = uploads.upload_take(
            kind=form.cleaned_data["kind"], content=file.read(), filename=file.name or "file",
            source=form.cleaned_data["source"].strip(), by=cast(User, self.request.user), at=timezone.now(),
        )  # fmt: skip
        return looked(self.request, upload)


class UploadScreen(Screen, TemplateResponseMixin, View):
    """A page about one upload of the reader's own."""

    @cached_property
    def upload(self) -> ImportUpload:
        """Return the upload, or 404."""
        _sender_or_404(self.request)
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


class UploadShow(UploadScreen):
    """What a commit would do: counts, sums, changed cells, and each rejected cell with a field to mend it."""

    template_name = "imports/upload_show.html"

    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        """Show the preview; before it the columns, while a worker is at it how far it is."""
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


class UploadColumns(UploadScreen):
    """Say which column of the file is which of ours."""

    template_name = "imports/upload_columns.html"

    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        """Show each column with its first texts and what it seems to be."""
        mapping = self.upload.mapping
        found = choices(
            kind=self.kind, header=self.upload.header, samples=self.upload.samples, mapping=mapping
        )
        return self.page(
            chosen={each.name: each.chosen for each in found},
            constants=(mapping or {}).get("constants", {}),
            source=self.upload.source,
        )

    def post(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        """Settle the columns and look at the file."""
        chosen = columns_typed(post=request.POST, upload=self.upload)
        free = tuple(name for name in self.kind.names if name not in chosen.values())
        constants = constants_typed(post=request.POST, names=free)
        source = request.POST.get("source", "").strip()[:80]
        try:
            mapping = map_document(
                kind=self.kind, source=source, header=self.upload.header, chosen=chosen, constants=constants,
                before=self.upload.mapping,
            )  # fmt: skip
            upload = uploads.upload_map(mapping=mapping, source=source, **self.who)
        except Refusal as refusal:
            return self.page(chosen=chosen, constants=constants, source=source, refusal=refusal, status=422)
        return looked(request, upload)

    def page(
        self,
        *,
        chosen: dict[str, str],
        constants: dict[str, str],
        source: str,
        refusal: Refusal | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Answer the page with what was chosen."""
        found = choices(
            kind=self.kind,
            header=self.upload.header,
            samples=self.upload.samples,
            mapping=self.upload.mapping,
        )
        free = [column for column in self.kind.columns if column.name not in chosen.values()]
        context = self.context(
            columns=[(each, chosen.get(each.name, "")) for each in found],
            ours=self.kind.columns,
            free=[(column, constants.get(column.name, "")) for column in free],
            source=source,
            refusal=refusal,
            carried=[part for part in ("values", "ids", "span") if (self.upload.mapping or {}).get(part)],
        )
        return render(self.request, self.template_name, context, status=status)


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


class BatchShow(Screen, TemplateResponseMixin, View):
    """One import: what it wrote, what it was found to have, who approved it, and the way back."""

    template_name = "imports/batch_show.html"

    @cached_property
    def batch(self) -> ImportBatch:
        """Return the batch, or 404."""
        _reader_or_404(self.request)
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

    def get(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page()

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
            maker=_maker(batch.created_by),
            sums=sums_of(batch.totals),
            findings=batch_findings(batch=batch),
            mended=mended_sentence(batch),
            step=step,
            may_approve=waits and sends and not mine,
            upload=batch.uploads.filter(created_by=self.request.user.pk).first() if mine else None,
            may_undo=sends and batch.status == BatchStatus.COMMITTED,
            effect=effect,
            periods=periods_touched(batch=batch) if effect else [],
            refusal=refusal,
            typed=typed,
        )
        return render(self.request, self.template_name, context, status=status)


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


class FileNotNamed(Refusal):
    """An undo is confirmed by typing the file's name."""


def looked(request: HttpRequest, upload: ImportUpload) -> HttpResponse:
    """Look at an upload whose columns are settled, at once or by a worker, and go to its page."""
    if upload.mapping is None:
        return redirect("imports:upload-columns", upload_id=upload.pk)
    if is_large(upload):
        upload_ask(upload=upload, wanted=LOOK, by=cast(User, request.user))
        return redirect(upload_url(upload))
    try:
        uploads.upload_look(upload_id=upload.pk, by=cast(User, request.user), at=timezone.now())
    except Refusal as refusal:
        refused(request, refusal)
    return redirect(upload_url(upload))


def _maker(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else __("the command line")


def _reader_or_404(request: HttpRequest) -> None:
    if request.user.is_authenticated and not viewer_for(request).holds(*READERS):
        raise Http404


def _sender_or_404(request: HttpRequest) -> None:
    if request.user.is_authenticated and not viewer_for(request).holds(*uploads.SENDERS):
        raise Http404
