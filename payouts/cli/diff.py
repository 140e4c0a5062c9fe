"""List every payout line that differs between two runs of a period, with the reason."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from payouts.selectors.named import period_named, run_named
from payouts.services.diff import PayoutChange, runs_diff, totals_of


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("old", type=int, metavar="OLD", help="the number of a run")
    parser.add_argument("new", type=int, metavar="NEW", help="the number of the run to compare with it")
    parser.add_argument("--period", required=True, help="the period's code, such as 2026-Q3")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")


def perform(*, options: dict[str, Any], say: Console) -> int:
    """Print the changes by person, and their sum by currency."""
    period = period_named(code=options["period"], calendar=options["calendar"])
    old, new = (run_named(period=period, number=options[name]) for name in ("old", "new"))
    changes = list(runs_diff(old=old, new=new))
    for change in changes:
        change_told(change=change, say=say)
    if not changes:
        say.print(f"No line differs between run {old.number} and run {new.number} of {period.code}.")
        return 0
    sums = ", ".join(f"{amount:+f} {currency}" for currency, amount in sorted(totals_of(changes).items()))
    say.print(f"{len(changes)} payout(s) differ: {sums}")
    return 0


def change_told(*, change: PayoutChange, say: Console) -> None:
    """Print one person's change: the amount, the lines, the reasons."""
    old, new = (_amount(value) for value in (change.old, change.new))
    say.print(f"{change.employee_id}, {change.plan}: {old} -> {new} {change.currency}")
    for line in change.lines:
        account = f" ({line.account})" if line.account else ""
        say.print(f"  {line.leaf}{account}: {_amount(line.old)} -> {_amount(line.new)}")
    for reason in change.reasons:
        say.print(f"  because {reason}")


def _amount(value: Any) -> str:
    return "none" if value is None else f"{value:f}"
