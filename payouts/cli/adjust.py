"""List, propose, approve, reject and reverse the adjustments of a period."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone
from rich.console import Console

from kamcomp import money
from kamcomp.identity.selectors import user_named
from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.cli.options import OptionUnsound, add_by, add_period, amount_of, amounts_table, period_of
from payouts.models import Adjustment
from payouts.selectors.adjustments import BY_HAND, period_adjustments, person_named
from payouts.services.adjustments import (
    adjustment_approve,
    adjustment_propose,
    adjustment_reject,
    adjustment_reverse,
)


def arguments(parser: ArgumentParser) -> None:
    """Add the acts and their options."""
    acts = parser.add_subparsers(dest="adjust_act", required=True, metavar="ACT")
    add_period(acts.add_parser("list", help="list the period's adjustments"))
    propose = acts.add_parser("propose", help="propose an amount for a person")
    add_period(propose)
    add_by(propose, "who proposes: a compensation admin or finance")
    propose.add_argument("--person", required=True, metavar="EMPLOYEE", help="an employee id")
    propose.add_argument("--kind", required=True, choices=[kind.value for kind in BY_HAND])
    propose.add_argument("--amount", required=True, help="such as 142.50, or -142.50")
    propose.add_argument("--currency", required=True)
    propose.add_argument("--reason", required=True)
    approve = acts.add_parser("approve", help="approve one, or all that wait, without --id")
    add_period(approve)
    add_by(approve, "who decides; not who proposed")
    approve.add_argument("--id", help="the adjustment's id, from the list")
    for name, help_line in (("reject", "reject one"), ("reverse", "propose the opposite of one")):
        act = acts.add_parser(name, help=help_line)
        add_by(act, "who decides" if name == "reject" else "who proposes")
        act.add_argument("--id", required=True, help="the adjustment's id, from the list")
        act.add_argument("--reason", required=True)


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do the act."""
    ACTS[options["adjust_act"]](options, say)


def told(adjustments: Iterable[Adjustment], say: Console) -> None:
    """Print adjustments as a table."""
    table = amounts_table(
        words=("id", "for", "kind", "state", "corrects", "reason", "currency"), amounts=("amount",)
    )
    for each in adjustments:
        receiver = each.person.employee_id if each.person else f"pool of {each.pool}"
        table.add_row(
            str(each.pk),
            receiver,
            AdjustmentKind(each.kind).label,
            AdjustmentStatus(each.status).label,
            str(each.corrects_period or ""),
            each.reason,
            each.currency,
            f"{money.settle(each.amount, currency=each.currency):f}",
        )
    say.print(table)


def _list(options: dict[str, Any], say: Console) -> None:
    told(period_adjustments(period=period_of(options)), say)


def _propose(options: dict[str, Any], say: Console) -> None:
    adjustment = adjustment_propose(
        period=period_of(options),
        kind=AdjustmentKind(options["kind"]),
        amount=amount_of(options["amount"], option="--amount"),
        currency=options["currency"],
        reason=options["reason"],
        person=person_named(employee_id=options["person"]),
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    told([adjustment], say)


def _approve(options: dict[str, Any], say: Console) -> None:
    by = user_named(options["by"])
    waiting = period_adjustments(period=period_of(options)).filter(status=AdjustmentStatus.PROPOSED)
    if options["id"]:
        waiting = waiting.filter(pk=_id(options["id"]))
    decided = [adjustment_approve(adjustment_id=each.pk, by=by, at=timezone.now()) for each in waiting]
    told(decided, say)


def _reject(options: dict[str, Any], say: Console) -> None:
    told(
        [
            adjustment_reject(
                adjustment_id=_id(options["id"]),
                reason=options["reason"],
                by=user_named(options["by"]),
                at=timezone.now(),
            )
        ],
        say,
    )


def _reverse(options: dict[str, Any], say: Console) -> None:
    told(
        [
            adjustment_reverse(
                adjustment_id=_id(options["id"]),
                reason=options["reason"],
                by=user_named(options["by"]),
                at=timezone.now(),
            )
        ],
        say,
    )


def _id(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or not Adjustment.objects.filter(pk=found).exists():
        raise OptionUnsound(
            f"--id {text!r} is not the id of an adjustment: take it from `payouts adjust list`."
        )
    return found


ACTS = {"list": _list, "propose": _propose, "approve": _approve, "reject": _reject, "reverse": _reverse}
