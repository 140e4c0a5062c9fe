"""
The canaries: rows that workers touch, so that "it works" is read from work done and not from a process list.

A touch has gone the whole way that work goes: from the clock through the broker to a worker's process and
into the database, or from a worker's own look at the table of work. Rules: docs/how-to/operate.md.
"""

from django.db import models
from django.db.models.functions import Now

from kamcomp.pulse.choices import Door


class Canary(models.Model):
    """When a worker last came through a door, by PostgreSQL's clock, and how often it has."""

    pk = models.CompositePrimaryKey("door", "worker")
    door = models.CharField(max_length=8, choices=Door)
    worker = models.CharField(max_length=80, blank=True, help_text="Host and process, or nothing for all.")
    touched_at = models.DateTimeField(db_default=Now())
    touches = models.PositiveBigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.door} {self.worker}".strip()
