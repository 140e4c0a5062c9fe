"""
Rows into tables, set by set: staged by COPY, compared in one query, written in one statement.

A load says for one table which columns make a row one row (`key`), what they hold, and
from which row of the sheet each comes. Rows that stand already are the same or changed.
Facts and targets are never edited: a changed row is a new one, and the old keeps the
moment until which it was believed. Other records are updated in place, and what stood
there before is kept with the batch, so that it can be undone. No query runs per row.
Rules: docs/reference/files.md, "What commit writes".
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db import connection, models
from psycopg2.extras import Json

from kamcomp.copy_text import copy_cells
from kamcomp.ids import uuid7
from kamcomp.imports.models import ImportBatch, ImportChange

NO_ID = "00000000-0000-0000-0000-000000000000"
CHANGES_SHOWN = 200
LOOPS_UP_TO = 500


@dataclass
class Load:
    """
    Rows for one table.

    `columns` holds the model's attribute names (`person_id`), each as long as `rows`, the
    positions in the sheet. `valid` stands in a key by its first day. `once` is written
    with a new row and not compared; `on_change` replaces it where a standing row changes.
    `replaces` names the columns by which the rows of a load are a whole: standing rows of
    the same values (and of `where`) that the load does not bring are ended. `ids` are the
    keys of new rows, for tables whose rows others in the same file refer to. `owners`, with
    the sheet row of each, are the wholes where they may be empty: the one column of
    `replaces`, said for every row of the file.
    """

    model: type[models.Model]
    key: tuple[str, ...]
    columns: dict[str, list[Any]]
    rows: list[int]
    once: dict[str, list[Any]] = field(default_factory=dict)
    on_change: dict[str, list[Any]] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ids: list[Any] | None = None
    owners: list[tuple[int, Any]] | None = None

    @property
    def table(self) -> str:
        """Return the table's name."""
        return self.model._meta.db_table

    @property
    def believed(self) -> bool:
        """Tell whether rows are superseded rather than edited."""
        return any(f.attname == "superseded_at" for f in self.model._meta.concrete_fields)

    @property
    def spanned(self) -> bool:
        """Tell whether rows hold over `valid`."""
        return any(
            isinstance(f, DateRangeField) and f.attname == "valid" for f in self.model._meta.concrete_fields
        )

    def only(self, accepted: set[int]) -> Load:
        """Return the load of the accepted rows."""
        if accepted.issuperset(self.rows) and self.owners is None:
            return self
        kept = [place for place, row in enumerate(self.rows) if row in accepted]

        def cut(values: list[Any]) -> list[Any]:
            return [values[place] for place in kept]

        return Load(
            model=self.model,
            key=self.key,
            columns={name: cut(values) for name, values in self.columns.items()},
            rows=cut(self.rows),
            once={name: cut(values) for name, values in self.once.items()},
            on_change={name: cut(values) for name, values in self.on_change.items()},
            replaces=self.replaces,
            where=self.where,
            ids=None if self.ids is None else cut(self.ids),
            owners=None if self.owners is None else [pair for pair in self.owners if pair[0] in accepted],
        )


@dataclass(frozen=True)
class Change:
    """One cell that a file changes: what stands, and what the file says."""

    row: int
    column: str
    old: str
    new: str


@dataclass
class Outcome:
    """What a load did, or would do: sheet positions by fate, and the first changed cells."""

    new: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    ended: int = 0
    changes: list[Change] = field(default_factory=list)


def load_rows(load: Load, *, batch: ImportBatch, at: datetime) -> Outcome:
    """Write a load in the transaction under way and return what became of its rows."""
    if not load.rows and not load.owners:
        return Outcome()
    with connection.cursor() as cursor:
        stage(load, cursor)
        # A table that was just filled has no statistics yet, and a loop over it would take hours.
        large = len(load.rows) > LOOPS_UP_TO
        cursor.execute(f"SET LOCAL enable_nestloop = {'off' if large else 'on'}")
        match(load, cursor)
        outcome = fates(load, cursor)
        outcome.changes = changed_cells(load, cursor)
        if load.believed:
            outcome.ended = supersede(load, cursor, batch=batch, at=at)
        else:
            outcome.ended = update(load, cursor, batch=batch)
        insert(load, cursor, batch=batch, at=at)
        cursor.execute("SET LOCAL enable_nestloop = on")
        cursor.execute("DROP TABLE stage, matched")
        if large:
            # A run may follow at once, long before the server looks at the table by itself.
            cursor.execute("SELECT statistics_take(%s)", [load.table])
    return outcome


