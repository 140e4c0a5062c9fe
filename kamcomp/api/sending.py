"""
Rows of any kind of file in one request: `POST /batches:send`.

What has no resource of its own (opportunities, surveys, what payroll paid) comes in this way, as a file of its kind.
"""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.authentication import scopes_of
from kamcomp.api.batches import rows_taken
from kamcomp.api.idempotency import answered_once
from kamcomp.api.named import field_problem
from kamcomp.api.resources import all_resources, more_scopes
from kamcomp.api.schema import HEADERS, BatchOutcomeSerializer
from kamcomp.api.views import ApiView, SentRowsSerializer
from kamcomp.imports.kinds import all_kinds

WRITES = "batches:write"
more_scopes(WRITES)


class KindRowsSerializer(SentRowsSerializer):
    """Rows to bring in, and the kind of file whose columns they have."""

    kind = serializers.CharField(
        max_length=60, help_text="As docs/reference/files.md names it: opportunities."
    )


def _scope_check(request: Request, *, kind: str) -> None:
    """
    Refuse rows of a resource that has a scope of its own to a key without it.

    :raises PermissionDenied: as views do where a scope is missing.
    """
    wanted, given = {each.writes for each in all_resources() if each.kind == kind}, scopes_of(request)
    if given is not None and wanted and not wanted & given:
        raise PermissionDenied(f"The key has no scope {min(wanted)}.", code="scope_missing")


class RowsSend(ApiView):
    """Many rows of any kind."""

    tag = "batches"
    scopes = {"POST": WRITES}

    @extend_schema(
        operation_id="rows_send",
        request=KindRowsSerializer,
        responses={200: BatchOutcomeSerializer},
        parameters=[HEADERS["key"]],
    )
    def post(self, request: Request) -> Response:
        """
        Send rows of a kind of file, as strings by column; at most 5,000, all of them or none.

        Kinds that are whole documents are not sent as rows. Scope: `batches:write`, and that of the resource whose
        rows they are, if there is one.
        """
        typed = KindRowsSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        said = dict(typed.validated_data)
        kinds = {kind.name: kind for kind in all_kinds() if not kind.document}
        if said["kind"] not in kinds:
            detail = f"There is no kind {said['kind']!r} of rows; there are {', '.join(kinds)}."
            raise field_problem(field="kind", code="kind_unknown", detail=detail)
        _scope_check(request, kind=said["kind"])
        return answered_once(
            request=request,
            write=lambda: Response(
                rows_taken(**{**said, "kind": kinds[said["kind"]]}, by=self.user, at=timezone.now())
            ),
        )
