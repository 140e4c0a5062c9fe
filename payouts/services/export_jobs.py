"""
Files out as work in the background: asked for, written by whichever worker takes it, ended with what came of it.

The job's row is the truth and a message only a doorbell, as with runs. The file itself is written by
`export_make`, under a temporary name that is renamed when it is whole, so a worker that dies leaves nothing behind
that counts. Rules: docs/reference/exports.md.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import InterfaceError, OperationalError, connection, transaction

from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.jobs.services import (
    job_done,
    job_failed,
    job_give_back,
    job_held,
    job_request,
    job_take,
    jobs_waiting,
)
from kamcomp.logs import error_said, saying
from kamcomp.pulse.services import worker_name
from kamcomp.refusal import Refusal
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Run
from payouts.services.exports import EXPORTERS, export_make, refuse_unless_locked

logger = logging.getLogger(__name__)

KIND = "export"
TASK = "payouts.export"
SAFE = "no part of a file was kept, and what was exported before stays as it is"


def export_request(
    *, run: Run, profile: ExportProfile, file_format: ExportFormat, by: User, at: datetime, ring: bool = True
) -> Job:
    """
    Return the job that writes this file, new or already under way, and tell workers of it.

    :raises RoleMissing: if `by` may not export.
    :raises RunNotLocked: if the run is not locked.
    """
    role_check(user=by, roles=EXPORTERS, on=at.date(), act="Exporting")
    refuse_unless_locked(run=run)
    with transaction.atomic():
        job = job_request(
            kind=KIND, subject_table=Run._meta.db_table, subject_id=run.pk,
            request={"profile": ExportProfile(profile).value, "format": ExportFormat(file_format).value}, by=by,
        )  # fmt: skip
        if ring:
            transaction.on_commit(partial(export_ring, job_id=job.pk), robust=True)
    return job


@saying("job_id")
def export_work(*, job_id: UUID, at: datetime) -> bool:
    """
    Write a job's file, if nobody else does; return whether this call ended the job.

    A refusal ends it as failed, with its sentence and what is safe. When the database goes away, the job
    is begun again later, as it is when the worker dies.
    """
    attempt = job_take(job_id=job_id, worker=worker_name())
    if attempt is None:
        return False
    try:
        return _work(job_id=job_id, attempt=attempt, at=at)
    except Refusal as refusal:
        logger.warning("an export was refused: %s", refusal)
        job_failed(job_id=job_id, attempt=attempt, error=str(refusal))
        return True
    except (OperationalError, InterfaceError) as error:
        logger.warning("an export met the database: %s", error)
        _given_back(job_id=job_id, attempt=attempt, error=error)
    except Exception as error:
        logger.exception("an export could not be written")
        _given_back(job_id=job_id, attempt=attempt, error=error)
    return False


def exports_look(*, at: datetime) -> int:
    """Write every file that waits; return how many jobs were ended."""
    return sum(export_work(job_id=job_id, at=at) for job_id in jobs_waiting(kind=KIND))


def exports_sweep() -> int:
    """Ring for every file that nobody works on; return how many. Recovery never depends on a message."""
    waiting = jobs_waiting(kind=KIND)
    for job_id in waiting:
        export_ring(job_id=job_id)
    return len(waiting)


def export_ring(*, job_id: UUID) -> bool:
    """Send one message to write a job's file, now; return whether the broker took it."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the workers' own look finds the job
        logger.warning("no bell could be rung for export job %s: %s", job_id, error)
        return False
    return True


def _work(*, job_id: UUID, attempt: int, at: datetime) -> bool:
    by = User.objects.get(pk=Job.objects.values_list("created_by", flat=True).get(pk=job_id))
    with job_held(job_id=job_id, attempt=attempt, by=by) as job:
        if job is None or job.status != JobStatus.RUNNING:
            return False
        done = export_make(
            run=Run.objects.get(pk=job.subject_id),
            profile=ExportProfile(job.request["profile"]),
            file_format=ExportFormat(job.request["format"]),
            by=by,
            at=at,
        )
        job_done(
            job=job,
            result={
                "export": str(done.export.pk), "filename": done.export.filename, "rows": done.export.rows,
                "sha256": done.export.sha256, "made": done.made,
            },
        )  # fmt: skip
    return True


def _given_back(*, job_id: UUID, attempt: int, error: Exception) -> None:
    """Let the job be begun again; if the database cannot be reached, its row is free by itself."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        job_give_back(job_id=job_id, attempt=attempt, error=f"{error_said(error)}: {SAFE}.")
    except (OperationalError, InterfaceError) as unreachable:
        logger.warning("an export job is left to the next look: %s", unreachable)
