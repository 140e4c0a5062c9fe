"""Propose in the open period what late facts of locked periods changed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp.identity.selectors import user_named
from payouts.cli.adjust import told
from payouts.cli.options import add_by, add_period, period_of
from payouts.services.late_facts import late_facts


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    add_period(parser)
    add_by(parser, "who proposes: a compensation admin or finance")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Compute locked periods again and list what is proposed."""
    found = late_facts(period=period_of(options), by=user_named(options["by"]), at=timezone.now())
    told(found.proposed, say)
    for note in found.notes:
        say.print(note)
    say.print(f"{len(found.proposed)} correction(s) proposed in {found.period}, {len(found.notes)} note(s).")