def stage(load: Load, cursor: Any) -> None:
    """COPY the load into a temporary table whose columns have the types of the table."""
    fields = {f.attname: f for f in load.model._meta.concrete_fields}
    staged = [(name, name, values) for name, values in (load.columns | load.once).items()]
    staged += [(_changed(name), name, values) for name, values in load.on_change.items()]
    types = [f'"{column}" {_type(fields[name])}' for column, name, _ in staged]
    key_type = _type(fields[_pk(load)])
    cursor.execute(
        f"CREATE TEMP TABLE stage (seq int, row_no int, new_id {key_type}, {', '.join(types)}) ON COMMIT DROP"
    )
    columns = [list(map(str, range(len(load.rows)))), list(map(str, load.rows)), copy_cells(_ids(load))]
    columns += [copy_cells(values) for _, _, values in staged]
    text = "".join(f"{line}\n" for line in map("\t".join, zip(*columns, strict=True)))
    quoted = ", ".join(f'"{column}"' for column, _, _ in staged)
    cursor.copy_expert(f"COPY stage (seq, row_no, new_id, {quoted}) FROM STDIN", io.StringIO(text))
    cursor.execute("ANALYZE stage")


def _changed(name: str) -> str:
    return f"{name}_on_change"


def _ids(load: Load) -> list[Any]:
    if load.ids is not None:
        return load.ids
    if isinstance(load.model._meta.pk, models.UUIDField):
        return [uuid7() for _ in load.rows]
    return [None] * len(load.rows)


def _type(model_field: models.Field) -> str:
    return _plain_type(model_field.db_type(connection))


def _plain_type(column_type: str | None) -> str:
    return {"serial": "int", "bigserial": "bigint"}.get(column_type or "", column_type or "text")


def match(load: Load, cursor: Any) -> None:
    """Pair each staged row with the row of its key that stands, and tell whether it differs."""
    compared = _compared(load)
    old = ", ".join(f't."{name}"' for name in compared)
    new = ", ".join(f's."{name}"' for name in compared)
    differs = f"ROW({old}) IS DISTINCT FROM ROW({new})" if compared else "false"
    standing = " AND t.superseded_at IS NULL" if load.believed else ""
    pk = _pk(load)
    cursor.execute(
        f'CREATE TEMP TABLE matched ON COMMIT DROP AS SELECT s.seq, s.row_no, t."{pk}" AS old_id, '
        f'{differs} AS changed FROM stage s JOIN "{load.table}" t ON {_same_key(load)}{standing}'
    )
    cursor.execute("ANALYZE matched")


def _compared(load: Load) -> list[str]:
    return [name for name in load.columns if name not in load.key or name == "valid"]


def _pk(load: Load) -> str:
    assert load.model._meta.pk is not None
    return load.model._meta.pk.attname


def _same_key(load: Load) -> str:
    return " AND ".join(_same(load, name) for name in load.key)


def _same(load: Load, name: str) -> str:
    column = next(f for f in load.model._meta.concrete_fields if f.attname == name)
    if name == "valid":
        return "lower(t.valid) = lower(s.valid)"
    if column.null:
        return f"coalesce(t.\"{name}\", '{NO_ID}') = coalesce(s.\"{name}\", '{NO_ID}')"
    return f't."{name}" = s."{name}"'


def fates(load: Load, cursor: Any) -> Outcome:
    """Return which sheet rows are new and which change a standing row; the others are the same."""
    cursor.execute("SELECT row_no, changed FROM matched")
    matched = cursor.fetchall()
    standing = {row for row, _ in matched}
    return Outcome(
        new=set(load.rows) - standing if standing else set(load.rows),
        changed={row for row, changed in matched if changed},
    )


