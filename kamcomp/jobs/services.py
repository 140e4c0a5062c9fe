"""
A job's way: asked for once, begun by one, ended by the one who began it.

Who works on a job holds its row for as long as the work lasts, in the transaction that stores what came of it: a
worker that dies lets go of the row, and the job is begun again, at most three times. A worker that comes back
late finds another attempt and leaves. No lease, no clock: the row's lock is the truth.
Rules: docs/reference/states.md, "Job".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from kamcomp.audit.context import acting
from kamcomp.identity.models import User
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.sentences import Sentence, sentence_document

ATTEMPTS = 3
NEVER_ENDED = Sentence(
    "It was begun three times and never ended: its worker died each time, and nothing of it was kept."
)
ABANDONED_SECONDS = 10
"""How long after its beginning a job that nobody holds counts as abandoned: between take and hold is a moment."""
# Or begun in what is now the future, where the clock was set back since.
ABANDONED = """
    status = 'running' AND NOT (started_at BETWEEN clock_timestamp() - make_interval(secs => %(abandoned)s)
                                               AND clock_timestamp() + make_interval(secs => %(abandoned)s))
"""


def job_request(
    *, kind: str, subject_table: str, subject_id: object, request: Mapping[str, str], by: User
) -> Job:
    """Return the job for this that is queued or running, or a new one; of several askers at once one makes it."""
    with acting(action="job_request", user=by):
        same = json.dumps([kind, str(subject_id), dict(request)], sort_keys=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [same])
        active = Job.objects.filter(
            kind=kind, subject_table=subject_table, subject_id=str(subject_id), request=dict(request),
            status__in=[JobStatus.QUEUED, JobStatus.RUNNING],
        )  # fmt: skip
        return active.first() or Job.objects.create(
            kind=kind, subject_table=subject_table, subject_id=str(subject_id), request=dict(request),
            created_by=by,
        )  # fmt: skip


def jobs_waiting(*, kind: str) -> list[UUID]:
    """Return the jobs that nobody works on, oldest first: queued ones, and those whose worker died."""
    queued = list(Job.objects.filter(kind=kind, status=JobStatus.QUEUED).order_by("created_at", "pk"))
    # Locking a row tells whether somebody holds it; a queued one is left alone, so that its taker is not passed over.
    with acting(action="jobs_waiting", user=None), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM jobs_job WHERE kind = %(kind)s AND {ABANDONED} FOR UPDATE SKIP LOCKED",
            {"kind": kind, "abandoned": ABANDONED_SECONDS},
        )
        abandoned = [job_id for (job_id,) in cursor.fetchall()]
    return [*(job.pk for job in queued), *abandoned]


def job_take(*, job_id: UUID, worker: str) -> int | None:
    """
    Return the number of this attempt if the job is now this worker's to begin; None if it is another's, or ended.

    A job that was begun three times without an end is failed.
    """
    with acting(action="job_take", user=None):
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                UPDATE jobs_job SET status = 'running', attempt = attempt + 1, current = %(worker)s,
                                    started_at = clock_timestamp(), error = '', said = NULL
                 WHERE id = (SELECT id FROM jobs_job
                              WHERE id = %(job)s AND (status = 'queued' OR {ABANDONED})
                                FOR UPDATE SKIP LOCKED)
                RETURNING attempt
                """,
                {"job": job_id, "worker": worker, "abandoned": ABANDONED_SECONDS},
            )
            row = cursor.fetchone()
        if row is None:
            return None
        if row[0] <= ATTEMPTS:
            return int(row[0])
        _end(job_id, status=JobStatus.FAILED, **_told(NEVER_ENDED))
    return None


@contextmanager
def job_held(*, job_id: UUID, attempt: int, by: User | None) -> Iterator[Job | None]:
    """
    Hold the job's row for the block, which is one transaction; None if the attempt is no longer this one.

    What the block stores and the job's end (`job_done`) are committed together, or not at all.
    """
    with acting(action="job_work", user=by):
        mine = Job.objects.select_for_update(skip_locked=True, of=("self",))
        yield mine.filter(pk=job_id, status=JobStatus.RUNNING, attempt=attempt).first()


def job_done(*, job: Job, result: Mapping[str, Any]) -> None:
    """End a job well, in the transaction that holds it."""
    _end(job.pk, status=JobStatus.DONE, result=dict(result))


def job_failed(*, job_id: UUID, attempt: int, error: str) -> None:
    """End a job that cannot be done, with what failed and what is safe; unless somebody else has it by now."""
    with acting(action="job_failed", user=None):
        _end(job_id, status=JobStatus.FAILED, attempt=attempt, **_told(error))


def job_give_back(*, job_id: UUID, attempt: int, error: str) -> None:
    """Let a job be begun again after something that may pass, and fail it after the third time."""
    if attempt >= ATTEMPTS:
        return job_failed(job_id=job_id, attempt=attempt, error=error)
    with acting(action="job_give_back", user=None):
        mine = Job.objects.filter(pk=job_id, status=JobStatus.RUNNING, attempt=attempt)
        mine.update(status=JobStatus.QUEUED, current="", **_told(error))
    return None


def _told(error: str) -> dict[str, Any]:
    """Return what failed as a job's row keeps it: its English text, and the pieces of it."""
    return {"error": str(error), "said": sentence_document(error)}


def _end(job_id: UUID, *, status: JobStatus, attempt: int | None = None, **columns: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    mine = Job.objects.filter(pk=job_id, status=JobStatus.RUNNING)
    if attempt is not None:
        mine = mine.filter(attempt=attempt)
    mine.update(status=status, finished_at=now, current="", **columns)
