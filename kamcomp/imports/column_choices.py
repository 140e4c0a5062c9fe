"""
Which column of a file is which of ours: guessed from its name, chosen by people, written as a column map.

A guess is only offered: it is shown with the first rows beside it before anything is read by it. What a
remembered map says beyond names and constants (translated values, ids of several columns, spans) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kamcomp.imports.kinds import Kind
from kamcomp.refusal import Refusal

CARRIED = ("values", "ids", "span")
ERROR_COLUMN = "error"
"""The column that rejected rows are downloaded with; it is left out when they come back."""


class ColumnsUnclear(Refusal):
    """Two columns of the file were chosen for one of ours."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A column of the file: its first texts, what it is taken for ("" for left out), the id it is a part of."""

    number: int
    name: str
    samples: list[str]
    chosen: str
    part_of: str = ""


def choices(
    *, kind: Kind, header: Sequence[str], samples: Sequence[Sequence[str]], mapping: Mapping[str, Any] | None
) -> list[Choice]:
    """Return what each column of a file is by a map, or by its name where there is no map."""
    named = {source: column for column, source in (mapping or {}).get("columns", {}).items()}
    parts = {
        part: column
        for column, id_of in (mapping or {}).get("ids", {}).items()
        for part in (id_of["from"] if isinstance(id_of, dict) else id_of)
    }
    ignored = (mapping or {}).get("ignore", [])
    by_form = {plain(name): name for name in kind.names}
    taken = set(named.values())
    found = []
    for number, name in enumerate(header):
        guess = "" if name in ignored or name == ERROR_COLUMN else by_form.get(plain(name), "")
        chosen = named.get(name) or ("" if guess in taken or name in parts else guess)
        taken.add(chosen)
        found.append(
            Choice(
                number=number,
                name=name,
                samples=[row[number] for row in samples if number < len(row)],
                chosen=chosen,
                part_of=parts.get(name, ""),
            )
        )
    return found


def map_document(
    *,
    kind: Kind,
    source: str,
    header: Sequence[str],
    chosen: Mapping[str, str],
    constants: Mapping[str, str],
    before: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """
    Return the column map that people chose: names by column of the file, constants by column of ours.

    An empty map means that the file has our own columns and no source to remember them for.

    :raises ColumnsUnclear: naming a column of ours that two columns were chosen for.
    """
    columns: dict[str, str] = {}
    for name, column in chosen.items():
        if column and column in columns:
            raise ColumnsUnclear(
                "Both %(columns)s and %(name)s are chosen for %(column)s: choose one of them.",
                columns=f"{columns[column]!r}",
                name=f"{name!r}",
                column=column,
            )
        if column:
            columns[column] = name
    carried = {part: (before or {})[part] for part in CARRIED if (before or {}).get(part)}
    parts = {
        part
        for id_of in carried.get("ids", {}).values()
        for part in (id_of["from"] if isinstance(id_of, dict) else id_of)
    }
    ignore = [name for name in header if not chosen.get(name) and name not in parts]
    plain_names = all(column == name for column, name in columns.items())
    if plain_names and not ignore and not constants and not carried and not source:
        return {}
    document: dict[str, Any] = {"kind": kind.name, "columns": columns, "ignore": ignore, **carried}
    if source:
        document["source"] = source
    if constants:
        document["constants"] = dict(constants)
    if (before or {}).get("trim"):
        document["trim"] = True
    return document


def fits(*, kind: Kind, header: Sequence[str], mapping: Mapping[str, Any] | None) -> bool:
    """Tell whether a map, or our own names without one, say of every column of a file what it is."""
    if mapping is None:
        return set(header) <= set(kind.names) and all(
            column.name in header
            for column in kind.columns
            if column.required and not any(column.name in group for group in kind.one_of)
        )
    ids = mapping.get("ids", {}).values()
    wanted = {
        *mapping.get("columns", {}).values(),
        *(part for id_of in ids for part in (id_of["from"] if isinstance(id_of, dict) else id_of)),
    }
    ignored = mapping.get("ignore", [])
    known = wanted | set(kind.names) | (set(header) if ignored == "*" else set(ignored))
    return wanted <= set(header) <= known


def plain(name: str) -> str:
    """Return a column's name without case, blanks and signs."""
    return re.sub(r"[\W_]+", "", name).lower()
