"""Say how the runs of a period stand: state, people, totals, digests, problems."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console
from rich.table import Table

from payouts.choices import RunStatus
from payouts.models import Run, RunProblem
from payouts.selectors.named import period_named
from payouts.selectors.runs import run_progress, run_same_as

PROBLEMS_SHOWN = 20


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--period", required=True, help="the period's code, such as 2026-Q3")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Print the period's runs, and the current one in full."""
    period = period_named(code=options["period"], calendar=options["calendar"])
    runs = list(
        Run.objects.filter(period=period)
        .select_related("period", "started_by", "based_on")
        .order_by("number")
    )
    if not runs:
        say.print(
            f"{period.code} has no run yet: start one with `payouts run --period {period.code} --by USER --wait`."
        )
        return 0
    table = Table("run", "state", "people", "taken over", "totals", "started by", "result digest")
    for run in runs:
        name = f"{run.number} (current)" if run.is_current else str(run.number)
        table.add_row(
            name, run.get_status_display(), str(run.people), str(run.taken_over), totals_told(run),
            run.started_by.get_username(),
            run.result_digest[:16],
        )  # fmt: skip
    say.print(table)
    for run in runs:
        if run.is_current:
            run_told(run=run, say=say)
    return 0


def run_told(*, run: Run, say: Console) -> None:
    """Say how a run ended, or how far it is; its problems by person."""
    progress = run_progress(run_id=run.pk)
    state = RunStatus(run.status).label.lower()
    say.print(
        f"Run {run.number} of {run.period.code}: {state}, {progress.done} of {progress.chunks} chunk(s) done."
    )
    if run.error:
        say.print(run.error)
    problems = (
        RunProblem.objects.filter(run=run).select_related("person").order_by("person__employee_id", "id")
    )
    for problem in problems[:PROBLEMS_SHOWN]:
        say.print(f"  {problem.person or 'chunk'}: {problem.code}: {problem.message}")
    if progress.problems > PROBLEMS_SHOWN:
        say.print(f"  and {progress.problems - PROBLEMS_SHOWN} more.")
    if run.result_digest:
        say.print(f"{run.people} people, {totals_told(run) or 'nothing to pay'}")
        if run.based_on is not None:
            say.print(
                f"{progress.computed} computed, {progress.taken_over} taken over unchanged from run "
                f"{run.based_on.number}."
            )
        say.print(f"inputs {run.input_digest}")
        say.print(f"result {run.result_digest}")
        same = run_same_as(run=run)
        if same is not None:
            say.print(f"No change against run {same.number}: the same inputs gave the same figures.")


def totals_told(run: Run) -> str:
    """Return a run's totals by currency as one text."""
    return ", ".join(f"{amount} {currency}" for currency, amount in sorted(run.totals.items()))
