"""
How a Celery worker looks for work by itself: every ten seconds, whatever the broker does.

A thread of the worker's main process asks the table which runs have something nobody works
on, and rings for them. If the bell cannot be rung, or was rung and nothing moved since, a
process of its own does the work without any message. Asked to stop (SIGTERM), a worker
finishes the chunks in hand and takes no more.
"""

from __future__ import annotations

import logging
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from celery import Celery, bootsteps
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from kamcomp.imports.upload_jobs import UPLOADS
from kamcomp.jobs.services import jobs_waiting
from kamcomp.jobs.work import job_ring
from kamcomp.pulse.choices import Door
from kamcomp.pulse.services import canary_touch, worker_name
from payouts.selectors.runs import run_movement, runs_to_look_at
from payouts.services.export_jobs import EXPORTS
from payouts.services.replay_jobs import REPLAYS
from payouts.services.run_chunks import silent_stores_end
from payouts.services.runs import bell_rung

logger = logging.getLogger(__name__)

JOBS = (EXPORTS, UPLOADS, REPLAYS)

# Made before the pool's processes are forked, so that they all see it when the main process sets it.
_STOPPING = multiprocessing.get_context("fork").Event()


def stopping() -> bool:
    """Tell whether this worker has been asked to stop: no further chunk is taken."""
    return _STOPPING.is_set()


@worker_shutting_down.connect
def _stop_taking(**_signal: Any) -> None:
    _STOPPING.set()


class TableLook(bootsteps.StartStopStep):
    """The step of a worker that looks at the table, from its start to its stop."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.looker: Looker | None = None

    def start(self, parent: Any) -> None:
        """Begin to look."""
        self.looker = Looker()
        self.looker.start()

    def stop(self, parent: Any) -> None:
        """Look no more; a process of our own finishes its chunk."""
        if self.looker is not None:
            self.looker.finish()

    terminate = stop


class Looker(threading.Thread):
    """The thread that looks; it holds no database connection between two looks."""

    def __init__(self) -> None:
        super().__init__(name="kamcomp-table-look", daemon=True)
        self._ended = threading.Event()
        self._moved: dict[UUID, int] = {}
        self._files: set[UUID] = set()
        self._helper: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Look until told to finish."""
        while not self._ended.wait(settings.KAMCOMP_POLL_SECONDS):
            try:
                canary_touch(door=Door.TABLE, worker=worker_name())
                self.look()
            except (DatabaseError, InterfaceError) as error:
                logger.warning("the table of runs could not be read: %s", error)
            except Exception:
                logger.exception("a look at the table of runs failed")
            finally:
                connection.close()

    def look(self) -> None:
        """Ring for what waits; work apart on what a bell has not moved."""
        waiting = runs_to_look_at()
        if waiting:
            silent_stores_end()
        moved = {run_id: run_movement(run_id=run_id) for run_id in waiting}
        stuck = [run_id for run_id in waiting if self._moved.get(run_id) == moved[run_id]]
        self._moved = moved
        unrung = [run_id for run_id in waiting if not bell_rung(run_id=run_id)]
        files = {job_id: kind for kind in JOBS for job_id in jobs_waiting(kind=kind.name)}
        unheard = [job_id for job_id, kind in files.items() if not job_ring(kind=kind, job_id=job_id)]
        left = {*(self._files & files.keys()), *unheard}
        self._files = set(files)
        if stuck or unrung or left:
            self._work_apart({*stuck, *unrung, *left})

    def finish(self) -> None:
        """Stop looking, and let the helper process finish the chunk it has."""
        self._ended.set()
        if self._helper is not None and self._helper.poll() is None:
            self._helper.terminate()
            try:
                self._helper.wait(timeout=settings.KAMCOMP_CHUNK_LEASE_SECONDS)
            except subprocess.TimeoutExpired:
                logger.warning("the process that works without messages did not end and was killed")
                self._helper.kill()

    def _work_apart(self, ids: Iterable[UUID]) -> None:
        if self._helper is not None and self._helper.poll() is None:
            return
        logger.warning("no message moves %s run(s) or file(s): working on them without", len(list(ids)))
        self._helper = subprocess.Popen(
            [sys.executable, "-m", "django", "payouts", "work"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
        )


def join(app: Celery) -> None:
    """Make every worker of an application look at the table."""
    app.steps["worker"].add(TableLook)
