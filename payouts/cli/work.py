"""Do what waits in the tables of runs and jobs, without any message; ends when nothing is left to take."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.imports.upload_jobs import uploads_look
from payouts.cli.run import asked_to_stop
from payouts.services.export_jobs import exports_look
from payouts.services.run_work import runs_look


def arguments(parser: ArgumentParser) -> None:
    """Add no options."""


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Look at every run that has something to do, and at every file that waits, out or in."""
    with asked_to_stop() as stop:
        stored = runs_look(stop=stop)
        written = 0 if stop() else exports_look(at=timezone.now())
        brought = 0 if stop() else uploads_look(at=timezone.now())
    say.print(f"{stored} chunk(s) stored, {written} export(s) ended.")
    if brought:
        say.print(f"{brought} import(s) ended.")
    return 0
