"""
What a worker does when it looks: prepare a run, take chunks one after another, close the run.

One look is a loop that ends when nothing is left, when it has lasted long enough, or when
the worker is asked to stop; the chunk in hand is always finished first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from kamcomp.logs import saying
from kamcomp.pulse.choices import Door
from kamcomp.pulse.services import canary_touch, worker_name
from kamcomp.refusal import Refusal
from payouts.selectors.runs import runs_to_look_at
from payouts.services.run_chunks import (
    ChunkIncomplete,
    StaleLease,
    Taken,
    chunk_give_back,
    chunk_store,
    chunk_take,
    silent_stores_end,
)
from payouts.services.run_compute import chunk_compute
from payouts.services.runs import run_finish, run_prepare, run_ring

logger = logging.getLogger(__name__)


def _never() -> bool:
    return False


@saying("run_id")
def run_look(*, run_id: UUID, stop: Callable[[], bool] = _never, seconds: float | None = None) -> int:
    """
    Do what a run needs, for at most `seconds`; return how many chunks this worker stored.

    A run that still has chunks to take when the time is over gets another bell, so that a
    look never outlives the broker's patience.
    """
    patience = time.monotonic() + (settings.KAMCOMP_LOOK_SECONDS if seconds is None else seconds)
    run_prepare(run_id=run_id)
    stored = 0
    while not stop():
        taken = chunk_take(worker=worker_name(), run_id=run_id)
        if taken is None:
            run_finish(run_id=run_id)
            return stored
        stored += chunk_work(taken=taken)
        if time.monotonic() > patience:
            run_ring(run_id=run_id)
            return stored
    return stored


def runs_look(*, stop: Callable[[], bool] = _never, seconds: float | None = None) -> int:
    """Look at every run that has something to do; return how many chunks were stored."""
    return sum(run_look(run_id=run_id, stop=stop, seconds=seconds) for run_id in runs_to_look_at())


def runs_sweep() -> int:
    """Ring for every run that has something nobody works on; return how many. Recovery never depends on a message."""
    canary_touch(door=Door.SWEEP)
    waiting = runs_to_look_at()
    if waiting:
        silent_stores_end()
    for run_id in waiting:
        run_ring(run_id=run_id)
    return len(waiting)


def chunk_work(*, taken: Taken) -> bool:
    """
    Compute and store one chunk; return whether it was stored by this call.

    A stale lease is no error: another worker has the chunk. Anything else gives the chunk
    back with its reason, for two more attempts.
    """
    started = time.monotonic()
    try:
        chunk_store(taken=taken, computed=chunk_compute(chunk_id=taken.chunk_id))
    except StaleLease as refusal:
        logger.warning(
            "chunk %s of run %s is another worker's, nothing of this one is kept: %s",
            taken.number, taken.run_id, refusal,
        )  # fmt: skip
        return False
    except (OperationalError, InterfaceError) as error:
        logger.warning("chunk %s of run %s met the database: %s", taken.number, taken.run_id, error)
        _give_back(taken=taken, error=f"{type(error).__name__}: {error}")
        return False
    except (Refusal, ChunkIncomplete) as refusal:
        _give_back(taken=taken, error=str(refusal))
        return False
    except Exception as error:
        logger.exception("chunk %s of run %s could not be computed", taken.number, taken.run_id)
        _give_back(taken=taken, error=f"{type(error).__name__}: {error}")
        return False
    logger.info(
        "chunk %s of run %s stored in %.2f s (epoch %s, attempt %s)",
        taken.number, taken.run_id, time.monotonic() - started, taken.epoch, taken.attempt,
    )  # fmt: skip
    return True


def _give_back(*, taken: Taken, error: str) -> None:
    """Give a chunk back; if the database cannot be reached, its lease runs out by itself."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        chunk_give_back(taken=taken, error=error)
    except (OperationalError, InterfaceError) as unreachable:
        logger.warning("chunk %s of run %s is left to its lease: %s", taken.number, taken.run_id, unreachable)
