"""
The endpoints: one view for every address of every resource, made from its declaration.

A view knows who asks and whether they may, counts them, refuses parameters there are not, and calls one selector or
one service. Nothing here decides what somebody sees: that is `visible_to`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kamcomp.api.acts import Act, Asked, Done, Part
from kamcomp.api.authentication import caller_of, scopes_of
from kamcomp.api.batches import MOST_ROWS, rows_taken
from kamcomp.api.conditional import etag_of, is_known, match_check
from kamcomp.api.idempotency import SaidOnce, answered_once
from kamcomp.api.limits import Allowance, allowance, too_often
from kamcomp.api.lists import (
    chosen,
    day_of,
    expand,
    is_wanted,
    order_of,
    page_of,
    parameters_of,
    said_once,
    shape_of,
    totals_of,
    whole_list_check,
)
from kamcomp.api.negotiation import Negotiation
from kamcomp.api.parsers import DocumentParser
from kamcomp.api.problems import Problem, refusal_problem
from kamcomp.api.resources import Resource, resource_named
from kamcomp.api.sent import StrictSerializer
from kamcomp.api.streams import STREAMED, ExactRenderer, streamed
from kamcomp.audit.context import actor
from kamcomp.identity.models import User
from kamcomp.imports.kinds import kind_named
from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, viewer_for

SAFE = ("GET", "HEAD", "OPTIONS")
LIST, ITEM, EXTERNAL, BATCH, ACT, PART = "list", "item", "external", "batch", "act", "part"
LONGEST_WAIT = 20
NOTHING = "There is nothing here that you may see."
WAIT = re.compile(r"\bwait=(\d{1,3})\b")


class ApiView(APIView):
    """What every endpoint has in common."""

    parser_classes = (DocumentParser,)
    content_negotiation_class = Negotiation
    metadata_class = None
    scopes: Mapping[str, str] = {}
    allowance: Allowance | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in English, whatever the reader's pages are in: programs read it."""
        with translation.override("en"):
            return super().dispatch(request, *args, **kwargs)

    def parameters(self) -> list[str]:
        """Return the query parameters the endpoint knows."""
        return []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """
        Check who asks, how often, for what.

        :raises Problem: 429, 400.
        :raises MethodNotAllowed: if nothing here answers to it.
        :raises PermissionDenied: if a key's scopes leave it out.
        """
        super().initial(request, *args, **kwargs)
        self.allowance = allowance(caller=caller_of(request))
        if problem := too_often(self.allowance):
            raise problem
        method = str(request.method)
        if method.lower() not in self.http_method_names or not hasattr(self, method.lower()):
            self.http_method_not_allowed(request)  # before its parameters are looked at
        scope = self.scopes.get("GET" if method == "HEAD" else method)
        given = scopes_of(request)
        if scope is not None and given is not None and scope not in given:
            raise PermissionDenied(f"The key has no scope {scope}.", code="scope_missing")
        self.said = said_once(request.query_params, known=self.parameters())

    @property
    def viewer(self) -> Viewer:
        """Return who looks."""
        return viewer_for(cast(HttpRequest, self.request))

    @property
    def user(self) -> User:
        """Return who acts."""
        return cast(User, self.request.user)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Response:
        """Say what is left of the minute, which request it was, and that nobody on the way may keep it."""
        answer = super().finalize_response(request, cast(Response, response), *args, **kwargs)
        answer.headers["X-Request-ID"] = actor().request_id
        answer.headers["Cache-Control"] = "private, no-store"
        patch_vary_headers(answer, ["Authorization", "Cookie", "Accept"])
        for name, value in (self.allowance.headers if self.allowance else {}).items():
            answer.headers[name] = value
        return answer

    def shown(
        self, data: Any, *, version: int | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return data, or 304 if the caller has it."""
        etag = etag_of(data, version=version)
        given = {"ETag": etag, **(headers or {})}
        if is_known(self.request, etag):
            return Response(status=304, headers=given)
        return Response(data, headers=given)


class ResourceView(ApiView):
    """An address of a resource: its list, one row of it, one by the company's own key, a batch, an act."""

    resource: Resource = None  # type: ignore[assignment]  # given by as_view
    place: str = ""
    acts: Mapping[str, Act] = {}
    part: Part | None = None

    @property
    def renderer_classes_here(self) -> tuple[type[JSONRenderer], ...]:
        """Return the forms an answer comes in."""
        return (ExactRenderer, *STREAMED) if self.place == LIST else (ExactRenderer,)

    def get_renderers(self) -> list[Any]:
        """Return them, made."""
        return [each() for each in self.renderer_classes_here]

    def parameters(self) -> list[str]:
        """Return those of a list, or of one row; a write knows none."""
        if self.request.method not in SAFE or self.place == PART:
            return []
        return parameters_of(self.resource, listed=self.place == LIST)

    def get(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Show the list, or the row."""
        if self.place == LIST:
            return self._list(request)
        if self.part is not None:
            return self._part(self.part, self._pk(**kwargs))
        return self._item(self._pk(**kwargs))

    def post(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Do what is asked, once."""
        return self._write(request, **kwargs)

    def put(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Put a row, once."""
        return self._write(request, **kwargs)

    def patch(self, request: Request, **kwargs: str) -> HttpResponseBase:
        """Change a row, once."""
        return self._write(request, **kwargs)

    # Reads --------------------------------------------------------------------------------------------------

    def _list(self, request: Request) -> HttpResponseBase:
        resource, said = self.resource, self.said
        rows = chosen(resource, viewer=self.viewer, said=said)
        if request.accepted_renderer.format != "json":
            rows = order_of(resource, said=said).of(rows)
            names = shape_of(resource, said=said).names
            whole_list_check(said=said)
            return streamed(
                resource, rows=rows, names=names, renderer=cast(JSONRenderer, request.accepted_renderer)
            )
        page = page_of(resource, rows=rows, said=said, path=request.path, viewer=self.viewer)
        data: dict[str, Any] = {
            "data": page.data,
            "next_cursor": page.next_cursor,
            "has_more": page.next_cursor is not None,
        }
        if is_wanted("totals", said):
            data["totals"] = totals_of(resource, rows=rows)
        return self.shown(data, headers=self._link(request, page.next_cursor))

    def _link(self, request: Request, cursor: str | None) -> dict[str, str]:
        if cursor is None:
            return {}
        query = request.query_params.copy()
        query["cursor"] = cursor
        return {"Link": f'<{request.build_absolute_uri(request.path)}?{query.urlencode()}>; rel="next"'}

    def _pk(self, *, key: str = "", external: str = "") -> Any:
        if self.place == EXTERNAL:
            rows = self.resource.rows(viewer=self.viewer)
            found = None if "\x00" in external else rows.filter(**{self.resource.external: external})
            return found.values_list("pk", flat=True).first() if found is not None else None
        return self.resource.pk_of(key)

    def _item(self, pk: Any) -> Response:
        shape = shape_of(self.resource, said=self.said)
        shown, version = self._shown(self.resource, pk, names=shape.names, expands=shape.expands)
        return self.shown(shown, version=version)

    def _part(self, part: Part, pk: Any) -> Response:
        row = self.resource.rows(viewer=self.viewer).filter(pk=pk).first() if pk is not None else None
        if row is None:
            raise NotFound(NOTHING)
        asked = Asked(user=self.user, viewer=self.viewer, at=timezone.now(), typed={}, row=row)
        try:
            return self.shown(dict(part.shown(asked)))
        except LookupError as error:
            raise NotFound(NOTHING) from error

    def _shown(
        self,
        resource: Resource,
        pk: Any,
        *,
        names: frozenset[str] | None = None,
        expands: tuple[str, ...] = (),
    ) -> tuple[dict[str, Any], int | None]:
        rows = resource.rows(viewer=self.viewer).filter(pk=pk) if pk is not None else None
        columns = (*resource.sources, *([resource.version] if resource.version else []))
        row = rows.values_list(*columns).first() if rows is not None else None
        if row is None:
            raise NotFound(NOTHING)
        data = [resource.shown(row, names)]
        day = day_of(self.said)
        expand(resource, shown=data, raw=[row], names=expands, viewer=self.viewer, day=day)
        return data[0], row[-1] if resource.version else None

    # Writes -------------------------------------------------------------------------------------------------

    def _write(self, request: Request, **kwargs: str) -> Response:
        waiting: list[Done] = []

        def write() -> Response:
            if self.place == BATCH:
                return self._batch(request)
            if self.place == EXTERNAL:
                return self._upsert(request, **kwargs)
            return self._act(request, waiting, **kwargs)

        answer = answered_once(request=request, write=write)
        seconds = _preferred_wait(request)
        if waiting and seconds and answer.status_code == 202:
            return self._waited(waiting[0], answer, seconds)
        return answer

    def _act(self, request: Request, waiting: list[Done], **kwargs: str) -> Response:
        act, row = self.acts[str(request.method).lower()], cast(Any, None)
        if act.on_row:
            row = self._row(self._pk(**kwargs), locked=act.locked)
        typed = _typed(act.body, request.data)  # before conditions, which RFC 9110 has looked at last
        if act.matched:
            current, version = self._shown(self.resource, row.pk)
            match_check(request, etag=etag_of(current, version=version), current=current)
        asked = Asked(user=self.user, viewer=self.viewer, at=timezone.now(), typed=typed, row=row)
        try:
            done = act.perform(asked)
        except Refusal as refusal:
            raise self._too_late(refusal_problem(refusal), row) from refusal
        if done.status == 202:
            waiting.append(done)
        return self._answer(done)

    def _too_late(self, problem: Problem, row: Any) -> Problem:
        """Return a problem; one of a row that somebody changed while this was asked with the row as it stands."""
        if problem.status_code == HTTPStatus.PRECONDITION_FAILED and row is not None:
            problem.current, version = self._shown(self.resource, row.pk)
            problem.headers = {"ETag": etag_of(problem.current, version=version)}
        return problem

    def _row(self, pk: Any, *, locked: bool) -> Any:
        """Return the row, locked until the write has ended: what was seen stays so until then."""
        rows = self.resource.rows(viewer=self.viewer)
        if locked:
            rows = rows.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=pk).first() if pk is not None else None
        if row is None:
            raise NotFound(NOTHING)
        return row

    def _answer(self, done: Done) -> Response:
        resource = resource_named(done.resource) if done.resource else self.resource
        shown, version = self._shown(resource, done.pk)
        headers = {"ETag": etag_of(shown, version=version)}
        if done.status in (201, 202):
            headers["Location"] = reverse(f"api:{resource.name}-item", args=[resource.id_of(done.pk)])
        answer = SaidOnce({**shown, **done.once}, status=done.status, headers=headers)
        answer.kept = shown
        return answer

    def _waited(self, done: Done, answer: Response, seconds: int) -> Response:
        """Look every so often whether the work has ended, for as long as the caller prefers to wait."""
        until = time.monotonic() + seconds
        while done.ended is not None and time.monotonic() < until:
            if done.ended():
                break
            time.sleep(0.1)
        now = self._answer(done)
        now.headers["Preference-Applied"] = f"wait={seconds}"
        for name in ("Location", "Idempotent-Replayed"):
            if name in answer.headers:
                now.headers[name] = answer.headers[name]
        return now

    def _batch(self, request: Request) -> Response:
        typed = _typed(SentRowsSerializer, request.data)
        outcome = rows_taken(
            kind=kind_named(self.resource.kind),
            rows=typed["rows"],
            dry_run=typed["dry_run"],
            partial=typed["partial"],
            by=self.user,
            at=timezone.now(),
        )
        return Response(outcome)

    def _upsert(self, request: Request, *, external: str) -> Response:
        resource = self.resource
        before = self._pk(external=external)
        if not isinstance(request.data, dict):
            raise Problem(400, code="invalid", detail="Send one object: the columns of the row.")
        row = {**request.data, resource.upsert: external}
        if request.data.get(resource.upsert, external) != external:
            raise Problem(
                422, code="external_id_differs", detail=f"{resource.upsert} is not what the address says."
            )
        rows_taken(
            kind=kind_named(resource.kind),
            rows=[row],
            dry_run=False,
            partial=False,
            by=self.user,
            at=timezone.now(),
        )
        return self._answer(Done(pk=self._pk(external=external), status=200 if before else 201))


class SentRowsSerializer(StrictSerializer):
    """Rows to bring in: an object each, with the columns of the kind of file as strings."""

    rows = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST_ROWS)
    dry_run = serializers.BooleanField(
        default=False, help_text="Say what would come of it; nothing is written."
    )
    partial = serializers.BooleanField(  # type: ignore[assignment]  # a field of this name, not the argument
        default=False, help_text="Write the rows that nothing rejects."
    )


def _typed(body: type[serializers.Serializer] | None, data: Any) -> Mapping[str, Any]:
    serializer = (body or StrictSerializer)(data=data)
    serializer.is_valid(raise_exception=True)
    return cast(Mapping[str, Any], serializer.validated_data)


def _preferred_wait(request: Request) -> int:
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), LONGEST_WAIT) if found else 0
