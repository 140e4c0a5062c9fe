"""
Do what waits in the tables of runs and jobs, without any message; ends when nothing is left to take.

It has the limits that a worker's tasks have: where the link to the database carries nothing more, the process is
ended by its alarm, which the system rings also while a library waits.
"""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import timezone
from rich.console import Console

from kamcomp.imports.upload_jobs import uploads_look
from payouts.cli.run import asked_to_stop
from payouts.selectors.runs import runs_to_look_at
from payouts.services.export_jobs import exports_look
from payouts.services.replay_jobs import replays_look
from payouts.services.run_work import look_limit, run_look


def arguments(parser: ArgumentParser) -> None:
    """Add no options."""


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Look at every run that has something to do, and at every file that waits, out or in."""
    stored = 0
    with asked_to_stop() as stop:
        for run_id in runs_to_look_at():
            with ended_after(seconds=look_limit()):
                stored += run_look(run_id=run_id, stop=stop)
        with ended_after(seconds=settings.CELERY_TASK_TIME_LIMIT):
            written = 0 if stop() else exports_look(at=timezone.now())
        with ended_after(seconds=settings.CELERY_TASK_TIME_LIMIT):
            brought = 0 if stop() else uploads_look(at=timezone.now())
        with ended_after(seconds=settings.CELERY_TASK_TIME_LIMIT):
            replayed = 0 if stop() else replays_look(at=timezone.now())
    say.print(f"{stored} chunk(s) stored, {written} export(s) ended.")
    if brought:
        say.print(f"{brought} import(s) ended.")
    if replayed:
        say.print(f"{replayed} replay(s) ended.")
    return 0


@contextmanager
def ended_after(*, seconds: int) -> Iterator[None]:
    """Let the system end this process if the block lasts longer: nobody handles the alarm, so it ends what waits."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
