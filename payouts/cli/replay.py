"""Replay a plan version on the last locked periods, person by person, and keep what came of it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp import money
from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, amounts_table, counted
from payouts.models import ReplayPerson
from payouts.services.replays import USUAL_PERIODS, codes_of, replay_make
from plans.models import PlanVersion, Replay
from plans.selectors import plan_named, version_numbered

ZERO = Decimal(0)


def arguments(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("plan", help="the plan's code")
    parser.add_argument("--version-number", type=int, help="the last one if left out")
    parser.add_argument(
        "--periods", default=str(USUAL_PERIODS), metavar="N|CODES",
        help="how many of the last locked periods, or their codes with commas",
    )  # fmt: skip
    parser.add_argument(
        "--people-of", action="append", default=[], metavar="PLAN",
        help="the plan whose people it is tried on (may be repeated); its own if left out",
    )  # fmt: skip
    parser.add_argument(
        "--show", type=int, default=10, metavar="N", help="how many winners and losers to list"
    )
    parser.add_argument("--json", action="store_true", help="the sums and digests as JSON")
    add_by(parser, "who looks: a comp admin or finance")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do it and say what it comes to."""
    periods = options["periods"]
    version = version_numbered(plan=plan_named(options["plan"]), number=options["version_number"])
    replay = replay_make(
        version_id=version.pk,
        periods=int(periods) if periods.isascii() and periods.isdigit() else codes_of(periods),
        people_of=codes_of(options["people_of"]),
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    if options["json"]:
        say.print_json(json.dumps(_document(replay, version)))
        return
    _say(replay, say=say, shown=options["show"])


def _document(replay: Replay, version: PlanVersion) -> dict[str, Any]:
    return {
        "plan": version.plan.code,
        "version": version.number,
        "version_digest": replay.version_digest,
        "periods": replay.periods,
        "people_of": replay.people_of,
        "people": replay.people,
        "currency": replay.currency,
        "paid": f"{replay.paid.normalize():f}",
        "replayed": f"{replay.replayed.normalize():f}",
        "pools_paid": f"{replay.pools_paid.normalize():f}",
        "pools_replayed": f"{replay.pools_replayed.normalize():f}",
        **{name: figures for name, figures in replay.figures.items() if name != "said"},
        "problems": replay.problems,
        "input_digest": replay.input_digest,
        "result_digest": replay.result_digest,
    }


def _say(replay: Replay, *, say: Console, shown: int) -> None:
    table = amounts_table(words=("period", "people"), amounts=("paid", "replayed", "pools then", "pools"))
    for code, figures in replay.figures["periods"].items():
        amounts = [*figures["pay"], *figures["pools"]]
        table.add_row(code, str(figures["people"]), *(_shown(Decimal(each), replay) for each in amounts))
    sums = (replay.paid, replay.replayed, replay.pools_paid, replay.pools_replayed)
    table.add_row("all", str(replay.people), *(_shown(amount, replay) for amount in sums))
    say.print(table)
    people = ReplayPerson.objects.filter(replay=replay).exclude(difference=0).select_related("person")
    moved = people.count()
    if shown and moved:
        changed = amounts_table(words=("person",), amounts=("paid", "replayed", "difference"))
        for row in [*people.order_by("-difference", "pk")[:shown]]:
            changed.add_row(
                row.person.employee_id,
                *(_shown(amount, replay) for amount in (row.paid, row.replayed, row.difference)),
            )
        if moved > shown:
            for row in reversed(people.order_by("difference", "pk")[: min(shown, moved - shown)]):
                changed.add_row(
                    row.person.employee_id,
                    *(_shown(amount, replay) for amount in (row.paid, row.replayed, row.difference)),
                )
        say.print(changed)
    say.print(
        f"{counted(moved, 'person')} of {replay.people} would be paid another amount in {replay.currency}."
    )
    for problem in replay.problems[:20]:
        say.print(f"not replayed: {problem}")


def _shown(amount: Decimal, replay: Replay) -> str:
    return f"{money.settle(amount, currency=replay.currency):f}"
