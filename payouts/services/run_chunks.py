"""
The chunks of a run: planned, taken under a lease, stored behind a fence.

A worker takes a chunk with a lease, which raises the chunk's epoch. What it computed is
committed together with "done" only while the epoch is still its own; a worker that was
stopped past its lease is refused, and its rows are rolled back with it.
Rules: docs/reference/runs.md, "Chunks".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Subquery

from kamcomp.audit.context import acting, audit_act
from kamcomp.refusal import Refusal
from payouts.choices import ChunkStatus, RunStatus
from payouts.copying import ComputedChunk, copy_rows, take_over_rows
from payouts.engine.formats import RUNNABLE_FORMATS
from payouts.models import Run, RunChunk, RunProblem
from payouts.selectors.inputs.reach import version_reach
from payouts.selectors.inputs.rows import uuid_array
from payouts.selectors.leavers import Leavers, period_leavers
from payouts.selectors.runs import LEASE_OVER, period_assignments
from plans.models import PlanVersion

logger = logging.getLogger(__name__)

ATTEMPTS = 3
PAUSE_BETWEEN_ATTEMPTS = timedelta(seconds=2)


class StaleLease(Refusal):
    """A worker comes back with a chunk that has been given to another meanwhile."""


class ChunkIncomplete(Refusal):
    """A computed chunk names a row that does not exist, so nothing of it is kept."""


@dataclass(frozen=True)
class Taken:
    """A chunk in a worker's hands: valid while the chunk's epoch is `epoch`."""

    chunk_id: int
    run_id: UUID
    number: int
    epoch: int
    attempt: int


def chunks_plan(*, run: Run) -> int:
    """
    Cut the people of a run into chunks of one plan version each; return how many.

    A payee (person and plan version) with all assignments that the plan reads stays whole,
    in order of employee id; those who left and are still owed follow in chunks of their own.
    The size is a setting and changes no figure and no digest.
    """
    versions = PlanVersion.objects.filter(
        pk__in=period_assignments(period=run.period).values("plan_version_id").distinct()
    )
    number = 0
    for version in versions.select_related("plan").order_by("plan__code", "number"):
        reach = version_reach(version=version, period=run.period)
        number += _chunks_of_version(
            run=run, version=version, since=reach.since, until=reach.until, after=number
        )
    for leavers in period_leavers(period=run.period):
        number += _chunks_of_leavers(run=run, leavers=leavers, after=number)
    return number


def chunk_take(*, worker: str, run_id: UUID | None = None) -> Taken | None:
    """
    Take the next chunk nobody works on, of one run or of any; None if there is none.

    Waiting chunks and those whose lease ran out are taken in order, skipping rows that
    another worker is taking. A chunk that was begun three times without an end is failed,
    with what was last known of it.
    """
    with acting(action="chunk_take", user=None):
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                UPDATE payouts_runchunk
                   SET status = 'running', epoch = epoch + 1, attempt = attempt + 1, worker = %(worker)s,
                       started_at = clock_timestamp(),
                       lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
                 WHERE id = (SELECT c.id
                               FROM payouts_runchunk c JOIN payouts_run r ON r.id = c.run_id
                              WHERE r.status = 'calculating' AND r.engine_format = ANY(%(formats)s)
                                AND (%(run)s::uuid IS NULL OR r.id = %(run)s::uuid)
                                AND c.status IN ('waiting', 'running')
                                AND {LEASE_OVER}
                              ORDER BY r.created_at, c.number
                              LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
                RETURNING id, run_id, number, epoch, attempt, error,
                          set_config('idle_in_transaction_session_timeout', %(silence)s, true)
                """,
                {
                    "silence": f"{settings.KAMCOMP_CHUNK_LEASE_SECONDS}s",
                    "worker": worker[:80],
                    "lease": settings.KAMCOMP_CHUNK_LEASE_SECONDS,
                    "formats": list(RUNNABLE_FORMATS),
                    "run": run_id,
                },
            )
            row = cursor.fetchone()
        if row is None:
            return None
        taken, error = Taken(*row[:5]), row[5]
        if taken.attempt > ATTEMPTS:
            _fail(
                taken=taken,
                error=f"begun {ATTEMPTS} times and never ended; {error or 'its worker died each time'}",
            )
    return taken if taken.attempt <= ATTEMPTS else chunk_take(worker=worker, run_id=run_id)


