"""Reads of the canaries and of what this code needs of the database; ages are told by PostgreSQL's clock."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from kamcomp.pulse.choices import Door

ALIVE_SECONDS = 60
AHEAD_SECONDS = 2
"""A touch further in the future than this was made before the clock was set back: nobody lives by it."""


@dataclass(frozen=True)
class Pulse:
    """A door: seconds since its last touch, how often it was touched, by how many workers in the last minute."""

    door: str
    seconds: float
    touches: int
    workers: int

    @property
    def alive(self) -> bool:
        """Tell whether it was touched in the last minute."""
        return self.seconds <= ALIVE_SECONDS


def pulses() -> Mapping[str, Pulse]:
    """
    Return the doors that were ever touched, by name.

    A touch in what is now the future tells nothing of the last minute, however near it is: the clock was set back
    since, and a worker that has died would seem to live. It is as old as it is far away, or older than a minute.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT door, min(age), sum(touches)::bigint, count(*) FILTER (WHERE age <= %s)
              FROM (SELECT door, touches,
                           CASE WHEN since < -%s THEN greatest(-since, %s) ELSE abs(since) END AS age
                      FROM (SELECT door, touches,
                                   extract(epoch FROM clock_timestamp() - touched_at)::float8 AS since
                              FROM pulse_canary) seen) touched
             GROUP BY door ORDER BY door
            """,
            [ALIVE_SECONDS, AHEAD_SECONDS, ALIVE_SECONDS + 1],
        )
        return {row[0]: Pulse(*row) for row in cursor.fetchall()}


def work_is_done(*, doors: Mapping[str, Pulse]) -> bool:
    """Tell whether a worker was alive in the last minute, by a message or by its own look."""
    return any(pulse.alive for name, pulse in doors.items() if name != Door.SWEEP)


_WANTED: set[tuple[str, str]] = set()


def migrations_missing() -> int:
    """Return how many migrations of this code the database has not had; later ones of newer code do not matter."""
    if not _WANTED:
        # Read once a process: the code does not change under it.
        _WANTED.update(MigrationLoader(None).disk_migrations)
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return len(_WANTED - set(cursor.fetchall()))
