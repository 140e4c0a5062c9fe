"""What a message can ask of a worker about uploads. Ids in, one service call."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from kamcomp.imports.upload_jobs import UPLOADS, upload_work, uploads_sweep
from kamcomp.imports.uploads import uploads_clear


@shared_task(name=UPLOADS.task)
def upload_work_on(job_id: str) -> None:
    """Work on the upload of job `job_id`; a message too many finds it held, or ended."""
    upload_work(job_id=UUID(job_id), at=timezone.now())


@shared_task(name="imports.uploads_sweep")
def uploads_sweep_all() -> None:
    """Ring for uploads that nobody works on: the clock's task."""
    uploads_sweep()


@shared_task(name="imports.uploads_clear")
def uploads_clear_old() -> None:
    """Let go of files that are no longer needed: the clock's daily task."""
    uploads_clear(at=timezone.now())
