"""
Large uploads as work in the background: looked at or committed by whichever worker takes the job.

What an upload's act stores and the job's end are one transaction: a worker that dies leaves nothing half-done.
How a job goes: kamcomp/jobs/work.py. Rules: docs/reference/states.md, "Job".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.identity.models import User
from kamcomp.imports.models import ImportUpload
from kamcomp.imports.uploads import upload_commit, upload_look
from kamcomp.jobs.models import Job
from kamcomp.jobs.work import JobKind, job_ask, job_work, jobs_look, jobs_sweep
from kamcomp.refusal import Word

AT_ONCE_ROWS = 2_000
"""Up to so many rows are looked at and committed while somebody waits."""
LOOK, COMMIT, COMMIT_VALID = "look", "commit", "commit_valid"


def is_large(upload: ImportUpload) -> bool:
    """Tell whether an upload is work for a worker."""
    return upload.rows > AT_ONCE_ROWS


def upload_ask(*, upload: ImportUpload, wanted: str, by: User) -> Job:
    """Return the job that looks at or commits an upload, new or already under way, and tell workers of it."""
    return job_ask(kind=UPLOADS, subject=upload, request={"act": wanted}, by=by, total=upload.rows)


def upload_job(upload: ImportUpload) -> Job | None:
    """Return the newest job of an upload."""
    jobs = Job.objects.filter(kind=UPLOADS.name, subject_id=str(upload.pk))
    return jobs.order_by("-created_at", "-pk").first()


def upload_work(*, job_id: UUID, at: datetime) -> bool:
    """Do a job's act on its upload, if nobody else does; return whether this call ended the job."""
    return job_work(kind=UPLOADS, job_id=job_id, at=at)


def uploads_look(*, at: datetime) -> int:
    """Work on every upload that waits; return how many jobs were ended."""
    return jobs_look(kind=UPLOADS, at=at)


def uploads_sweep() -> int:
    """Ring for every upload that nobody works on; return how many."""
    return jobs_sweep(kind=UPLOADS)


def _worked(job: Job, by: User, at: datetime) -> Mapping[str, Any]:
    wanted, upload_id = job.request["act"], UUID(job.subject_id)
    if wanted == LOOK:
        upload = upload_look(upload_id=upload_id, by=by, at=at)
    else:
        upload = upload_commit(upload_id=upload_id, partial=wanted == COMMIT_VALID, by=by, at=at)
    return {"upload": str(upload.pk), "rows": upload.rows}


UPLOADS = JobKind(
    name="import",
    task="imports.upload_work",
    noun="an import",
    safe=Word("nothing of the file was written, and the upload stays as it was"),
    work=_worked,
)
