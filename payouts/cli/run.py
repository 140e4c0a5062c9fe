"""Compute a period's payouts; with --wait, show how far it has come."""

from __future__ import annotations

import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kamcomp.identity.selectors import user_named
from payouts.choices import RunStatus
from payouts.cli.status import run_told
from payouts.models import Run
from payouts.selectors.named import period_named, run_named
from payouts.selectors.runs import RunProgress, run_progress
from payouts.services.run_work import run_look
from payouts.services.runs import run_request, run_resume

PATIENCE_SECONDS = 5
BETWEEN_LOOKS = 0.2


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--period", required=True, help="the period's code, such as 2026-Q3")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")
    parser.add_argument("--by", required=True, help="who starts it: a user name")
    parser.add_argument("--wait", action="store_true", help="show the progress until it has ended")
    parser.add_argument(
        "--here", action="store_true", help="compute in this process at once, beside any workers"
    )
    parser.add_argument(
        "--whole", action="store_true", help="compute everybody again, also whose inputs have not changed"
    )
    parser.add_argument("--resume", action="store_true", help="take up again what failed of the current run")


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Ask for the run, and wait for it if told to."""
    period = period_named(code=options["period"], calendar=options["calendar"])
    by = user_named(options["by"])
    if options["resume"]:
        run = run_resume(run=run_named(period=period), by=by, at=timezone.now())
    else:
        run = run_request(period=period, by=by, at=timezone.now(), whole=options["whole"])
    say.print(f"Run {run.number} of {period.code} is {run.get_status_display().lower()}.")
    if not (options["wait"] or options["here"]):
        return 0
    with asked_to_stop() as stop:
        ended = _watch(run=run, say=say, here=options["here"], stop=stop)
    if not ended:
        say.print("Stopped waiting; workers go on with the run.")
        return 1
    run.refresh_from_db()
    run_told(run=run, say=say)
    return 0 if run.status == RunStatus.CALCULATED else 1


def _watch(*, run: Run, say: Console, here: bool, stop: Callable[[], bool]) -> bool:
    """Show the run's progress from the tables; compute here if told to, or if no worker moves it."""
    moved_at, seen, told = time.monotonic(), None, here
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("people"))
    with Progress(*columns, TimeElapsedColumn(), console=say) as bar:
        task = bar.add_task("queued", total=None)
        while not stop():
            progress = run_progress(run_id=run.pk)
            _show(bar, task, progress)
            if progress.ended:
                return True
            if (progress.status, progress.done, progress.working) != seen:
                seen, moved_at = (progress.status, progress.done, progress.working), time.monotonic()
            if here or (not progress.working and time.monotonic() - moved_at > PATIENCE_SECONDS):
                if not told:
                    bar.console.print("No worker takes it up: computing here.")
                    told = here = True
                run_look(run_id=run.pk, stop=stop, seconds=0)
            else:
                time.sleep(BETWEEN_LOOKS)
    return False


def _show(bar: Progress, task: TaskID, progress: RunProgress) -> None:
    words = str(RunStatus(progress.status).label).lower()
    if progress.problems or progress.failed:
        words += f", {progress.problems} problem(s), {progress.failed} failed chunk(s)"
    bar.update(task, description=words, total=progress.people or None, completed=progress.people_done)


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGTERM or Ctrl-C has come; the chunk in hand is finished first."""
    asked: list[int] = []

    def note(number: int, _frame: object) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
