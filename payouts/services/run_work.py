"""
What a worker does when it looks: prepare a run, take chunks one after another, close the run.

One look is a loop that ends when nothing is left, when it has lasted long enough, or when
the worker is asked to stop; the chunks in hand are always finished first. While one chunk is
copied, a thread with a connection of its own waits for the database, and the next is computed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from kamcomp.logs import saying
from kamcomp.pulse.choices import Door
from kamcomp.pulse.services import canary_touch, worker_name
from kamcomp.refusal import Refusal
from payouts.copying import ComputedChunk
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

Answer = TypeVar("Answer")


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
    taken, late = None, False
    with Storer() as storer:
        while not stop() and not late:
            taken = chunk_take(worker=worker_name(), run_id=run_id)
            if taken is None:
                break
            chunk_work(taken=taken, storer=storer)
            late = time.monotonic() > patience
    if late:
        run_ring(run_id=run_id)
    elif taken is None:
        run_finish(run_id=run_id)
    return storer.stored


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


class Storer:
    """
    Stores computed chunks one after another, each while its caller computes the next.

    A worker so has two chunks in hand at most. Inside a transaction of the caller, or where
    the setting says so, a chunk is stored at once, by the caller itself.
    """

    def __init__(self) -> None:
        self.stored = 0
        self._pending: Future[bool] | None = None
        beside = settings.KAMCOMP_STORE_BESIDE and not connection.in_atomic_block
        self._thread = (
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="kamcomp-store") if beside else None
        )

    def __enter__(self) -> Storer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait()
        if self._thread is not None:
            self._thread.submit(_close_own_connection).result()
            self._thread.shutdown()

    def store(self, *, taken: Taken, computed: ComputedChunk, started: float) -> None:
        """Store a chunk, at once or as soon as the one before it is stored."""
        act = partial(_stored, taken=taken, computed=computed, started=started)
        self._wait()
        if self._thread is None:
            self.stored += act()
        else:
            self._pending = self._thread.submit(copy_context().run, act)

    def _wait(self) -> None:
        if self._pending is not None:
            self.stored += self._pending.result()
            self._pending = None


def _close_own_connection() -> None:
    """Close the connection of the thread this runs in."""
    connection.close()


def chunk_work(*, taken: Taken, storer: Storer) -> None:
    """
    Compute one chunk and hand it over to be stored.

    What cannot be computed is given back with its reason, for two more attempts.
    """
    started = time.monotonic()
    computed = _done(taken=taken, act=partial(chunk_compute, chunk_id=taken.chunk_id))
    if computed is not None:
        storer.store(taken=taken, computed=computed, started=started)


def _stored(*, taken: Taken, computed: ComputedChunk, started: float) -> bool:
    """Store a chunk; return whether this call did. A stale lease is no error: another worker has the chunk."""

    def act() -> bool:
        chunk_store(taken=taken, computed=computed)
        return True

    if not _done(taken=taken, act=act):
        return False
    logger.info(
        "chunk %s of run %s stored in %.2f s (epoch %s, attempt %s)",
        taken.number, taken.run_id, time.monotonic() - started, taken.epoch, taken.attempt,
    )  # fmt: skip
    return True


def _done(*, taken: Taken, act: Callable[[], Answer]) -> Answer | None:
    """Return what a part of a chunk's work gives; None if it failed, and the chunk was given back."""
    try:
        return act()
    except StaleLease as refusal:
        logger.warning(
            "chunk %s of run %s is another worker's, nothing of this one is kept: %s",
            taken.number, taken.run_id, refusal,
        )  # fmt: skip
    except (OperationalError, InterfaceError) as error:
        logger.warning("chunk %s of run %s met the database: %s", taken.number, taken.run_id, error)
        _give_back(taken=taken, error=f"{type(error).__name__}: {error}")
    except (Refusal, ChunkIncomplete) as refusal:
        _give_back(taken=taken, error=str(refusal))
    except Exception as error:
        logger.exception("chunk %s of run %s could not be computed", taken.number, taken.run_id)
        _give_back(taken=taken, error=f"{type(error).__name__}: {error}")
    return None


def _give_back(*, taken: Taken, error: str) -> None:
    """Give a chunk back; if the database cannot be reached, its lease runs out by itself."""
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        chunk_give_back(taken=taken, error=error)
    except (DatabaseError, InterfaceError) as unreachable:
        logger.warning("chunk %s of run %s is left to its lease: %s", taken.number, taken.run_id, unreachable)
