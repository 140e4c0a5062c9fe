"""
What a worker does when it looks: prepare a run, take chunks one after another, close the run.

One look ends when nothing is left, when it has lasted long enough, or when the worker is
asked to stop; the chunks in hand are always finished first. A worker has several hands,
each a thread with a connection of its own: while one waits for the database to read or to
take rows, another computes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from kamcomp.logs import saying
from kamcomp.pulse.choices import Door
from kamcomp.pulse.services import canary_touch, worker_name
from kamcomp.refusal import Refusal
from payouts.copying import ComputedChunk
from payouts.selectors.runs import run_progress, runs_to_look_at
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


def look_limit() -> int:
    """
    Return the seconds after which the process of a look is ended.

    A look is over after its seconds and a chunk. One that is not waits for a link that carries nothing more, and
    would wait for ever: the chunk's lease has run out long since.
    """
    return int(settings.KAMCOMP_LOOK_SECONDS + 3 * settings.KAMCOMP_CHUNK_LEASE_SECONDS)


@saying("run_id")
def run_look(*, run_id: UUID, stop: Callable[[], bool] = _never, seconds: float | None = None) -> int:
    """
    Do what a run needs, for at most `seconds`; return how many chunks this worker stored.

    A run that still has chunks to take when the time is over gets another bell, so that a
    look never outlives the broker's patience.
    """
    patience = time.monotonic() + (settings.KAMCOMP_LOOK_SECONDS if seconds is None else seconds)
    run_prepare(run_id=run_id)
    ended = _by_hands(_hands(run_id), partial(_hand, run_id=run_id, stop=stop, patience=patience))
    if any(each.late for each in ended):
        run_ring(run_id=run_id)
    elif any(each.nothing_left for each in ended):
        run_finish(run_id=run_id)
    return sum(each.stored for each in ended)


def runs_sweep() -> int:
    """Ring for every run that has something nobody works on; return how many. Recovery never depends on a message."""
    canary_touch(door=Door.SWEEP)
    waiting = runs_to_look_at()
    if waiting:
        silent_stores_end()
    for run_id in waiting:
        run_ring(run_id=run_id)
    return len(waiting)


@dataclass
class Hand:
    """One of the hands of a worker: how many chunks it stored, and why it stopped."""

    stored: int = 0
    nothing_left: bool = False
    late: bool = False


def _hands(run_id: UUID) -> int:
    """
    Return how many hands a worker puts to a run: no more than there are chunks; inside a transaction, one.

    One, too, where somebody's lease ran out: a chunk may kill whoever computes it, and what another hand of the
    same process has would die with it and count as begun once more.
    """
    if connection.in_atomic_block or settings.KAMCOMP_CHUNKS_AT_ONCE == 1:
        return 1
    progress = run_progress(run_id=run_id)
    if progress.overdue:
        return 1
    return min(settings.KAMCOMP_CHUNKS_AT_ONCE, max(1, progress.chunks - progress.done - progress.failed))


def _by_hands(hands: int, work: Callable[[], Hand]) -> list[Hand]:
    """Do the same work with several hands, each with a connection of its own; the caller is the first of them."""
    with ThreadPoolExecutor(max_workers=max(1, hands - 1), thread_name_prefix="kamcomp-hand") as pool:
        others = [pool.submit(copy_context().run, _with_own_connection, work) for _hand in range(hands - 1)]
        mine = work()
        return [mine, *(other.result() for other in others)]


def _with_own_connection(work: Callable[[], Hand]) -> Hand:
    try:
        return work()
    finally:
        connection.close()


def _hand(*, run_id: UUID, stop: Callable[[], bool], patience: float) -> Hand:
    """Take chunks of a run one after another, compute and store each, until there is none, or time is over."""
    hand = Hand()
    while not stop() and not hand.late:
        taken = chunk_take(worker=worker_name(), run_id=run_id)
        if taken is None:
            hand.nothing_left = True
            break
        hand.stored += chunk_work(taken=taken)
        hand.late = time.monotonic() > patience
    return hand


def chunk_work(*, taken: Taken) -> bool:
    """
    Compute one chunk and store it; return whether this call did.

    What cannot be computed or stored is given back with its reason, for two more attempts.
    """
    started = time.monotonic()
    computed = _done(taken=taken, act=partial(chunk_compute, chunk_id=taken.chunk_id))
    return computed is not None and _stored(taken=taken, computed=computed, started=started)


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
