"""
What a kind of file is: a declaration of its columns, its key and its row rules.

Kinds live beside the tables they fill, in each app's `intake`; this register finds them
when the apps are ready, so that the ground floor names no app above it. The reference
page of all kinds is written from these declarations.
Rules: docs/reference/files.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kamcomp.identity.choices import Role
from kamcomp.imports.values import Reader
from kamcomp.refusal import Refusal

if TYPE_CHECKING:
    from kamcomp.identity.models import User
    from kamcomp.imports.loads import Load
    from kamcomp.imports.models import ImportBatch
    from kamcomp.imports.sheets import Sheet


class UnknownKind(Refusal):
    """There is no such kind of file."""


@dataclass(frozen=True)
class Column:
    """
    A canonical column.

    `required`: the header must have it. `filled`: no cell may be empty. `default` stands
    for an empty cell. A `currency` names the column whose minor unit bounds the decimals:
    given for amounts that pay, not for measured facts.
    """

    name: str
    reader: Reader
    required: bool = True
    filled: bool = True
    default: Any = None
    currency: str = ""
    note: str = ""


def optional(name: str, reader: Reader, *, default: Any = None, currency: str = "", note: str = "") -> Column:
    """Return a column that a file may leave out, and whose cells may be empty."""
    return Column(name, reader, required=False, filled=False, default=default, currency=currency, note=note)


def may_be_empty(
    name: str, reader: Reader, *, default: Any = None, currency: str = "", note: str = ""
) -> Column:
    """Return a column that must stand in the header, and whose cells may be empty."""
    return Column(name, reader, required=True, filled=False, default=default, currency=currency, note=note)


@dataclass(frozen=True)
class Context:
    """Who imports, when, and from which source; the clock is an argument."""

    at: datetime
    by: User | None = None
    source: str = ""


@dataclass(frozen=True)
class About:
    """Which column tells whom a row is about, and what it says in rows about a user."""

    column: str
    values_of: Callable[[User], Collection[str]]


@dataclass(frozen=True)
class Kind:
    """
    A kind of file.

    `prepare` reads the typed sheet, resolves references with a handful of queries, rejects
    rows that break a rule, and returns what to load. `finish`, when given, runs after the
    load in the same transaction, and `undone` after the rows were taken back. `key` is what
    makes a row one row; `span` are its first and last day; `span_key` is whose rows follow each
    other under the rule `until_next`. `totals` are the money columns summed by currency in the preview. `kept_by` are
    the roles that alone bring such files in and see them; without any, everybody who imports does.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    prepare: Callable[[Sheet, Context], list[Load]]
    rules: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    span: tuple[str, str] | None = None
    span_key: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    about: About | None = None
    finish: Callable[[Sheet, Context, ImportBatch], None] | None = None
    undone: Callable[[Context, ImportBatch], None] | None = None
    document: bool = False
    kept_by: tuple[Role, ...] = ()
    order: int = field(default=100, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the canonical column names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(column for column in self.columns if column.name == name)


_KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make kinds known; a name is taken once."""
    for kind in kinds:
        if kind.name in _KINDS and _KINDS[kind.name] is not kind:
            raise ValueError(f"the kind {kind.name} is declared twice")
        _KINDS[kind.name] = kind


def all_kinds() -> Iterable[Kind]:
    """Return every kind, in the order in which a new company would import them."""
    return sorted(_KINDS.values(), key=lambda kind: (kind.order, kind.name))


def kinds_kept_from(roles: Collection[str]) -> list[str]:
    """Return the names of the kinds that somebody in the roles neither brings in nor sees."""
    return [kind.name for kind in _KINDS.values() if kind.kept_by and not set(kind.kept_by) & set(roles)]


def kinds_kept_by(roles: Collection[str]) -> list[str]:
    """Return the names of the kinds that the roles have to themselves."""
    return [kind.name for kind in _KINDS.values() if set(kind.kept_by) & set(roles)]


def kind_named(name: str) -> Kind:
    """
    Return a kind by name.

    :raises UnknownKind: listing those there are.
    """
    if name not in _KINDS:
        names = ", ".join(kind.name for kind in all_kinds())
        raise UnknownKind(
            "There is no kind of file %(name)s; the kinds are %(names)s.", name=f"{name!r}", names=names
        )
    return _KINDS[name]
