"""Blows to processes: to whoever has a chunk in hand, at a moment that the seed decides."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from payouts.models import Run
from payouts.selectors.runs import run_progress
from tests.faults.conftest import in_hand, until
from tests.faults.story import Story

SMALLEST = 200
DRAWS = 5
"""How often a moment is drawn anew when everything was over before the blow fell."""


@dataclass(frozen=True)
class Struck:
    """Which chunk of which run was in the hands of the process that was struck."""

    run: Run
    number: int
    pid: int


def strike(ask: Callable[[], Run], blow: int, *, story: Story, within: float) -> Struck:
    """
    Ask for a run, and send a signal to the process that has one of its chunks in hand.

    The moment is drawn from the first `within` seconds of a chunk's work. A blow that came too late, when the
    chunk was stored already, is told too: the next chunk's worker is struck, and when there is none left
    another run is asked for, and struck sooner.
    """
    for draw in range(DRAWS):
        run = ask()
        while chunk := until(lambda run=run: in_hand(run) or run_progress(run_id=run.pk).ended, every=0.002):
            if chunk is True:
                break
            time.sleep(story.random.uniform(0, within / 2**draw))
            pid = int(chunk.worker.rpartition(":")[2])
            with suppress(
                ProcessLookupError
            ):  # it died of the blow before, with this chunk in its other hand
                os.kill(pid, blow)
            after, people, status, epoch = _found(chunk.pk)
            hit = (status, epoch) == ("running", chunk.epoch)
            story.blow(
                f"chunk {chunk.number} of {people}, {after:.3f} s in{'' if hit else ', stored already'}"
            )
            assert people >= SMALLEST
            if hit:
                return Struck(run=run, number=chunk.number, pid=pid)
            if blow == signal.SIGSTOP:
                os.kill(pid, signal.SIGCONT)
    raise AssertionError(f"{DRAWS} runs ended before a blow fell")


def _found(chunk_id: int) -> tuple[float, int, str, int]:
    """Return how a chunk stands after a blow, once a commit that was under way has ended."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            return _row(chunk_id, "FOR UPDATE")
    except OperationalError:  # who was stopped holds the row: it has the chunk in hand
        return _row(chunk_id)


def _row(chunk_id: int, locking: str = "") -> tuple[float, int, str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - started_at), people, status, epoch"
            f"  FROM payouts_runchunk WHERE id = %s {locking}",
            [chunk_id],
        )
        return cursor.fetchone()
