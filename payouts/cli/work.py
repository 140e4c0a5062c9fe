"""Do what waits in the table of runs, without any message; ends when nothing is left to take."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from payouts.cli.run import asked_to_stop
from payouts.services.run_work import runs_look


def arguments(parser: ArgumentParser) -> None:
    """Add no options."""


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Look at every run that has something to do."""
    with asked_to_stop() as stop:
        stored = runs_look(stop=stop)
    say.print(f"{stored} chunk(s) stored.")
    return 0
