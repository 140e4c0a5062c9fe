"""The columns of a file laid beside ours."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kamcomp.imports import uploads
from kamcomp.imports.column_choices import choices, map_document
from kamcomp.imports.forms import (
    columns_typed,
    constants_typed,
)
from kamcomp.imports.views.upload import UploadScreen
from kamcomp.imports.views.ways import looked
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal


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
            refusal=worded(refusal) if refusal else "",
            carried=[part for part in ("values", "ids", "span") if (self.upload.mapping or {}).get(part)],
        )
        return render(self.request, self.template_name, context, status=status)
