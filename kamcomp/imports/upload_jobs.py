"""
Large uploads as work in the background: looked at or committed by whichever worker takes the job.

The job's row is the truth and a message only a doorbell, as with runs and exports. What an upload's act stores and
the job's end are one transaction: a worker that dies leaves nothing half-done.
Rules: docs/reference/states.md, "Job".
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import InterfaceError, OperationalError, connection, transaction

from kamcomp.identity.models import User
from kamcomp.imports.models import ImportUpload
from kamcomp.imports.uploads import upload_commit, upload_look
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

logger = logging.getLogger(__name__)

KIND = "import"
TASK = "imports.upload_work"
AT_ONCE_ROWS = 2_000
"""Up to so many rows are looked at and committed while somebody waits."""
LOOK, COMMIT, COMMIT_VALID = "look", "commit", "commit_valid"
SAFE = "nothing of the file was written, and the upload stays as it was"


def is_large(upload: ImportUpload) -> bool:
    """Tell whether an upload is work for a worker."""
    return upload.rows > AT_ONCE_ROWS


def upload_ask(*, upload: ImportUpload, wanted: str, by: User) -> Job:
    """Return the job that looks at or commits an upload, new or already under way, and tell workers of it."""
    with transaction.atomic():
        job = job_request(
            kind=KIND, subject_table=ImportUpload._meta.db_table, subject_id=upload.pk,
            request={"act": wanted}, by=by,
        )  # fmt: skip
        Job.objects.filter(pk=job.pk).update(total=upload.rows)
        transaction.on_commit(partial(upload_ring, job_id=job.pk), robust=True)
    return job


def upload_job(upload: ImportUpload) -> Job | None:
    """Return the newest job of an upload."""
    jobs = Job.objects.filter(kind=KIND, subject_id=str(upload.pk))
    return jobs.order_by("-created_at", "-pk").first()


@saying("job_id")
def upload_work(*, job_id: UUID, at: datetime) -> bool:
    """
    Do a job's act on its upload, if nobody else does; return whether this call ended the job.

    A refusal ends it as failed with its sentence; when the database goes away the job is begun again later.
    """
    attempt = job_take(job_id=job_id, worker=worker_name())
    if attempt is None:
        return False
    try:
        return _work(job_id=job_id, attempt=attempt, at=at)
    except Refusal as refusal:
        job_failed(job_id=job_id, attempt=attempt, error=str(refusal))
        return True
    except (OperationalError, InterfaceError) as error:
        logger.warning("an import met the database: %s", error)
        _given_back(job_id=job_id, attempt=attempt, error=error)
    except Exception as error:
        logger.exception("an upload could not be worked on")
        _given_back(job_id=job_id, attempt=attempt, error=error)
    return False


def uploads_look(*, at: datetime) -> int:
    """Work on every upload that waits; return how many jobs were ended."""
    return sum(upload_work(job_id=job_id, at=at) for job_id in jobs_waiting(kind=KIND))


def uploads_sweep() -> int:
    """Ring for every upload that nobody works on; return how many. Recovery never depends on a message."""
    waiting = jobs_waiting(kind=KIND)
    for job_id in waiting:
        upload_ring(job_id=job_id)
    return len(waiting)


def upload_ring(*, job_id: UUID) -> bool:
    """Send one message to work on an upload, now; return whether the broker took it."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the workers' own look finds the job
        logger.warning("no bell could be rung for import job %s: %s", job_id, error)
        return False
    return True


def _work(*, job_id: UUID, attempt: int, at: datetime) -> bool:
    by = User.objects.get(pk=Job.objects.values_list("created_by", flat=True).get(pk=job_id))
    with job_held(job_id=job_id, attempt=attempt, by=by) as job:
        if job is None or job.status != JobStatus.RUNNING:
            return False
        wanted, upload_id = job.request["act"], UUID(job.subject_id)
        if wanted == LOOK:
            upload = upload_look(upload_id=upload_id, by=by, at=at)
        else:
            upload = upload_commit(upload_id=upload_id, partial=wanted == COMMIT_VALID, by=by, at=at)
        job_done(job=job, result={"upload": str(upload.pk), "rows": upload.rows})
    return True


def _given_back(*, job_id: UUID, attempt: int, error: Exception) -> None:
    """Let the job be begun again; if the database cannot be reached, its row is free by itself."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        job_give_back(job_id=job_id, attempt=attempt, error=f"{error_said(error)}: {SAFE}.")
    except (OperationalError, InterfaceError) as unreachable:
        logger.warning("an import job is left to the next look: %s", unreachable)
