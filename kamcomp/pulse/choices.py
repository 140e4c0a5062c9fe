"""The ways in which a worker shows that it is alive."""

from django.db.models import TextChoices


class Door(TextChoices):
    """Which way led to the touch of a canary."""

    MESSAGE = "message", "A message of the clock's, through the broker, to a worker's process"
    TABLE = "table", "A worker's own look at the table of work"
    SWEEP = "sweep", "The sweep for work whose worker went silent"