def changed_cells(load: Load, cursor: Any) -> list[Change]:
    """Return the first cells that change, old and new, with references said by name."""
    compared = _compared(load)
    if not compared:
        return []
    pairs = ", ".join(f't."{name}", s."{name}"' for name in compared)
    cursor.execute(
        f"SELECT m.row_no, {pairs} FROM matched m JOIN stage s ON s.seq = m.seq "
        f'JOIN "{load.table}" t ON t."{_pk(load)}" = m.old_id '
        f"WHERE m.changed ORDER BY m.row_no LIMIT {CHANGES_SHOWN}"
    )
    found = [
        (row, name, old, new)
        for row, *cells in cursor.fetchall()
        for name, old, new in zip(compared, cells[::2], cells[1::2], strict=True)
        if old != new
    ]
    return [
        Change(row, name.removesuffix("_id"), said(load.model, name, old), said(load.model, name, new))
        for row, name, old, new in found
    ]


def said(model: type[models.Model], attname: str, value: Any) -> str:
    """Return a stored value as a person reads it; a reference by the row it names."""
    column = next(f for f in model._meta.concrete_fields if f.attname == attname)
    if value is None:
        return ""
    if column.remote_field and column.related_model:
        row = column.related_model._base_manager.filter(pk=value).first()
        return str(row) if row else str(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def supersede(load: Load, cursor: Any, *, batch: ImportBatch, at: datetime) -> int:
    """End the belief in changed rows, and in rows of the same whole that the load does not bring."""
    changed = "SELECT old_id FROM matched WHERE changed"
    ended = _left_out(load)
    kept = f"({changed}{' UNION ALL ' + ended[0] if ended else ''})"
    cursor.execute(
        f'WITH gone AS (UPDATE "{load.table}" t SET superseded_at = %s WHERE t."{_pk(load)}" IN {kept} '
        f'AND t.superseded_at IS NULL RETURNING t."{_pk(load)}"::text AS id) '
        f'INSERT INTO "{ImportChange._meta.db_table}" (batch_id, subject_table, subject_id, before, after) '
        "SELECT %s, %s, id, jsonb_build_object('superseded_at', null), jsonb_build_object('superseded_at', %s::text) "
        "FROM gone",
        [at, *(ended[1] if ended else []), batch.pk, load.table, at.isoformat()],
    )
    gone = cursor.rowcount
    cursor.execute("SELECT count(*) FROM matched WHERE changed")
    return int(gone - cursor.fetchone()[0])


def _left_out(load: Load) -> tuple[str, list[Any]] | None:
    if not load.replaces:
        return None
    whole = ", ".join(f'"{name}"' for name in load.replaces)
    of_them = ", ".join(f'o."{name}"' for name in load.replaces)
    limits = "".join(f' AND o."{name}" = ANY(%s)' for name in load.where)
    believed = " AND o.superseded_at IS NULL" if load.believed else ""
    parameters: list[Any] = [list(words) for words in load.where.values()]
    wholes = f"({of_them}) IN (SELECT {whole} FROM stage)"
    if load.owners is not None:
        wholes = f"{of_them} = ANY(%s::uuid[])"
        parameters.insert(0, [str(owner) for _, owner in load.owners])
    sql = (
        f'SELECT o."{_pk(load)}" FROM "{load.table}" o WHERE {wholes}{believed}{limits} '
        f'AND NOT EXISTS (SELECT 1 FROM matched m WHERE m.old_id = o."{_pk(load)}")'
    )
    return sql, parameters


def update(load: Load, cursor: Any, *, batch: ImportBatch) -> int:
    """Update changed rows in place, keeping what stood there; spans shrink before any grows."""
    changes, pk = ImportChange._meta.db_table, _pk(load)
    ended = _left_out(load)
    if ended:
        cursor.execute(
            f'WITH gone AS (DELETE FROM "{load.table}" t WHERE t."{pk}" IN ({ended[0]}) RETURNING t.*) '
            f'INSERT INTO "{changes}" (batch_id, subject_table, subject_id, before) '
            f'SELECT %s, %s, gone."{pk}"::text, to_jsonb(gone) FROM gone',
            [*ended[1], batch.pk, load.table],
        )
    gone = cursor.rowcount if ended else 0
    cursor.execute(
        f'INSERT INTO "{changes}" (batch_id, subject_table, subject_id, before) '
        f'SELECT %s, %s, t."{pk}"::text, to_jsonb(t) FROM "{load.table}" t JOIN matched m ON m.old_id = t."{pk}" '
        "WHERE m.changed",
        [batch.pk, load.table],
    )
    if cursor.rowcount:
        _set_changed(load, cursor)
        cursor.execute(
            f'UPDATE "{changes}" c SET after = to_jsonb(t) FROM "{load.table}" t JOIN matched m ON m.old_id = t."{pk}" '
            f'WHERE m.changed AND c.batch_id = %s AND c.subject_table = %s AND c.subject_id = t."{pk}"::text',
            [batch.pk, load.table],
        )
    return gone


def _set_changed(load: Load, cursor: Any) -> None:
    joined = f'FROM stage s JOIN matched m ON m.seq = s.seq WHERE t."{_pk(load)}" = m.old_id AND m.changed'
    if load.spanned and "valid" in load.columns:
        cursor.execute(
            f'UPDATE "{load.table}" t SET valid = t.valid * s.valid {joined} AND t.valid <> s.valid'
        )
    assignments = ", ".join(f'"{name}" = s."{name}"' for name in _compared(load))
    cursor.execute(f'UPDATE "{load.table}" t SET {assignments} {joined}')


def insert(load: Load, cursor: Any, *, batch: ImportBatch, at: datetime) -> None:
    """Insert new rows, and for facts the new rows of changed ones; what a file does not say stays as it stood."""
    names, values, parameters = _insert_columns(load, batch, at)
    fresh = "m.seq IS NULL" + (" OR m.changed" if load.believed else "")
    sql = (
        f'INSERT INTO "{load.table}" ({", ".join(names)}) SELECT {", ".join(values)} FROM stage s '
        "LEFT JOIN matched m ON m.seq = s.seq "
        f'LEFT JOIN "{load.table}" o ON o."{_pk(load)}" = m.old_id WHERE {fresh} ORDER BY s.seq'
    )
    if load.believed:
        cursor.execute(sql, parameters)
        return
    cursor.execute(
        f"WITH made AS ({sql} RETURNING *) "
        f'INSERT INTO "{ImportChange._meta.db_table}" (batch_id, subject_table, subject_id, after) '
        f'SELECT %s, %s, made."{_pk(load)}"::text, to_jsonb(made) FROM made',
        [*parameters, batch.pk, load.table],
    )


def _insert_columns(load: Load, batch: ImportBatch, at: datetime) -> tuple[list[str], list[str], list[Any]]:
    names: list[str] = []
    values: list[str] = []
    parameters: list[Any] = []

    def add(name: str, value: str, *given: Any) -> None:
        names.append(f'"{name}"')
        values.append(value)
        parameters.extend(given)

    for column in load.model._meta.concrete_fields:
        name = column.attname
        if getattr(column, "generated", False) or name == "superseded_at":
            continue
        if name in load.columns:
            add(name, f's."{name}"')
        elif name in load.on_change:
            add(name, f'CASE WHEN m.seq IS NULL THEN s."{name}" ELSE s."{_changed(name)}" END')
        elif name in load.once:
            add(name, f's."{name}"')
        elif column.primary_key:
            if isinstance(column, models.UUIDField):
                add(name, "s.new_id")
        elif name == "recorded_at":
            add(name, "%s", at)
        elif name == "batch_id":
            add(name, "%s", batch.pk)
        elif name == "created_by_id":
            add(name, "%s::uuid", batch.created_by_id)
        elif name != "created_at":
            default = f"%s::{_type(column)}"
            kept = f'CASE WHEN m.seq IS NULL THEN {default} ELSE o."{name}" END' if load.believed else default
            add(name, kept, _default(column))
    return names, values, parameters


def _default(column: models.Field) -> Any:
    value = column.get_default()
    if isinstance(column, models.JSONField):
        return None if value is None else Json(value)
    return column.get_db_prep_save(value, connection) if value is not None else None


def picked(columns: Mapping[str, Iterable[Any]], rows: Sequence[int], total: int) -> dict[str, list[Any]]:
    """Return whole columns cut to some rows; the whole columns when all rows are meant."""
    whole = {
        name: list(values) if not isinstance(values, list) else values for name, values in columns.items()
    }
    if len(rows) == total:
        return whole
    return {name: [values[row] for row in rows] for name, values in whole.items()}
