"""The one act on canaries: a touch."""

import os
import socket

from django.db import connection

from kamcomp.pulse.choices import Door
from kamcomp.pulse.selectors import AHEAD_SECONDS

KEPT = "1 hour"


def worker_name() -> str:
    """Return what a canary, or a piece of work, says about who has it: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


def canary_touch(*, door: Door, worker: str = "") -> None:
    """
    Note that `worker` has just come through a door; canaries of workers that ended long ago go.

    So do those in what is now the future: the clock was set back, and when it comes there again the dead would seem
    to live. No transaction is around it: a touch never waits for anybody's work, nor two touches for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO pulse_canary (door, worker, touched_at, touches)
            VALUES (%(door)s, %(worker)s, clock_timestamp(), 1)
                ON CONFLICT (door, worker)
                DO UPDATE SET touched_at = excluded.touched_at, touches = pulse_canary.touches + 1
            """,
            {"door": door, "worker": worker},
        )
        cursor.execute(
            """
            DELETE FROM pulse_canary
             WHERE (door, worker) IN (
                   SELECT door, worker FROM pulse_canary
                    WHERE (worker NOT IN ('', %(worker)s)
                           AND touched_at < clock_timestamp() - %(kept)s::interval)
                       OR touched_at > clock_timestamp() + make_interval(secs => %(ahead)s)
                      FOR UPDATE SKIP LOCKED)
            """,
            {"worker": worker, "kept": KEPT, "ahead": AHEAD_SECONDS},
        )
