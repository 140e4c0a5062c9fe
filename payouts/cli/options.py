"""
Options that several subcommands share.

Not a subcommand: it has no `perform`, and the command leaves it out.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from rich.table import Table

from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal
from payouts.selectors.named import period_named

# An amount is kept with 15 digits before the point and 6 behind it.
MOST, FINEST = Decimal(10) ** 15, Decimal("0.000001")


class OptionUnsound(Refusal):
    """An option is not of the form it takes."""


def amounts_table(*, words: Sequence[str], amounts: Sequence[str]) -> Table:
    """Return a table of columns of words, then of amounts: to the right, and folded rather than cut."""
    table = Table(*words)
    for name in amounts:
        table.add_column(name, justify="right", overflow="fold")
    return table


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: 1 payment, 2 payments."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def add_period(parser: ArgumentParser) -> None:
    """Add the options that name a period."""
    parser.add_argument("--period", required=True, help="the period's code, such as 2026-Q3")
    parser.add_argument("--calendar", help="the calendar's code, where two have such a period")


def add_by(parser: ArgumentParser, who: str) -> None:
    """Add the option that names who acts."""
    parser.add_argument("--by", required=True, metavar="USER", help=who)


def add_account(parser: ArgumentParser, *, required: bool = True) -> None:
    """Add the option that names an account."""
    parser.add_argument("--account", required=required, metavar="CODE", help="the account's code")


def period_of(options: dict[str, Any]) -> Period:
    """Return the period the options name."""
    return period_named(code=options["period"], calendar=options["calendar"])


def pairs_of(given: list[str] | None, *, option: str) -> dict[str, str]:
    """
    Return `NAME=VALUE` options as a mapping.

    :raises OptionUnsound: if one has no `=`, or a name comes twice.
    """
    pairs = {}
    for text in given or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise OptionUnsound(f"{option} {text!r} is not of the form EMPLOYEE=VALUE.")
        if name in pairs:
            raise OptionUnsound(f"{option} gives {name} twice: say one.")
        pairs[name] = value
    return pairs


def amount_of(text: str, *, option: str) -> Decimal:
    """
    Return an amount written with a point and no thousands.

    :raises OptionUnsound: if it is anything else.
    """
    try:
        amount = Decimal(text) if text.isascii() and not text.strip().isalpha() else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or "_" in text or "e" in text.lower():
        raise OptionUnsound(f"{option} {text!r} is not an amount such as 1234.50.")
    if abs(amount) >= MOST or amount != amount.quantize(FINEST):
        raise OptionUnsound(f"{option} {text!r} has more than 15 digits before the point or 6 behind it.")
    return amount
