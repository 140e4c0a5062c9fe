"""
What a resource is: a declaration of a table's fields, filters, orders and scopes; every endpoint is made from it.

Each app declares its resources in its `api` package; this register finds them when the addresses are made, so that
the ground floor names no app above it. How to: docs/extending.md, "A resource of the REST interface".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from importlib import import_module, util
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, CompositePrimaryKey, Exists, Model, OuterRef, Q, QuerySet, UUIDField
from django.db.models.functions import Cast
from rest_framework import serializers

from kamcomp.api.fields import Field
from kamcomp.api.filters import Filter
from kamcomp.api.public_ids import NotAnId, id_pattern, own_id, public_id
from kamcomp.audit.models import AuditEvent
from kamcomp.visibility import Viewer, visible

if TYPE_CHECKING:
    from kamcomp.api.acts import Act, Part

Rows = QuerySet[Any, Any]
READ, WRITE = "read", "write"


@dataclass(frozen=True, kw_only=True)
class Expand:
    """
    What `expand` lays into a row: the key, and the resource it is of.

    One thing is found by the row's column `source`; several are those whose column `many` is the row's id, with
    `on_day` those that hold on the day of `as_of`, or today.
    """

    name: str
    resource: str
    source: str = ""
    many: str = ""
    on_day: bool = False


@dataclass(frozen=True, kw_only=True)
class Resource:
    """
    A resource: `GET /name` and `GET /name/{id}`, and what else it says it can do.

    `noun` is one of it, as identifiers say it (`plan_version`); `prefix` is that of its ids, empty for rows that have
    none. `order` are the columns a list is sorted by at last, which tell rows apart. `orders` are what a caller may
    sort by. `narrowed` leaves rows out that the interface never shows. `dated` is the span that `as_of` looks into;
    `fact` rows are believed from an instant on, and known at another. `changed` is how `updated_since` finds rows:
    a column, or `audit` for the trail. `external` is the column of the company's own key; `kind` the kind of file
    that brings rows in, for `:batch` and upserts. `total` is the field of money that is summed. `part_of` is the column
    of `order` that leads to what each row is a part of, where lists are long: what is shown of it is read last.
    """

    name: str
    noun: str
    model: type[Model]
    about: str
    fields: tuple[Field, ...]
    prefix: str = ""
    scope: str = ""
    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ("pk",)
    orders: Mapping[str, str] = field(default_factory=dict)
    narrowed: Callable[[Rows], Rows] | None = None
    dated: str = ""
    fact: bool = False
    changed: str = ""
    external: str = ""
    kind: str = ""
    upsert: str = ""
    total: str = ""
    expands: tuple[Expand, ...] = ()
    acts: tuple[Act, ...] = ()
    parts: tuple[Part, ...] = ()
    version: str = ""
    part_of: str = ""

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Return every column that is read, each once: of the order, of the fields, of what can be laid in."""
        parts = [each.source for each in self.expands if each.source]
        read = [path for each in self.fields for path in each.sources]
        return tuple(dict.fromkeys([*self.order, *read, *parts]))

    @cached_property
    def shapes(self) -> tuple[tuple[str, Callable[..., Any], Callable[[Sequence[Any]], Any], bool], ...]:
        """Return for each field its name, what shows it, and how its values are picked from a row."""
        place = {path: number for number, path in enumerate(self.sources)}
        return tuple(
            (
                each.name,
                each.shown,
                itemgetter(*[place[path] for path in each.sources]),
                len(each.sources) > 1,
            )
            for each in self.fields
        )

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Return the fields by name."""
        return {each.name: each for each in self.fields}

    @property
    def reads(self) -> str:
        """Return the scope that reads it."""
        return f"{self.scope or self.name}:{READ}"

    @property
    def writes(self) -> str:
        """Return the scope that writes it."""
        return f"{self.scope or self.name}:{WRITE}"

    @property
    def takes_day(self) -> bool:
        """Tell whether `as_of` means something here."""
        return bool(self.dated) or any(each.on_day for each in self.expands)

    @property
    def has_items(self) -> bool:
        """Tell whether each row has an address of its own."""
        return bool(self.prefix)

    @property
    def numbered(self) -> bool:
        """Tell whether its rows are numbered; most have a UUID."""
        return not isinstance(self.model._meta.pk, UUIDField) and not _is_uuid(self.model)

    @property
    def key_pattern(self) -> str:
        """Return the pattern of its ids."""
        return f"^{id_pattern(self.prefix, numbered=self.numbered)}$"

    def shown(self, row: Sequence[Any], names: frozenset[str] | None = None) -> dict[str, Any]:
        """Return a row of `sources` as JSON carries it; only the fields of `names`, if they are given."""
        return {
            name: show(*pick(row)) if several else show(pick(row))
            for name, show, pick, several in self.shapes
            if names is None or name in names
        }

    def rows(self, *, viewer: Viewer) -> Rows:
        """Return the rows that somebody sees."""
        found = visible(self.model._default_manager.all(), to=viewer)
        return self.narrowed(found) if self.narrowed else found

    def pk_of(self, text: str) -> UUID | int | None:
        """Return the row's own id of a public one; None if it is of something else."""
        try:
            pk = own_id(self.prefix, text)
        except NotAnId:
            return None
        return pk if isinstance(pk, int) == self.numbered else None

    def id_of(self, pk: UUID | int) -> str:
        """Return the public id of a row."""
        return public_id(self.prefix, pk)

    def as_of(self, rows: Rows, day: date) -> Rows:
        """Return the rows that hold on a day."""
        return rows.filter(**{f"{self.dated}__contains": day})

    def known_at(self, rows: Rows, instant: datetime) -> Rows:
        """Return the facts that were believed at an instant."""
        later = Q(superseded_at=None) | Q(superseded_at__gt=instant)
        return rows.filter(later, recorded_at__lte=instant)

    def updated_since(self, rows: Rows, instant: datetime) -> Rows:
        """Return the rows that were made or changed at an instant or after it."""
        if self.changed != "audit":
            return rows.filter(**{f"{self.changed}__gte": instant})
        entries = AuditEvent.objects.filter(
            subject_table=self.model._meta.db_table,
            subject_id=Cast(OuterRef("pk"), CharField()),
            at__gte=instant,
        )
        return rows.filter(Exists(entries))

    def documented(self, *, picked: bool = False) -> type[serializers.Serializer]:
        """Return the serializer that describes a row, or fields picked of one; it shows nothing itself."""
        return self._picked if picked else self._documented

    @cached_property
    def _documented(self) -> type[serializers.Serializer]:
        inside: dict[str, Any] = {
            each.name: each.documented(can_be_null(model=self.model, path=each.sources[0]))
            for each in self.fields
        }
        for each in self.expands:
            if each.name not in inside:
                inside[each.name] = expanded_field(each)
        title = "".join(part.title() for part in self.noun.split("_"))
        return type(f"{title}Serializer", (serializers.Serializer,), {"__doc__": self.about, **inside})

    @cached_property
    def _picked(self) -> type[serializers.Serializer]:
        whole = self._documented
        about = f"Those fields of one of {self.name} that `fields` asked for."
        name = f"{whole.__name__.removesuffix('Serializer')}FieldsSerializer"
        return type(name, (whole,), {"__doc__": about, "picked": True})


