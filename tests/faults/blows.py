"""Blows to processes: to whoever has a chunk in hand, at a moment that the seed decides."""

import os
import time

from django.db import connection

from payouts.models import Run
from tests.faults.conftest import in_hand, until
from tests.faults.story import Story

SMALLEST = 200


def usual_seconds(undisturbed: Run) -> float:
    """Return how long a chunk of 200 people takes on this machine today."""
    chunk = undisturbed.chunks.order_by("number").defer("inputs").first()
    return (chunk.finished_at - chunk.started_at).total_seconds() * SMALLEST / chunk.people


def strike(run: Run, blow: int, *, story: Story, within: float) -> tuple[int, int]:
    """
    Send a signal to the process that has a chunk in hand, and return the chunk's number and the process.

    The moment is drawn from the first `within` seconds of a chunk's work. A blow that came too late, when the
    chunk was stored already, is told too, and the next chunk's worker is struck.
    """
    while True:
        chunk = until(lambda: in_hand(run), seconds=60, every=0.002, saying="a chunk in a worker's hands")
        time.sleep(story.random.uniform(0, within))
        pid = int(chunk.worker.rpartition(":")[2])
        os.kill(pid, blow)
        after, people, status, epoch = _found(chunk.pk)
        hit = (status, epoch) == ("running", chunk.epoch)
        story.blow(f"chunk {chunk.number} of {people}, {after:.3f} s in{'' if hit else ', stored already'}")
        assert people >= SMALLEST
        if hit:
            return chunk.number, pid


def _found(chunk_id: int) -> tuple[float, int, str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - started_at), people, status, epoch"
            "  FROM payouts_runchunk WHERE id = %s",
            [chunk_id],
        )
        return cursor.fetchone()
