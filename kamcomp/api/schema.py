"""
The description of the interface, as OpenAPI 3.1: made from the declarations of resources, so that it cannot go stale.

docs/reference/openapi.yaml is printed from it by `manage.py api --describe`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from kamcomp.api.acts import Act
from kamcomp.api.batches import MOST_ROWS
from kamcomp.api.fields import WORDS as NAMED_WORDS
from kamcomp.api.fields import MoneySerializer
from kamcomp.api.filters import list_pattern
from kamcomp.api.idempotency import KEY
from kamcomp.api.lists import fields_of, parameters_of
from kamcomp.api.paging import CURSOR, LIMIT, MOST
from kamcomp.api.problems import MEDIA_TYPE
from kamcomp.api.resources import Resource, resource_named
from kamcomp.api.sent import StrictSerializer, text_pattern
from kamcomp.api.streams import STREAMED
from kamcomp.api.views import BATCH, EXTERNAL, ITEM, LIST, PART, ResourceView, SentRowsSerializer


class ProblemErrorSerializer(serializers.Serializer):
    """One error, with its place: a pointer into what was sent, or a parameter."""

    pointer = serializers.CharField(required=False, allow_blank=True)
    parameter = serializers.CharField(required=False)
    index = serializers.IntegerField(required=False, allow_null=True, help_text="The row of a batch, from 0.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """What went wrong, as RFC 9457 says it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    instance = serializers.CharField()
    code = serializers.CharField(help_text="A word for programs; it stays the same.")
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # a field of this name
    request_id = serializers.CharField()
    current = serializers.DictField(required=False, help_text="With 412: the object as it stands.")


class TotalsSerializer(serializers.Serializer):
    """How many rows the filters leave, and their sums by currency."""

    rows = serializers.IntegerField()
    amounts = MoneySerializer(many=True)


class BatchOutcomeSerializer(serializers.Serializer):
    """What came of a batch, or would."""

    dry_run = serializers.BooleanField()
    accepted = serializers.BooleanField()
    already = serializers.BooleanField(help_text="The same rows were there before: nothing changed.")
    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    rejected = serializers.IntegerField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # a field of this name
    notes = ProblemErrorSerializer(many=True)
    batch_id = serializers.CharField(allow_null=True)


PROBLEMS = {
    400: "A parameter or the body is not what is described.",
    401: "Nobody is signed in, or the key is not in force.",
    403: "The role, or the key's scopes, do not allow it.",
    404: "It is not there, or not for the caller to see.",
    406: "No such form.",
    409: "The same write is under way, or somebody was faster.",
    412: "It is another than the one seen.",
    413: "Too large.",
    415: "A body is JSON.",
    422: "The request is understood and cannot be done; code says why.",
    428: "If-Match is missing.",
    429: "Too many requests this minute.",
    500: "The fault is ours.",
    503: "Too busy; ask again later.",
}
READ_PROBLEMS = (400, 401, 403, 404, 406, 429, 500, 503)
SOME_TEXT = r"^[^\x00]+$"
WORKED_OUT_PROBLEMS = (*READ_PROBLEMS, 422)
LIST_PROBLEMS = (*WORKED_OUT_PROBLEMS, 413)
WRITE_PROBLEMS = (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503)
HEADERS = {
    "key": OpenApiParameter(
        "Idempotency-Key", {"type": "string", "pattern": KEY}, OpenApiParameter.HEADER,
        description="Sent again with the same key, a write has one effect; the answer is kept for a day.",
    ),
    "match": OpenApiParameter(
        "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of what you change."
    ),
    "none": OpenApiParameter(
        "If-None-Match", str, OpenApiParameter.HEADER, description="An ETag: 304 if it is still the same."
    ),
    "prefer": OpenApiParameter(
        "Prefer", str, OpenApiParameter.HEADER, description="wait=5: seconds to wait for the work to end, at most 20."
    ),
}  # fmt: skip
WORDS: Mapping[str, tuple[Any, str]] = {
    "cursor": ({"type": "string", "pattern": CURSOR}, "next_cursor of the page before. Of a page only."),
    "totals": (OpenApiTypes.BOOL, "true: how many rows there are, and their sums. Of a page only."),
    "as_of": (OpenApiTypes.DATE, "Rows that hold on this day."),
    "known_at": (
        OpenApiTypes.DATETIME,
        "Facts as they were believed at this instant; without it, those of now.",
    ),
    "updated_since": (
        OpenApiTypes.DATETIME,
        "Rows made or changed since this instant; in that order, where they can be sorted by it.",
    ),
}


def words_named(endpoints: Any) -> Any:
    """Give the words of each state one name in the description, however many fields carry them."""
    spectacular_settings.ENUM_NAME_OVERRIDES.update(NAMED_WORDS)
    return endpoints