def chunk_store(*, taken: Taken, computed: ComputedChunk) -> None:
    """
    Commit a computed chunk: payouts, lines, problems, kept inputs, digests and "done" at once.

    :raises StaleLease: if the chunk was given to another worker, or is done already.
    :raises ChunkIncomplete: if a row points at something that does not exist.
    """
    with acting(action="chunk_store", user=None):
        _hold(taken=taken)
        with connection.cursor() as cursor:
            copy_rows(cursor=cursor, computed=computed)
            taken_over = take_over_rows(
                cursor=cursor, computed=computed, run_id=taken.run_id, chunk_id=taken.chunk_id
            )
        _check_references(taken=taken, computed=computed)
        RunProblem.objects.bulk_create(
            RunProblem(
                run_id=taken.run_id, chunk_id=taken.chunk_id, person_id=person_id, code=code, message=message
            )
            for person_id, code, message in computed.problems
        )
        RunChunk.objects.filter(pk=taken.chunk_id).update(
            status=ChunkStatus.DONE,
            inputs=_kept(computed),
            engine_digest=computed.engine_digest,
            taken_over=taken_over,
            input_digest=computed.input_digest,
            result_digest=computed.result_digest,
            input_digests=b"".join(sorted(computed.payee_input_digests)),
            result_digests=b"".join(sorted(computed.payee_result_digests)),
            lease_until=None,
            error="",
            finished_at=_now(),
        )
        audit_act(
            subject_table="payouts_runchunk",
            subject_id=taken.chunk_id,
            detail={
                "payouts": computed.payouts,
                "lines": computed.lines,
                "taken_over": taken_over,
                "problems": len(computed.problems),
                "result_digest": computed.result_digest,
            },
        )


def chunk_give_back(*, taken: Taken, error: str) -> bool:
    """
    Note why a chunk could not be computed; it is tried again after a pause, or failed after three times.

    Return whether the chunk was still this worker's.
    """
    with acting(action="chunk_give_back", user=None):
        if taken.attempt >= ATTEMPTS:
            return _fail(taken=taken, error=error)
        mine = RunChunk.objects.filter(pk=taken.chunk_id, epoch=taken.epoch, status=ChunkStatus.RUNNING)
        return bool(
            mine.update(
                status=ChunkStatus.WAITING,
                error=error,
                lease_until=_now() + PAUSE_BETWEEN_ATTEMPTS * taken.attempt,
            )
        )


def silent_stores_end() -> int:
    """
    End database sessions that fell silent in the middle of storing a chunk longer than a lease ago; return how many.

    Such a session keeps its chunk's row locked, so nobody could take the chunk: its worker is
    alive and its link is not, or is held open by something between. PostgreSQL ends by itself
    sessions that are silent between two statements; within a COPY it waits for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
               AND state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY payouts_payout%%'
               AND query_start < clock_timestamp() - make_interval(secs => %s)
            """,
            [settings.KAMCOMP_CHUNK_LEASE_SECONDS],
        )
        (ended,) = cursor.fetchone()
    if ended:
        logger.warning("%s session(s) fell silent in the middle of a store and were ended", ended)
    return int(ended)


def _kept(computed: ComputedChunk) -> Any:
    """Return the inputs to keep: a chunk's own, or those that an earlier chunk kept of the same payees."""
    if computed.inputs_of is None:
        return computed.inputs
    return Subquery(RunChunk.objects.filter(pk=computed.inputs_of).values("inputs"))


def _fail(*, taken: Taken, error: str) -> bool:
    logger.error("chunk %s of run %s failed; its row says why", taken.number, taken.run_id)
    mine = RunChunk.objects.filter(pk=taken.chunk_id, epoch=taken.epoch, status=ChunkStatus.RUNNING)
    sentence = f"Chunk {taken.number} failed: {error}"
    return bool(mine.update(status=ChunkStatus.FAILED, error=sentence, lease_until=None, finished_at=_now()))


