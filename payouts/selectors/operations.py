"""
Reads for operators: how long runs and chunks take, what waits and how long, what was tried again.

Durations and ages are by PostgreSQL's clock. No read names a person or an amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.db import connection
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func

from kamcomp.money import minor_unit
from payouts.models import LedgerCheck
from payouts.selectors.runs import LEASE_OVER, PREPARATION_LEASE_OVER

CHUNK_BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
RUN_BOUNDS = (1, 5, 15, 30, 60, 120, 300, 900, 3600)


@dataclass(frozen=True)
class Durations:
    """Ended pieces of work: how many, their seconds together, and how many took at most each bound."""

    ended: int
    seconds: float
    within: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class Queue:
    """Work that nobody has in hand: how many pieces, and for how many seconds the oldest has waited."""

    name: str
    waiting: int
    oldest_seconds: float


@dataclass(frozen=True)
class LastCheck:
    """The latest check of the books: findings, minor units that do not follow by currency, seconds since."""

    found: int
    unexplained_cents: Mapping[str, int]
    seconds_ago: float


def last_check() -> LastCheck | None:
    """Return what the latest check of all books found; None if there was none yet."""
    check = (
        LedgerCheck.objects.filter(period=None)
        .annotate(
            ago=ExpressionWrapper(
                Func(function="clock_timestamp", output_field=DateTimeField()) - F("created_at"),
                output_field=DurationField(),
            )
        )
        .order_by("created_at")
        .last()
    )
    if check is None:
        return None
    cents = {
        currency: int((Decimal(amount) / minor_unit(currency)).to_integral_value(ROUND_UP))
        for currency, amount in check.unexplained.items()
    }
    return LastCheck(found=check.found, unexplained_cents=cents, seconds_ago=check.ago.total_seconds())


def run_durations() -> Durations:
    """Return the seconds from a run's request to its end, over all ended runs."""
    return _durations(
        table="payouts_run",
        since="known_at",
        bounds=RUN_BOUNDS,
        ended="status NOT IN ('queued', 'calculating')",
    )


def chunk_durations() -> Durations:
    """Return the seconds from a chunk's taking to its commit, over all stored chunks."""
    return _durations(
        table="payouts_runchunk", since="started_at", bounds=CHUNK_BOUNDS, ended="status = 'done'"
    )


def chunk_retries() -> int:
    """Return how often a chunk was taken again, after an error or a worker's death, over all runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(epoch - 1), 0) FROM payouts_runchunk WHERE epoch > 1")
        (retries,) = cursor.fetchone()
    return int(retries)


def work_by_status() -> list[tuple[str, str, int]]:
    """Return the kind, state and number of runs that are current, and of the chunks of those under way."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'run', status, count(*) FROM payouts_run WHERE is_current GROUP BY status
             UNION ALL
            SELECT 'chunk', c.status, count(*)
              FROM payouts_runchunk c JOIN payouts_run r ON r.id = c.run_id
             WHERE r.status = 'calculating' GROUP BY c.status
             ORDER BY 1, 2
            """
        )
        return list(cursor.fetchall())


def queues() -> list[Queue]:
    """Return what waits: runs not begun, chunks to be taken (or whose worker went silent), jobs."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT 'runs', count(*), coalesce(max(extract(epoch FROM clock_timestamp() - r.known_at)), 0)::float8
              FROM payouts_run r
             WHERE r.status = 'queued' AND {PREPARATION_LEASE_OVER}
             UNION ALL
            SELECT 'chunks', count(*),
                   coalesce(max(extract(epoch FROM clock_timestamp()
                                        - coalesce(c.lease_until, c.started_at, r.known_at))), 0)::float8
              FROM payouts_runchunk c JOIN payouts_run r ON r.id = c.run_id
             WHERE r.status = 'calculating' AND c.status IN ('waiting', 'running')
               AND {LEASE_OVER}
             UNION ALL
            SELECT 'jobs', count(*), coalesce(max(extract(epoch FROM clock_timestamp() - created_at)), 0)::float8
              FROM jobs_job WHERE status = 'queued'
            """
        )
        return [Queue(*row) for row in cursor.fetchall()]


def _durations(*, table: str, since: str, bounds: Sequence[float], ended: str) -> Durations:
    within = ", ".join(["count(*) FILTER (WHERE took <= %s)"] * len(bounds))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(took), 0)::float8, {within}"
            f"  FROM (SELECT extract(epoch FROM finished_at - {since}) AS took FROM {table}"
            f"         WHERE finished_at IS NOT NULL AND {since} IS NOT NULL AND {ended}) work",
            list(bounds),
        )
        count, seconds, *counts = cursor.fetchone()
    return Durations(ended=count, seconds=seconds, within=tuple(zip(bounds, counts, strict=True)))
