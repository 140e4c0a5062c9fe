"""
The lines of payouts in partitions by period: made from the whole table, taken out as an archive, brought back.

An operator's work on the database's layout, done as the role that owns the tables. It changes no row and no
figure. Reasons and measurements: docs/adr/0013-lines-in-partitions.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections, transaction

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal
from payouts.selectors.partitions import LINES, lines_are_partitioned, partition_of

OWNER = "owner"
BEFORE = "payouts_payoutline_before"
PATIENCE = "10s"


class NotPartitioned(Refusal):
    """A partition is asked for, and the lines are one table."""


class PeriodStillOpen(Refusal):
    """The lines of a period are to be taken out, and the period is not locked."""


class PartitionElsewhere(Refusal):
    """A period's partition is not where the act needs it: it is out already, in already, or not there."""


class OwnerUnknown(Refusal):
    """The layout is to be changed without the address of the role that owns the tables."""


class LinesInUse(Refusal):
    """Somebody has the table of lines in hand and did not let go of it in time."""


class LinesLost(Refusal):
    """After the move the partitions do not hold what the table held, so nothing of it is kept."""


def lines_partition() -> list[str]:
    """
    Turn the table of lines into partitions by period, in one transaction; return the names of the partitions.

    Where it is partitioned already, periods without a partition get theirs. Every row is moved once; rows and
    their sum are compared before and after. Nobody reads or writes lines meanwhile.

    :raises OwnerUnknown: without DATABASE_OWNER_URL.
    :raises LinesInUse: if a run or a long report has the table for longer than ten seconds.
    :raises LinesLost: if the partitions do not hold what the table held.
    """
    with _layout(act="lines_partition") as cursor:
        cursor.execute(f"LOCK TABLE {LINES} IN ACCESS EXCLUSIVE MODE")
        whole = not lines_are_partitioned(using=OWNER)
        if whole:
            # A key of a partitioned table has to hold the column that parts it.
            _table_make(cursor, parted=" PARTITION BY LIST (period_id)", key="payout_id, number, period_id")
        cursor.execute("SELECT law_payout_lines_partition(id) FROM calendar_period ORDER BY days, id")
        names = [name for (name,) in cursor.fetchall()]
        if whole:
            _rows_move(cursor)
    return names


def lines_whole() -> None:
    """
    Turn partitions back into one table, in one transaction; what was taken out stays out.

    :raises OwnerUnknown: without DATABASE_OWNER_URL.
    :raises NotPartitioned: if the lines are one table.
    :raises LinesInUse: if a run or a long report has the table for longer than ten seconds.
    :raises LinesLost: if the table does not hold what the partitions held.
    """
    if not lines_are_partitioned():
        raise NotPartitioned("The lines are one table already.")
    with _layout(act="lines_whole") as cursor:
        cursor.execute(f"LOCK TABLE {LINES} IN ACCESS EXCLUSIVE MODE")
        _table_make(cursor, parted="", key="payout_id, number")
        _rows_move(cursor)


def lines_detach(*, period: Period) -> str:
    """
    Take a locked period's lines out of the table as a table of their own, and return its name.

    It keeps its laws, and web and workers have no right to it. What is dumped elsewhere may be dropped.

    :raises PeriodStillOpen: if the period is not locked.
    :raises NotPartitioned: if the lines are one table.
    :raises PartitionElsewhere: if they are out already.
    :raises LinesInUse: if a run or a long report has the table for longer than ten seconds.
    """
    if period.status != PeriodStatus.LOCKED:
        raise PeriodStillOpen(
            "%(period)s is %(status)s: only locked lines are archived.",
            period=period,
            status=period.get_status_display().lower(),
        )
    name, attached = _partition(period=period)
    if not attached:
        raise PartitionElsewhere(
            "The lines of %(period)s are out already, in the table %(name)s.", period=period, name=name
        )
    with _layout(act="lines_detach", period=period) as cursor:
        cursor.execute(f"ALTER TABLE {LINES} DETACH PARTITION {name}")
    return name


