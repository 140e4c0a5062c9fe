"""What backups add to the figures for Prometheus (`kamcomp.pulse.measures`): how old the latest is."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client import Metric

from kamcomp.backups.services import KIND
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.pulse.measures import gauge, measure


@measure
def latest_backup() -> Iterator[Metric]:
    """Yield how long ago the latest backup was begun; nothing where `backup` never made one."""
    latest = Job.objects.filter(kind=KIND, status=JobStatus.DONE).order_by("started_at").last()
    if latest is not None and latest.started_at is not None:
        age = (timezone.now() - latest.started_at).total_seconds()
        yield gauge("backup_age_seconds", "Seconds since the latest backup was begun.", age)
