"""The one act on canaries: a touch."""

import os
import socket

from django.db import connection

from kamcomp.pulse.choices import Door

KEPT = "1 hour"


def worker_name() -> str:
    """Return what a canary, or a piece of work, says about who has it: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


def canary_touch(*, door: Door, worker: str = "") -> None:
    """
    Note that `worker` has just come through a door; canaries of workers that ended long ago go.

    One statement, and no transaction around it: a touch never waits for anybody's work.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                DELETE FROM pulse_canary
                 WHERE worker <> '' AND worker <> %(worker)s
                   AND touched_at < clock_timestamp() - %(kept)s::interval
            )
            INSERT INTO pulse_canary (door, worker, touched_at, touches)
            VALUES (%(door)s, %(worker)s, clock_timestamp(), 1)
                ON CONFLICT (door, worker)
                DO UPDATE SET touched_at = excluded.touched_at, touches = pulse_canary.touches + 1
            """,
            {"door": door, "worker": worker, "kept": KEPT},
        )