def expanded_field(expand: Expand) -> serializers.Field:
    """Return the description of a part that is there only when it is asked for."""
    about = f"With expand={expand.name}: as in /{expand.resource}."
    if expand.many:
        return serializers.ListField(child=serializers.DictField(), required=False, help_text=about)
    return serializers.DictField(required=False, allow_null=True, help_text=about)


def can_be_null(*, model: type[Model], path: str) -> bool:
    """Tell whether a column can be null, or what leads to it; what is no column can."""
    for part in path.split("__"):
        try:
            column = model._meta.pk if part == "pk" else model._meta.get_field(part)
        except FieldDoesNotExist:
            return True
        if column is None or column.null:
            return True
        model = column.related_model or model
    return False


def _is_uuid(model: type[Model]) -> bool:
    pk = model._meta.pk
    return (
        not isinstance(pk, CompositePrimaryKey)
        and pk is not None
        and pk.get_internal_type()
        in (
            "UUIDField",
            "OneToOneField",
        )
    )


_RESOURCES: dict[str, Resource] = {}
_FOUND: set[str] = set()
_MORE_SCOPES: set[str] = set()
ROOMS = ("teams", "scorecards", "plans", "payouts")


def register(*resources: Resource) -> None:
    """Make resources known; a name is taken once."""
    for each in resources:
        if each.name in _RESOURCES and _RESOURCES[each.name] is not each:
            raise ValueError(f"the resource {each.name} is declared twice")
        _RESOURCES[each.name] = each


def more_scopes(*scopes: str) -> None:
    """Make scopes known of endpoints that are no resource."""
    _MORE_SCOPES.update(scopes)


def all_resources() -> Iterable[Resource]:
    """Return every resource, by name."""
    _find()
    return [_RESOURCES[name] for name in sorted(_RESOURCES)]


def resource_named(name: str) -> Resource:
    """Return a resource by name."""
    _find()
    return _RESOURCES[name]


def all_scopes() -> list[str]:
    """Return every scope there is."""
    found: set[str] = set()
    for each in all_resources():
        found.add(each.reads)
        found |= {part.scope for part in each.parts if part.scope}
        if each.kind or each.acts:
            found.add(each.writes)
    return sorted(found | _MORE_SCOPES)


def _find() -> None:
    """Let each app declare its resources, once."""
    for name in ("kamcomp.api.ground", "kamcomp.webhooks.api", *(f"{room}.api" for room in ROOMS)):
        if name not in _FOUND and util.find_spec(name) is not None:
            import_module(name)
            _FOUND.add(name)
