"""
Taking an import back, set by set.

A fact cannot be unsaid: the rows an import brought stop being believed, and the rows it
replaced are believed again as new rows with the same content, so that what was known on
any day stays true. Other records go back to what stood before, if they still are what
the import left. Nothing is taken back when a period that could have used it is locked.
Rules: docs/reference/files.md, "Undo".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, models

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch, ImportChange
from kamcomp.records import recording_moment
from kamcomp.refusal import Refusal

CHANGES = ImportChange._meta.db_table


class PeriodUsedIt(Refusal):
    """A period locked since the import may have paid by it."""


class ChangedSince(Refusal):
    """Rows of the import have been changed since, by something that has to be undone first."""


class NotCommitted(Refusal):
    """Only a committed import can be undone."""


def check_periods(batch: ImportBatch) -> None:
    """
    Tell whether no period that could have used the batch was locked since.

    :raises PeriodUsedIt: naming the periods.
    """
    locked = Period.objects.filter(status=PeriodStatus.LOCKED).exclude(pk__in=batch.locked_before)
    if batch.first_day is not None:
        locked = locked.filter(days__endswith__gt=batch.first_day)
    names = ", ".join(period.code for period in locked.order_by("days")[:5])
    if names:
        raise PeriodUsedIt(
            "The import cannot be undone: %(names)s has been locked since and may have paid by "
            "it. Import the corrected rows instead; the difference is posted in the open period.",
            names=names,
        )


def believed_models() -> list[type[models.Model]]:
    """Return the models whose rows belong to a batch and are superseded, not edited."""
    found = []
    for model in apps.get_models():
        names = {column.attname for column in model._meta.concrete_fields}
        if {"batch_id", "superseded_at"} <= names:
            found.append(model)
    return found


def undo_facts(model: type[models.Model], batch: ImportBatch, *, at: datetime) -> int:
    """
    End the belief in a batch's rows of one table and believe the rows it replaced again.

    :raises ChangedSince: if a later import has replaced rows of this one.
    """
    table, pk = model._meta.db_table, model._meta.pk
    assert pk is not None
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT b.filename FROM {CHANGES} c JOIN imports_importbatch b ON b.id = c.batch_id "
            f'JOIN "{table}" t ON t."{pk.attname}"::text = c.subject_id '
            "WHERE c.subject_table = %s AND t.batch_id = %s AND b.status = %s AND b.id <> %s LIMIT 1",
            [table, batch.pk, BatchStatus.COMMITTED, batch.pk],
        )
        later = cursor.fetchone()
        if later:
            raise ChangedSince(
                "The file %(later)s has replaced rows of this import since: undo that import first.",
                later=later[0],
            )
        cursor.execute(
            f'UPDATE "{table}" SET superseded_at = %s WHERE batch_id = %s AND superseded_at IS NULL',
            [at, batch.pk],
        )
        ended = cursor.rowcount
        cursor.execute(*_believe_again(model, batch, at))
        return int(ended)


def _believe_again(model: type[models.Model], batch: ImportBatch, at: datetime) -> tuple[str, list[Any]]:
    columns: list[str] = []
    values: list[str] = []
    parameters: list[Any] = []
    for column in model._meta.concrete_fields:
        name = column.attname
        if getattr(column, "generated", False) or name == "superseded_at":
            continue
        if column.primary_key and not isinstance(column, models.UUIDField):
            continue
        columns.append(f'"{name}"')
        if column.primary_key:
            values.append("gen_random_uuid()")
        elif name == "recorded_at":
            values.append("%s")
            parameters.append(at)
        else:
            values.append(f't."{name}"')
    pk = model._meta.pk.attname if model._meta.pk else "id"
    table = model._meta.db_table
    sql = (
        f'INSERT INTO "{table}" ({", ".join(columns)}) SELECT {", ".join(values)} FROM "{table}" t '
        f'JOIN {CHANGES} c ON c.subject_id = t."{pk}"::text WHERE c.batch_id = %s AND c.subject_table = %s'
    )
    return sql, [*parameters, batch.pk, table]


def undo_records(model: type[models.Model], batch: ImportBatch) -> int:
    """
    Put the rows of one table back to what stood before a batch.

    :raises ChangedSince: naming a row that is no longer what the import left.
    """
    table = model._meta.db_table
    pk = model._meta.pk.attname if model._meta.pk else "id"
    same = f'c.batch_id = %s AND c.subject_table = %s AND t."{pk}"::text = c.subject_id'
    key: list[Any] = [batch.pk, table]
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT c.subject_id FROM {CHANGES} c LEFT JOIN "{table}" t ON t."{pk}"::text = c.subject_id '
            "WHERE c.batch_id = %s AND c.subject_table = %s AND c.after IS NOT NULL "
            "AND to_jsonb(t) IS DISTINCT FROM c.after LIMIT 1",
            key,
        )
        other = cursor.fetchone()
        if other:
            raise ChangedSince(
                "The row %(other)s of %(verbose_name)s has been changed since this import: undo that "
                "change first, or import the corrected rows.",
                other=other[0],
                verbose_name=model._meta.verbose_name,
            )
        undone = 0
        cursor.execute(f'DELETE FROM "{table}" t USING {CHANGES} c WHERE {same} AND c.before IS NULL', key)
        undone += cursor.rowcount
        undone += _restore_changed(model, cursor, same, key)
        undone += _restore_removed(model, cursor, key)
    return undone


def _stored(model: type[models.Model]) -> list[str]:
    return [c.attname for c in model._meta.concrete_fields if not getattr(c, "generated", False)]


def _restore_changed(model: type[models.Model], cursor: Any, same: str, key: list[Any]) -> int:
    table = model._meta.db_table
    source = (
        f'FROM {CHANGES} c, LATERAL jsonb_populate_record(NULL::"{table}", c.before) b '
        f"WHERE {same} AND c.before IS NOT NULL"
    )
    if "valid" in _stored(model):
        cursor.execute(
            f'UPDATE "{table}" t SET valid = t.valid * b.valid {source} '
            "AND t.valid <> b.valid AND t.valid && b.valid",
            key,
        )
    assignments = ", ".join(f'"{name}" = b."{name}"' for name in _stored(model))
    cursor.execute(f'UPDATE "{table}" t SET {assignments} {source}', key)
    return int(cursor.rowcount)


def _restore_removed(model: type[models.Model], cursor: Any, key: list[Any]) -> int:
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in _stored(model))
    values = ", ".join(f'b."{name}"' for name in _stored(model))
    cursor.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {values} FROM {CHANGES} c, '
        f'LATERAL jsonb_populate_record(NULL::"{table}", c.before) b '
        "WHERE c.batch_id = %s AND c.subject_table = %s AND c.after IS NULL",
        key,
    )
    return int(cursor.rowcount)


def take_back(batch: ImportBatch) -> int:
    """
    Undo every row of a batch, in the transaction under way; return how many.

    :raises ChangedSince: if rows have been changed since.
    """
    believed = believed_models()
    undone_at = recording_moment()
    undone = sum(undo_facts(model, batch, at=undone_at) for model in believed)
    tables = list(
        ImportChange.objects.filter(batch=batch)
        .values("subject_table")
        .annotate(first=models.Min("id"))
        .order_by("-first")
        .values_list("subject_table", flat=True)
    )
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    superseded = {model._meta.db_table for model in believed}
    return undone + sum(undo_records(by_table[table], batch) for table in tables if table not in superseded)
