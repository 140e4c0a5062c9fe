"""The list of what was brought in, and a file brought in."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView

from kamcomp.identity.models import User
from kamcomp.imports import uploads
from kamcomp.imports.forms import (
    BatchFilter,
    UploadFile,
)
from kamcomp.imports.kinds import kinds_kept_from
from kamcomp.imports.selectors import (
    batches_visible,
    uploads_open,
)
from kamcomp.imports.views.ways import (
    batch_url,
    kind_title,
    looked,
    maker_named,
    reader_or_404,
    sender_or_404,
)
from kamcomp.pages.screens import Crumb, FormScreen
from kamcomp.pages.tables import Kind as Shown
from kamcomp.pages.tables import TableColumn, TableScreen
from kamcomp.visibility import viewer_for


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
            read=lambda row: maker_named(row.created_by), order="created_by__username",
        ),
        TableColumn(name="created_at", label=_("When"), kind=Shown.MOMENT, order="created_at", narrow=False),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the batches with who made them."""
        reader_or_404(self.request)
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
        sender_or_404(request)
        return super().dispatch(request, *args, **kwargs)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Imports"), url=reverse("imports:batch-list"))]

    def get_initial(self) -> dict[str, Any]:
        """Return the kind that a link asked for."""
        return {"kind": self.request.GET.get("kind", "")}

    def get_form(self, form_class: Any = None) -> Any:
        """Return the form with the kinds that the sender brings in."""
        form, kept = super().get_form(form_class), kinds_kept_from(viewer_for(self.request).roles)
        field: Any = form.fields["kind"]
        field.choices = [each for each in field.choices if each[0] not in kept]
        return form

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
