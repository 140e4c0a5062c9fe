"""
Column maps: how the columns of one source become the columns of a kind.

A map renames, sets constants, translates values, forms an id of several columns, names
columns to leave out, trims blanks, and may say that a row is valid until the next row of
its key (`until_next`). It is data, checked before it is used, and remembered by source.
Rules: docs/reference/files.md, "Column maps".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kamcomp.imports.files import RawTable
from kamcomp.imports.findings import FileUnreadable, RowFinding
from kamcomp.refusal import Refusal, Sentence

PARTS = ("kind", "source", "columns", "constants", "values", "ids", "ignore", "span", "trim")


class MapUnusable(Refusal):
    """A column map does not say what it must, or says something that is not known."""


@dataclass(frozen=True)
class ColumnMapping:
    """A checked column map; the empty one takes canonical headers as they are."""

    kind: str = ""
    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ids: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    ignore: tuple[str, ...] | None = ()
    until_next: bool = False
    span_key: tuple[str, ...] = ()
    trim: bool = False
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the map as canonical JSON; empty for no map."""
        if not self.document:
            return ""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


NO_MAP = ColumnMapping()


def mapping_of(document: object) -> ColumnMapping:
    """
    Return the map that a JSON document says.

    `columns` and `ids` are keyed by the canonical column; `ignore` lists source columns, or
    is `"*"` for all that are not used.

    :raises MapUnusable: naming the part that is not as it must be.
    """
    if not isinstance(document, dict):
        raise MapUnusable("A column map is a JSON object with parts such as columns and constants.")
    unknown = sorted(set(document) - set(PARTS))
    if unknown:
        raise MapUnusable(
            "A column map has no part %(unknown)s; its parts are %(parts)s.",
            unknown=", ".join(unknown),
            parts=", ".join(PARTS),
        )
    until_next, span_key = _span(document.get("span"))
    return ColumnMapping(
        kind=_text(document, "kind"),
        source=_text(document, "source"),
        columns=_texts(document.get("columns", {}), "columns"),
        constants=_texts(document.get("constants", {}), "constants"),
        values={
            column: _texts(words, f"values/{column}") for column, words in _object(document, "values").items()
        },
        ids={column: _id(column, parts) for column, parts in _object(document, "ids").items()},
        ignore=None if document.get("ignore") == "*" else _names(document.get("ignore", []), "ignore"),
        until_next=until_next,
        span_key=span_key,
        trim=_flag(document.get("trim", False), "trim"),
        document=document,
    )


def _object(document: Mapping[str, Any], part: str) -> dict[str, Any]:
    value = document.get(part, {})
    if not isinstance(value, dict):
        raise MapUnusable("%(part)s of a column map is an object keyed by column.", part=part)
    return value


def _text(document: Mapping[str, Any], part: str) -> str:
    value = document.get(part, "")
    if not isinstance(value, str):
        raise MapUnusable("%(part)s of a column map is a text.", part=part)
    return value


def _texts(value: object, part: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
        raise MapUnusable(
            "%(part)s of a column map is an object of texts: numbers too stand in quotes.", part=part
        )
    return value


def _names(value: object, part: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise MapUnusable("%(part)s of a column map is a list of column names.", part=part)
    return tuple(value)


def _flag(value: object, part: str) -> bool:
    if not isinstance(value, bool):
        raise MapUnusable("%(part)s of a column map is true or false.", part=part)
    return value


def _id(column: str, parts: object) -> tuple[tuple[str, ...], str]:
    if isinstance(parts, dict) and set(parts) <= {"from", "with"} and isinstance(parts.get("with", "/"), str):
        return _names(parts.get("from"), f"ids/{column}/from"), parts.get("with", "/")
    return _names(parts, f"ids/{column}"), "/"


def _span(span: object) -> tuple[bool, tuple[str, ...]]:
    if span is None:
        return False, ()
    if span == "until_next":
        return True, ()
    if isinstance(span, dict) and span.get("rule") == "until_next" and set(span) <= {"rule", "key"}:
        return True, _names(span.get("key", []), "span/key")
    raise MapUnusable('span of a column map is "until_next", or {"rule": "until_next", "key": [columns]}.')


def mapped(table: RawTable, mapping: ColumnMapping, *, canonical: tuple[str, ...]) -> dict[str, list[str]]:
    """
    Return the texts of the canonical columns that the file and the map give.

    :raises FileUnreadable: naming each source column that the map asks for in vain, each
        canonical column that is given twice, and each column that is neither used nor ignored.
    """
    place = {name: number for number, name in enumerate(table.header)}
    problems: list[RowFinding] = []

    def find(column: str, source: str) -> list[str]:
        if source not in place:
            problems.append(
                _problem(
                    column,
                    Sentence(
                        "the map takes it from %(source)s, which is not in the header", source=repr(source)
                    ),
                )
            )
            return [""] * len(table.lines)
        used.add(source)
        return table.columns[place[source]]

    used: set[str] = set()
    given = {column: find(column, source) for column, source in mapping.columns.items()}
    for column, (parts, joint) in mapping.ids.items():
        sources = [find(column, source) for source in parts]
        given[column] = [joint.join(texts) if all(texts) else "" for texts in zip(*sources, strict=True)]
    for column, text in mapping.constants.items():
        given[column] = [text] * len(table.lines)
    ignored = None if mapping.ignore is None else set(mapping.ignore)
    for name in table.header:
        if name in canonical and name not in given and (ignored is None or name not in ignored):
            given[name] = find(name, name)
    problems += _left_over(table.header, given, used, canonical, ignored)
    if problems:
        raise FileUnreadable(problems)
    return {column: _finished(column, texts, mapping) for column, texts in given.items()}


def _left_over(
    header: list[str],
    given: Mapping[str, Any],
    used: set[str],
    canonical: tuple[str, ...],
    ignored: set[str] | None,
) -> list[RowFinding]:
    unknown = [
        _problem(column, "is not a column of this kind") for column in given if column not in canonical
    ]
    if ignored is None:
        return unknown
    unused = [name for name in header if name not in used and name not in ignored]
    return unknown + [
        _problem(name, "is not a column of this kind: map it, or list it under ignore in the column map")
        if name not in canonical
        else _problem(name, "is given by the map and stands in the file too: list it under ignore, or map it")
        for name in unused
    ]


def _finished(column: str, texts: list[str], mapping: ColumnMapping) -> list[str]:
    if mapping.trim:
        texts = [text.strip() for text in texts]
    words: Mapping[str, str] | None = mapping.values.get(column)
    if words:
        texts = [words.get(text, text) for text in texts]
    return texts


def _problem(column: str, reason: str) -> RowFinding:
    return RowFinding(line=1, column=column, value="", reason=reason)