class Schema(AutoSchema):
    """The description of one endpoint."""

    @property
    def ours(self) -> ResourceView | None:
        """Return the view, if it is one of a resource."""
        return self.view if isinstance(self.view, ResourceView) else None

    @property
    def act(self) -> Act | None:
        """Return the act that the method is, if it is one."""
        return self.ours.acts.get(self.method.lower()) if self.ours else None

    def get_operation_id(self) -> str:
        """Return a name that stays: payout_list, payout_show, result_batch, allocation_submit."""
        view = self.ours
        if view is None:
            return str(super().get_operation_id())
        if self.act:
            return self.act.noun
        if view.part:
            return view.part.noun
        return f"{view.resource.noun}_{_verb(view.place, self.method)}"

    def get_tags(self) -> list[str]:
        """Return the resource's name."""
        return [self.ours.resource.name] if self.ours else [getattr(self.view, "tag", "other")]

    def get_summary(self) -> str | None:
        """Return what it does, in a line."""
        view = self.ours
        if view is None:
            return super().get_summary()
        words = view.resource.noun.replace("_", " ")
        if self.act:
            return self.act.about.partition(".")[0]
        if view.part:
            return view.part.about.partition(".")[0]
        return {
            LIST: f"List {view.resource.name}",
            ITEM: f"Show a {words}",
            EXTERNAL: f"{'Put' if self.method == 'PUT' else 'Show'} a {words} by your own key",
            BATCH: f"Send many rows of {view.resource.name}",
        }.get(view.place, words)

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """Return what it is."""
        view = self.ours
        if view is None:
            return str(super().get_description())
        needs = view.scopes.get(self.method)
        about = (self.act or view.part or view.resource).about
        if view.place == BATCH or (view.place == EXTERNAL and self.method == "PUT"):
            about = (
                f"{view.resource.about} The columns are those of a {view.resource.kind} file, as strings"
                f" (docs/reference/files.md); at most {MOST_ROWS} rows. Nothing is written unless all rows are right."
            )
        return f"{about}\n\nScope: `{needs}`." if needs else about

    def get_override_parameters(self) -> list[Any]:
        """Return every parameter it knows."""
        view = self.ours
        if view is None:
            return list(super().get_override_parameters())
        if self.method != "GET":
            return [*self._key(view), *_write_headers(self.act)]
        if view.place == PART:
            return [*self._key(view), HEADERS["none"]]
        found = [*self._key(view), HEADERS["none"], *_shape_parameters(view.resource)]
        if view.place != LIST:
            known = parameters_of(view.resource, listed=False)
            return found + [OpenApiParameter("as_of", WORDS["as_of"][0], description=WORDS["as_of"][1])] * (
                "as_of" in known
            )
        return [*found, *_list_parameters(view.resource)]

    def _key(self, view: ResourceView) -> list[OpenApiParameter]:
        """Return the parameter of the address, if it has one."""
        if "{key}" in self.path:
            named, pattern = "key", view.resource.key_pattern
        elif "{external}" in self.path:
            named, pattern = "external", SOME_TEXT
        else:
            return []
        said = {"type": "string", "pattern": pattern}
        return [OpenApiParameter(named, said, OpenApiParameter.PATH, required=True)]

    def get_filter_backends(self) -> list[Any]:
        """Return none: filters are declared."""
        return []

    def _get_format_parameters(self) -> list[dict[str, Any]]:
        """Return none: a list says `format` itself, and a write has none."""
        return []

    def get_request_serializer(self) -> Any:
        """Return what is sent."""
        view = self.ours
        if view is None:
            return super().get_request_serializer()
        if self.method == "GET":
            return None
        if view.place == BATCH:
            return SentRowsSerializer
        if view.place == EXTERNAL:
            return OpenApiTypes.OBJECT
        return self.act.body if self.act else None

    def get_response_serializers(self) -> Any:
        """Return what is answered, and every problem there can be."""
        view = self.ours
        if view is None:
            return super().get_response_serializers()
        problems = _problems(self._statuses(view.place))
        if self.act and self.act.matched:
            problems |= _problems((412, 428))
        return {**self._answers(view), **problems}

    def _statuses(self, place: str) -> tuple[int, ...]:
        """Return the statuses of the problems there can be; a list and what is worked out can be refused too."""
        if self.method != "GET":
            return WRITE_PROBLEMS
        return {LIST: LIST_PROBLEMS, PART: WORKED_OUT_PROBLEMS, "": WORKED_OUT_PROBLEMS}.get(
            place, READ_PROBLEMS
        )

    def _answers(self, view: ResourceView) -> dict[Any, Any]:
        shown = view.resource.documented()
        if self.act:
            named = {status: self.act.answers.get(status) for status in self.act.statuses}
            return {
                (status, "application/json"): resource_named(name).documented() if name else shown
                for status, name in named.items()
            }
        if view.place == BATCH:
            return {(200, "application/json"): BatchOutcomeSerializer}
        if view.part:
            return {(200, "application/json"): view.part.body, **_unchanged()}
        if view.place == LIST:
            files = {(200, each.media_type): OpenApiTypes.BINARY for each in STREAMED}
            return {(200, "application/json"): self._whole_or_picked(page_of, view), **files, **_unchanged()}
        if self.method == "PUT":
            return {(status, "application/json"): shown for status in (200, 201)}
        return {(200, "application/json"): self._whole_or_picked(Resource.documented, view), **_unchanged()}

    def _whole_or_picked(
        self, described: Callable[..., type[serializers.Serializer]], view: ResourceView
    ) -> dict[str, Any]:
        """
        Return the shape of an answer that `fields` narrows: the whole, or else what was asked for of it.

        Two shapes, so that what is always there need not be looked for by a program that asks for whole rows.
        """
        shapes = (described(view.resource, picked=picked) for picked in (False, True))
        return {"anyOf": [self.resolve_serializer(each, "response").ref for each in shapes]}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Return the answers; endpoints that describe themselves have the problems too."""
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if self.ours is None:
            for (status, media), said in _problems(self._statuses("")).items():
                bodies[str(status)] = self._get_response_for_code(said, status, [media], direction)
        return bodies

    def get_examples(self) -> list[OpenApiExample]:
        """Return what is sent, for example."""
        if self.act and self.act.example:
            return [OpenApiExample("for example", value=dict(self.act.example), request_only=True)]
        return []

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        """Say of a strict body that it has no further fields, and of picked fields that any can be missing."""
        found: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if getattr(serializer, "picked", False):
            del found["required"]
        strict = isinstance(serializer, StrictSerializer) or (
            isinstance(serializer, type) and issubclass(serializer, StrictSerializer)
        )
        return {**found, "additionalProperties": False} if strict else found

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """Say of the texts of a strict body what they have to hold."""
        super()._insert_field_validators(field, schema)
        pattern = text_pattern(field)
        if pattern and "type" in schema:
            schema.setdefault("pattern", pattern)

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False if self.ours else super()._is_list_view(serializer)


def page_of(resource: Resource, *, picked: bool) -> type[serializers.Serializer]:
    """Return the description of a page of a resource, of whole rows or of the fields `picked` of them."""
    row = resource.documented(picked=picked)
    inside = {
        "data": row(many=True),
        "next_cursor": serializers.CharField(allow_null=True),
        "has_more": serializers.BooleanField(),
        "totals": TotalsSerializer(required=False),
    }
    return type(
        f"{row.__name__.removesuffix('Serializer')}PageSerializer", (serializers.Serializer,),
        {"__doc__": f"A page of {resource.name}{', as `fields` asked for them' * picked}.", **inside},
    )  # fmt: skip


def _verb(place: str, method: str) -> str:
    if place == EXTERNAL:
        return "put" if method == "PUT" else "show_by_external_id"
    return {LIST: "list", ITEM: "show", BATCH: "batch"}[place]


def _problems(statuses: Sequence[int]) -> dict[tuple[int, str], OpenApiResponse]:
    return {
        (status, MEDIA_TYPE): OpenApiResponse(response=ProblemSerializer, description=PROBLEMS[status])
        for status in statuses
    }


def _unchanged() -> dict[int, OpenApiResponse]:
    return {304: OpenApiResponse(description="It is still the same.")}


def _write_headers(act: Act | None) -> list[OpenApiParameter]:
    found = [HEADERS["key"]]
    if act and act.matched:
        found.append(HEADERS["match"])
    if act and 202 in act.statuses:
        found.append(HEADERS["prefer"])
    return found


def _shape_parameters(resource: Resource) -> list[OpenApiParameter]:
    names = fields_of(resource)
    said = f"Only these, with commas: {', '.join(names)}."
    found = [OpenApiParameter("fields", _words(names), description=said)]
    if resource.expands:
        parts = ", ".join(f"{each.name} ({each.resource})" for each in resource.expands)
        said = f"Lay in, with commas: {parts}."
        found.append(
            OpenApiParameter("expand", _words([each.name for each in resource.expands]), description=said)
        )
    return found


def _words(names: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "pattern": list_pattern(names)}


def _list_parameters(resource: Resource) -> list[OpenApiParameter]:
    known = parameters_of(resource, listed=True)
    found = [
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
            description="How many rows a page has. Of a page only.",
        ),
        OpenApiParameter(
            "format",
            str,
            enum=["json", *(str(each.format) for each in STREAMED)],
            description="json: a page. Others: the whole list, with nothing said that is of a page only.",
        ),
        *(each.documented() for each in resource.filters),
    ]
    if resource.orders:
        words = [f"{sign}{name}" for name in sorted(resource.orders) for sign in ("", "-")]
        found.append(OpenApiParameter("ordering", str, enum=words, description="Without it, by id."))
    return found + [
        OpenApiParameter(name, type_, description=about)
        for name, (type_, about) in WORDS.items()
        if name in known
    ]