def _chunks_of_version(*, run: Run, version: PlanVersion, since: Any, until: Any, after: int) -> int:
    with connection.cursor() as cursor:
        # Right after a large import the planner knows nothing of the tables yet, and a nested loop
        # over people and assignments would be quadratic.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            """
            WITH reached AS (
                SELECT a.id, lower(a.valid) AS since, p.employee_id COLLATE "C" AS employee_id,
                       bool_or(a.valid && %(days)s::daterange) OVER payee AS now
                  FROM plans_assignment a JOIN teams_person p ON p.id = a.person_id
                 WHERE a.plan_version_id = %(version)s AND a.valid && daterange(%(since)s, %(until)s)
                WINDOW payee AS (PARTITION BY p.employee_id COLLATE "C")
            ), numbered AS (
                SELECT id, since, employee_id, dense_rank() OVER (ORDER BY employee_id) - 1 AS payee
                  FROM reached WHERE now
            )
            INSERT INTO payouts_runchunk (run_id, number, plan_version_id, assignments, people, status, epoch,
                                          attempt, worker, input_digest, result_digest, error)
            SELECT %(run)s, %(after)s + payee / %(size)s + 1, %(version)s,
                   array_agg(id ORDER BY employee_id, since, id),
                   max(payee) - min(payee) + 1, 'waiting', 0, 0, '', '', '', ''
              FROM numbered
             GROUP BY payee / %(size)s
            """,
            {
                "size": settings.KAMCOMP_CHUNK_PEOPLE,
                "version": version.pk,
                "days": run.period.days,
                "run": run.pk,
                "after": after,
                "since": since,
                "until": until,
            },
        )
        made = int(cursor.rowcount)
        cursor.execute("SET LOCAL enable_nestloop = on")
        return made


def _chunks_of_leavers(*, run: Run, leavers: Leavers, after: int) -> int:
    people, size = list(leavers.assignments), settings.KAMCOMP_CHUNK_PEOPLE
    parts = [people[start : start + size] for start in range(0, len(people), size)]
    RunChunk.objects.bulk_create(
        RunChunk(
            run=run,
            number=after + number,
            plan_version=leavers.version,
            assignments=[assignment for person in part for assignment in leavers.assignments[person]],
            people=len(part),
        )
        for number, part in enumerate(parts, start=1)
    )
    return len(parts)


def _hold(*, taken: Taken) -> None:
    """Lock the chunk's row and make sure it is still this worker's, and the run still wants it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.epoch, c.status, r.status, set_config('idle_in_transaction_session_timeout', %s, true)
              FROM payouts_runchunk c JOIN payouts_run r ON r.id = c.run_id
             WHERE c.id = %s FOR UPDATE OF c
            """,
            [f"{settings.KAMCOMP_CHUNK_LEASE_SECONDS}s", taken.chunk_id],
        )
        epoch, status, run_status, _patience = cursor.fetchone()
    if (epoch, status) != (taken.epoch, ChunkStatus.RUNNING):
        raise StaleLease(
            "Chunk %(number)s was taken at epoch %(epoch)s and is now %(status)s at epoch "
            "%(epoch_2)s: another worker has it, and nothing of this one is kept.",
            number=taken.number,
            epoch=taken.epoch,
            status=status,
            epoch_2=epoch,
        )
    if run_status != RunStatus.CALCULATING:
        raise StaleLease(
            "The run of chunk %(number)s is %(run_status)s: nothing of the chunk is kept.",
            number=taken.number,
            run_status=run_status,
        )


def _check_references(*, taken: Taken, computed: ComputedChunk) -> None:
    """Check in one query what foreign keys on the rows would check a row at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM payouts_payout o JOIN teams_person p ON p.id = o.person_id
                     WHERE o.chunk_id = %(chunk)s
                       AND (o.run_id, o.period_id) = (SELECT r.id, r.period_id FROM payouts_run r WHERE r.id = %(run)s)
                       AND o.plan_version_id = (SELECT c.plan_version_id FROM payouts_runchunk c
                                                 WHERE c.id = %(chunk)s)),
                   (SELECT count(*) FROM unnest(%(accounts)s::uuid[]) named(id)
                     WHERE NOT EXISTS (SELECT FROM teams_strategicaccount s WHERE s.id = named.id))
            """,
            {"chunk": taken.chunk_id, "run": taken.run_id, "accounts": uuid_array(computed.accounts)},
        )
        sound, unknown = cursor.fetchone()
    if sound != computed.payouts or unknown:
        raise ChunkIncomplete(
            "Chunk %(number)s holds %(value)s payout(s) and %(unknown)s account(s) that point at "
            "a row that does not exist: nothing of it is kept.",
            number=taken.number,
            value=computed.payouts - sound,
            unknown=unknown,
        )


def _now() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment
