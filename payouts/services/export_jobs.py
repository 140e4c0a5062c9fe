"""
Files out as work in the background: asked for, written by whichever worker takes it, ended with what came of it.

The file itself is written by `export_make`, under a temporary name that is renamed when it is whole, so a worker that
dies leaves nothing behind that counts. How a job goes: kamcomp/jobs/work.py. Rules: docs/reference/exports.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.jobs.models import Job
from kamcomp.jobs.work import JobKind, job_ask, job_work, jobs_look, jobs_sweep
from kamcomp.refusal import Word
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Run
from payouts.services.exports import EXPORTERS, export_make, refuse_unless_locked


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
    request = {"profile": ExportProfile(profile).value, "format": ExportFormat(file_format).value}
    return job_ask(kind=EXPORTS, subject=run, request=request, by=by, ring=ring)


def export_work(*, job_id: UUID, at: datetime) -> bool:
    """Write a job's file, if nobody else does; return whether this call ended the job."""
    return job_work(kind=EXPORTS, job_id=job_id, at=at)


def exports_look(*, at: datetime) -> int:
    """Write every file that waits; return how many jobs were ended."""
    return jobs_look(kind=EXPORTS, at=at)


def exports_sweep() -> int:
    """Ring for every file that nobody works on; return how many."""
    return jobs_sweep(kind=EXPORTS)


def _written(job: Job, by: User, at: datetime) -> Mapping[str, Any]:
    done = export_make(
        run=Run.objects.get(pk=job.subject_id),
        profile=ExportProfile(job.request["profile"]),
        file_format=ExportFormat(job.request["format"]),
        by=by,
        at=at,
    )
    return {
        "export": str(done.export.pk), "filename": done.export.filename, "rows": done.export.rows,
        "sha256": done.export.sha256, "made": done.made,
    }  # fmt: skip


EXPORTS = JobKind(
    name="export",
    task="payouts.export",
    noun="an export",
    safe=Word("no part of a file was kept, and what was exported before stays as it is"),
    work=_written,
)
