"""State what the budgets that pools share hold in a period, and see who shares them."""

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rich.console import Console

from kamcomp import money
from kamcomp.identity.selectors import user_named
from payouts.cli.options import add_by, add_period, amount_of, amounts_table, period_of
from payouts.selectors.pool_budgets import budgets_of_period
from payouts.services.pool_budgets import pool_budget_put


def arguments(parser: ArgumentParser) -> None:
    """Add the acts and their options."""
    acts = parser.add_subparsers(dest="budget_act", required=True, metavar="ACT")
    add_period(acts.add_parser("list", help="list the period's budgets, what their pools asked and got"))
    put = acts.add_parser("put", help="state what a budget holds, before the period's run is reviewed")
    add_period(put)
    put.add_argument(
        "--budget", required=True, metavar="NAME", help="as plans name it in pool.funding.budget"
    )
    put.add_argument("--amount", required=True, help="money, such as 30000.00")
    put.add_argument(
        "--currency", required=True, metavar="ISO", help="the currency of the plans that name it"
    )
    put.add_argument("--reason", required=True, help="why")
    add_by(put, "who states it: finance or an executive")


def perform(*, options: dict[str, Any], say: Console) -> None:
    """Do the act."""
    {"list": _list, "put": _put}[options["budget_act"]](options, say)


def _list(options: dict[str, Any], say: Console) -> None:
    table = amounts_table(
        words=("budget", "no.", "by", "reason", "currency", "pools"), amounts=("holds", "asked", "funded")
    )
    for row in budgets_of_period(period=period_of(options)):
        budget = row.budget
        table.add_row(
            budget.code,
            str(budget.number),
            str(budget.created_by or ""),
            budget.reason,
            budget.currency,
            str(row.pools),
            *(_shown(amount, budget.currency) for amount in (budget.amount, row.asked, row.granted)),
        )
    if table.row_count:
        say.print(table)
    else:
        say.print("No budget is stated for this period: `payouts budget put` states one.")


def _put(options: dict[str, Any], say: Console) -> None:
    budget = pool_budget_put(
        period=period_of(options),
        code=options["budget"],
        amount=amount_of(options["amount"], option="--amount"),
        currency=options["currency"],
        reason=options["reason"],
        by=user_named(options["by"]),
        at=timezone.now(),
    )
    say.print(
        f"{budget.code} holds {_shown(budget.amount, budget.currency)} {budget.currency} in {budget.period} "
        f"(statement no. {budget.number})."
    )


def _shown(amount: Decimal, currency: str) -> str:
    return f"{money.settle(amount, currency=currency):f}"
