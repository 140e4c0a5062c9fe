"""
How a worker does a job, whatever kind it is: rung for, taken, done under the hold of its row, ended or given back.

A kind says under which name it waits, which message asks for it, and what its work is; the rest is the same for all.
The job's row is the truth and a message only a doorbell: every worker also looks for jobs by itself.
Rules: docs/reference/states.md, "Job".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import InterfaceError, OperationalError, connection, transaction

from kamcomp.identity.models import User
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
from kamcomp.refusal import Refusal, Sentence, Word

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobKind:
    """
    One kind of long work.

    `work` gets the job, who asked for it and the moment, in the transaction that holds the job's row, and returns
    what the row keeps as its result. What it stores is committed together with the job's end, or not at all.
    `safe` ends the sentence on a row whose work broke off: what nobody has to fear for.
    """

    name: str
    task: str
    noun: str
    safe: str
    work: Callable[[Job, User, datetime], Mapping[str, Any]]


def job_ask(
    *,
    kind: JobKind,
    subject: Any,
    request: Mapping[str, str],
    by: User,
    total: int | None = None,
    ring: bool = True,
) -> Job:
    """Return the job for this, new or already under way, and tell workers of it once it is committed."""
    with transaction.atomic():
        job = job_request(
            kind=kind.name,
            subject_table=subject._meta.db_table,
            subject_id=subject.pk,
            request=request,
            by=by,
        )
        if total is not None:
            Job.objects.filter(pk=job.pk).update(total=total)
        if ring:
            transaction.on_commit(partial(job_ring, kind=kind, job_id=job.pk), robust=True)
    return job


def job_ring(*, kind: JobKind, job_id: UUID) -> bool:
    """Send one message to do a job, now; return whether the broker took it."""
    try:
        current_app.send_task(kind.task, args=[str(job_id)], retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the workers' own look finds the job
        logger.warning("no bell could be rung for %s job %s: %s", kind.name, job_id, error)
        return False
    return True


@saying("job_id")
def job_work(*, kind: JobKind, job_id: UUID, at: datetime) -> bool:
    """
    Do a job, if nobody else does; return whether this call ended it.

    A refusal ends it as failed, with its sentence. When the database goes away, or anything else breaks, the job
    is begun again later, as it is when the worker dies.
    """
    attempt = job_take(job_id=job_id, worker=worker_name())
    if attempt is None:
        return False
    try:
        return _worked(kind=kind, job_id=job_id, attempt=attempt, at=at)
    except Refusal as refusal:
        logger.warning("%s was refused; its row says why", kind.noun)
        job_failed(job_id=job_id, attempt=attempt, error=refusal.said)
        return True
    except (OperationalError, InterfaceError) as error:
        logger.warning("%s met the database: %s", kind.noun, error)
        _given_back(kind=kind, job_id=job_id, attempt=attempt, error=error)
    except Exception as error:
        logger.exception("%s could not be done", kind.noun)
        _given_back(kind=kind, job_id=job_id, attempt=attempt, error=error)
    return False


def jobs_look(*, kind: JobKind, at: datetime) -> int:
    """Do every job of a kind that waits; return how many were ended."""
    return sum(job_work(kind=kind, job_id=job_id, at=at) for job_id in jobs_waiting(kind=kind.name))


def jobs_sweep(*, kind: JobKind) -> int:
    """Ring for every job of a kind that nobody works on; return how many. Recovery never depends on a message."""
    waiting = jobs_waiting(kind=kind.name)
    for job_id in waiting:
        job_ring(kind=kind, job_id=job_id)
    return len(waiting)


def _worked(*, kind: JobKind, job_id: UUID, attempt: int, at: datetime) -> bool:
    by = User.objects.get(pk=Job.objects.values_list("created_by", flat=True).get(pk=job_id))
    with job_held(job_id=job_id, attempt=attempt, by=by) as job:
        if job is None or job.status != JobStatus.RUNNING:
            return False
        job_done(job=job, result=kind.work(job, by, at))
    return True


def _given_back(*, kind: JobKind, job_id: UUID, attempt: int, error: Exception) -> None:
    """Let the job be begun again; if the database cannot be reached, its row is free by itself."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        told = Sentence("%(error)s: %(safe)s.", error=error_said(error), safe=Word(kind.safe))
        job_give_back(job_id=job_id, attempt=attempt, error=told)
    except (OperationalError, InterfaceError) as unreachable:
        logger.warning("%s is left to the next look: %s", kind.noun, unreachable)
