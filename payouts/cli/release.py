"""Release what is held of a person in a locked run; the next payroll file pays them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, add_period, counted, period_of
from payouts.selectors.adjustments import person_named
from payouts.selectors.named import run_named
from payouts.services.holds import payout_release


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who decides: finance or a compensation admin; never on their own pay")
    parser.add_argument("--person", required=True, metavar="EMPLOYEE", help="an employee id")
    parser.add_argument("--reason", required=True)


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Release it."""
    run, person = run_named(period=period_of(options)), person_named(employee_id=options["person"])
    count = payout_release(
        run_id=run.pk,
        person=person,
        reason=options["reason"],
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    say.print(
        f"{person.employee_id} in {run}: {counted(count, 'payment')} released; the next payroll file pays them."
    )