def lines_attach(*, period: Period) -> str:
    """
    Bring a period's lines back from the table they were taken out to, and return its name.

    :raises NotPartitioned: if the lines are one table.
    :raises PartitionElsewhere: if they are in already, or the table is gone.
    :raises LinesInUse: if a run or a long report has the table for longer than ten seconds.
    """
    name, attached = _partition(period=period)
    if attached:
        raise PartitionElsewhere("The lines of %(period)s are where they belong.", period=period)
    with _layout(act="lines_attach", period=period) as cursor:
        cursor.execute(f"ALTER TABLE {LINES} ATTACH PARTITION {name} FOR VALUES IN (%s)", [period.pk])
    return name


def _partition(*, period: Period) -> tuple[str, bool]:
    if not lines_are_partitioned():
        raise NotPartitioned("The lines are one table: `payouts partition` makes a partition of each period.")
    found = partition_of(period=period)
    if found is None:
        raise PartitionElsewhere(
            "There is no table with the lines of %(period)s; restore it from its archive first.",
            period=period,
        )
    return found.name, found.attached


@contextmanager
def _layout(*, act: str, period: Period | None = None) -> Iterator[Any]:
    """Give a cursor of the owner's, in one transaction that waits ten seconds for others and leaves an audit entry."""
    if OWNER not in settings.DATABASES:
        raise OwnerUnknown(
            "DATABASE_OWNER_URL is not set: the layout is changed as the role that owns the tables."
        )
    try:
        with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true), set_config('kamcomp.act', %s, true)",
                [PATIENCE, act],
            )
            yield cursor
            cursor.execute("SELECT audit_act(%s, %s, NULL)", [LINES, str(period.pk) if period else ""])
    except OperationalError as error:
        if "lock timeout" not in str(error):
            raise
        raise LinesInUse("A run or a report has the lines in hand: try again when it has ended.") from None


def _table_make(cursor: Any, *, parted: str, key: str) -> None:
    """Put an empty table with the same laws, indexes and rights in the place of the one that holds the rows."""
    cursor.execute(
        "SELECT i.relname, pg_get_indexdef(x.indexrelid), x.indisprimary FROM pg_index x"
        " JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = %s::regclass ORDER BY i.relname",
        [LINES],
    )
    indexes = cursor.fetchall()
    cursor.execute(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
        " ORDER BY tgname",
        [LINES],
    )
    laws = [said for (said,) in cursor.fetchall()]
    cursor.execute(
        "SELECT grantee::regrole::text, privilege_type FROM pg_class, aclexplode(relacl)"
        " WHERE oid = %s::regclass AND grantee <> relowner AND grantee <> 0",
        [LINES],
    )
    rights = cursor.fetchall()
    cursor.execute(f"ALTER TABLE {LINES} RENAME TO {BEFORE}")
    for name, _said, _primary in indexes:
        cursor.execute(f'ALTER INDEX "{name}" RENAME TO "{name[:50]}_before"')
    cursor.execute(
        f"CREATE TABLE {LINES} (LIKE {BEFORE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE){parted}"
    )
    cursor.execute(f"REVOKE ALL ON TABLE {LINES} FROM PUBLIC")
    for name, said, primary in indexes:
        if primary:
            cursor.execute(f'ALTER TABLE {LINES} ADD CONSTRAINT "{name}" PRIMARY KEY ({key})')
        else:
            cursor.execute(said.replace(" ON ONLY ", " ON "))
    for said in laws:
        cursor.execute(said)
    for role, right in rights:
        cursor.execute(f"GRANT {right} ON TABLE {LINES} TO {role}")


def _rows_move(cursor: Any) -> None:
    """Move the rows to where they now belong, and make sure that none and no cent is missing."""
    cursor.execute(
        f"ALTER TABLE {LINES} DISABLE TRIGGER USER"
    )  # locked periods take no line; these have theirs
    cursor.execute(f"INSERT INTO {LINES} SELECT * FROM {BEFORE}")
    cursor.execute(f"ALTER TABLE {LINES} ENABLE TRIGGER USER")
    sums = []
    for table in (BEFORE, LINES):
        cursor.execute(f"SELECT count(*), coalesce(sum(amount), 0) FROM {table}")
        sums.append(cursor.fetchone())
    if sums[0] != sums[1]:
        raise LinesLost(
            "There were %(sums)s lines and would be %(sums_2)s: nothing is changed.",
            sums=sums[0][0],
            sums_2=sums[1][0],
        )
    cursor.execute(f"DROP TABLE {BEFORE}")
    cursor.execute(f"ANALYZE {LINES}")
