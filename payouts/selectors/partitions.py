"""How the lines of payouts are laid out: one table, or partitions by period."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections

from kamcomp.calendar.models import Period

LINES = "payouts_payoutline"

PARTITIONS = """
    SELECT p.code, c.oid::regclass::text, c.relispartition, c.reltuples::bigint, pg_total_relation_size(c.oid)
      FROM calendar_period p
      JOIN pg_class c ON c.relname LIKE 'payouts\\_payoutline\\_%%' AND c.relkind = 'r'
       AND right(c.relname, 12) = right(replace(p.id::text, '-', ''), 12)
     WHERE %(period)s::uuid IS NULL OR p.id = %(period)s::uuid
     ORDER BY p.days, p.id
"""


@dataclass(frozen=True)
class Partition:
    """A period's lines as a table: in its place, or taken out. Rows as last counted by ANALYZE; size in bytes."""

    period: str
    name: str
    attached: bool
    rows: int
    size: int


def lines_are_partitioned(*, using: str = "default") -> bool:
    """Tell whether the lines are kept in partitions by period."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [LINES])
        (partitioned,) = cursor.fetchone()
    return bool(partitioned)


def partitions(*, period: Period | None = None) -> list[Partition]:
    """Return the partitions, those taken out too, in the order of their periods; or that of one period."""
    with connections["default"].cursor() as cursor:
        cursor.execute(PARTITIONS, {"period": period.pk if period else None})
        return [Partition(*row) for row in cursor.fetchall()]


def partition_of(*, period: Period) -> Partition | None:
    """Return a period's partition, in its place or taken out; None if there is no such table."""
    return next(iter(partitions(period=period)), None)
