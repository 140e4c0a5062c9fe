"""Reads of the ledger: balances are sums of entries, never stored."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from kamcomp import money
from payouts.models import LedgerEntry, Run


def run_balances(*, run: Run) -> list[tuple[str, str, Decimal]]:
    """Return what a run's postings come to by account and currency, debits positive; zeros are left out."""
    sums = (
        LedgerEntry.objects.filter(posting__run=run)
        .values_list("account", "currency")
        .annotate(total=Sum("amount"))
        .order_by("account", "currency")
    )
    return [
        (account, currency, money.settle(total, currency=currency))
        for account, currency, total in sums
        if total
    ]
