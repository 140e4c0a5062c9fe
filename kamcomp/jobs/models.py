"""Long work and its true state: a page, a second tab and a client read the same row."""

from django.db import models

from kamcomp.jobs.choices import JobStatus
from kamcomp.records import Record
from kamcomp.said import SaidField, spoken


class Job(Record):
    """One piece of long work."""

    kind = models.CharField(max_length=40)
    status = models.CharField(max_length=8, choices=JobStatus, default=JobStatus.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    current = models.CharField(max_length=200, blank=True)
    subject_table = models.CharField(max_length=63, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    request = models.JSONField(default=dict, help_text="What was asked for: words and ids, no amounts.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was begun.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="What failed, and what is safe.")
    said = SaidField(of="error")
    result = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.kind}: {self.get_status_display()}"

    @property
    def trouble(self) -> str:
        """Return what failed with its pieces, for pages to word."""
        return spoken(self.error, self.said) if self.error else ""

    @property
    def ended(self) -> bool:
        """Tell whether nothing is left to do, for better or worse."""
        return self.status in (JobStatus.DONE, JobStatus.FAILED)
