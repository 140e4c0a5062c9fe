"""
The lines of payouts as one table and in partitions by period: writing a period, reading one, removing one, moving all.

    python3 -m kamcomp.embedded python benchmarks/lines_in_partitions.py [PERIODS] [LINES]

Rows are made by COPY, six lines a payout; the periods before the last are loaded with triggers off, the last is
written as the role of workers, with every law on. To be run on a database of its own: set KAMCOMP_STATE to an
empty folder.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402

from kamcomp.calendar.choices import Frequency  # noqa: E402
from kamcomp.calendar.services import calendar_make, regular_periods  # noqa: E402
from kamcomp.identity.choices import Role  # noqa: E402
from kamcomp.identity.services import user_make  # noqa: E402
from kamcomp.ids import uuid7  # noqa: E402
from payouts.copying import LINE_COLUMNS  # noqa: E402
from payouts.selectors.partitions import LINES, lines_are_partitioned  # noqa: E402
from payouts.services.partitions import lines_partition  # noqa: E402

START = date(2020, 1, 1)
PAIRS = 5
COPY = f"COPY {LINES} ({', '.join(LINE_COLUMNS)}) FROM STDIN"
LAYOUTS = ("one table", "partitions")


def text(*, period: UUID, lines: int) -> str:
    """Return `lines` lines of a period as COPY takes them, six a payout."""
    rows = []
    for number in range(lines):
        if number % 6 == 0:
            payout = uuid7()
        figures = (
            f"1000000.00\t{900000 + number % 200000}.00\t1.037123\t1.074246\t0.16666667\t{number % 5000}.37"
        )
        rows.append(
            f"{payout}\t{number % 6 + 1}\t{period}\tleaf\tLEAF{number % 6}\tbonus\t\\N\tREVENUE\t{figures}\n"
        )
    return "".join(rows)


def seconds_of(act: Callable[[], Any]) -> float:
    """Return how long an act takes."""
    since = time.perf_counter()
    act()
    return time.perf_counter() - since


def loaded(rows: str) -> None:
    """Copy rows as the owner, past every law: scenery."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {LINES} DISABLE TRIGGER USER")
        cursor.copy_expert(COPY, StringIO(rows))
        cursor.execute(f"ALTER TABLE {LINES} ENABLE TRIGGER USER")


def written(rows: str) -> float:
    """Return how long a worker's COPY of a period takes, with every law, and take it back."""
    with transaction.atomic(), connection.cursor() as cursor:
        took = seconds_of(lambda: cursor.copy_expert(COPY, StringIO(rows)))
        transaction.set_rollback(True)
    return took


def read(period: UUID) -> float:
    """Return how long the sum over one period's lines takes."""
    with connection.cursor() as cursor:
        return seconds_of(
            lambda: cursor.execute(
                f"SELECT count(*), sum(amount) FROM {LINES} WHERE period_id = %s", [period]
            )
        )


def removed(period: UUID) -> float:
    """Return how long it takes to remove a period: row by row, or as a partition; taken back."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        if lines_are_partitioned():
            cursor.execute("SELECT law_payout_lines_partition(%s)", [period])
            (name,) = cursor.fetchone()
            took = seconds_of(lambda: cursor.execute(f"ALTER TABLE {LINES} DETACH PARTITION {name}"))
        else:
            cursor.execute(f"ALTER TABLE {LINES} DISABLE TRIGGER USER")
            took = seconds_of(lambda: cursor.execute(f"DELETE FROM {LINES} WHERE period_id = %s", [period]))
        transaction.set_rollback(True, using="owner")
    return took


def measured(*, periods: list[UUID], rows: str) -> dict[str, float]:
    """Return the medians of one layout."""
    return {
        "COPY of a period, every law on": statistics.median(written(rows) for _ in range(PAIRS)),
        "sum over one period's lines": statistics.median(read(periods[-2]) for _ in range(PAIRS)),
        "removal of one period": statistics.median(removed(periods[0]) for _ in range(3)),
    }


def main() -> int:
    """Measure both layouts on the same rows, and print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 240_000
    call_command("migrate", verbosity=0)
    admin = user_make(username="bench", roles=[Role.COMP_ADMIN], since=START, by=None)
    spans = regular_periods(first_day=START, frequency=Frequency.MONTH, years=-(-count // 12))
    calendar = calendar_make(code="B", name="B", frequency=Frequency.MONTH, periods=spans, by=admin)
    calendar.periods.update(status="open")
    periods = list(calendar.periods.order_by("days").values_list("pk", flat=True))[:count]
    for period in periods[:-1]:
        loaded(text(period=period, lines=lines))
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {LINES}")
    rows = text(period=periods[-1], lines=lines)
    found = [measured(periods=periods, rows=rows)]
    move = seconds_of(lines_partition)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {LINES}")
    found.append(measured(periods=periods, rows=rows))
    print(
        f"{count - 1} periods of {lines} lines kept, load {os.getloadavg()[0]:.1f}, moved in {move:.1f} s\n"
    )
    print("| seconds | one table | partitions |\n|---|---|---|")
    for name in found[0]:
        print(f"| {name} | {found[0][name]:.3f} | {found[1][name]:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
