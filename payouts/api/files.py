"""A file that was written of a locked run, taken away: byte for byte as it was made, with an entry of who took it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kamcomp.api.filters import id_in_address
from kamcomp.api.negotiation import Negotiation
from kamcomp.api.resources import resource_named
from kamcomp.api.views import NOTHING, ApiView
from payouts.services.exports import export_download


class AnyForm(Negotiation):
    """A file comes in the form it was made in, whatever is asked for; a problem comes as JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Return what a problem is written by."""
        first = next(iter(renderers))
        return first, first.media_type


class ExportFile(ApiView):
    """The file itself."""

    content_negotiation_class = AnyForm

    tag = "exports"
    scopes = {"GET": "exports:read"}

    @extend_schema(
        operation_id="export_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        parameters=[id_in_address("key", "exp")],
    )
    def get(self, request: Request, key: str) -> FileResponse:
        """Take a file away, as it was made; X-Digest-SHA-256 is that of its row. Who took it is in the audit trail."""
        exports = resource_named("exports")
        pk = exports.pk_of(key)
        export = None if pk is None else exports.rows(viewer=self.viewer).filter(pk=pk).first()
        if export is None:
            raise NotFound(NOTHING)
        path = export_download(export_id=export.pk, by=self.user, at=timezone.now())
        answer = FileResponse(path.open("rb"), as_attachment=True, filename=export.filename)
        answer["X-Digest-SHA-256"] = export.sha256
        return answer
