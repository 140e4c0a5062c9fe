"""
What people were owed, what payroll says it paid, and what is still open; per currency and per person.

Opening + earned + corrections + converted - paid = closing, from the ledger's payables and
the payroll returns, through a period and everything locked before it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from kamcomp import money
from kamcomp.refusal import Refusal
from payouts.choices import LedgerAccount, RunStatus
from payouts.models import LedgerEntry, PayrollReturn, Run
from teams.models import Person

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """
    One currency's way through a period; money in `currency`.

    `earned` are payouts and pool shares, `corrections` adjustments and what is owed on
    balance, `converted` what moved between plan and payroll currency.
    """

    currency: str
    opening: Decimal
    earned: Decimal
    corrections: Decimal
    converted: Decimal
    paid: Decimal

    @property
    def closing(self) -> Decimal:
        """Return what is still to be paid."""
        return self.opening + self.earned + self.corrections + self.converted - self.paid


@dataclass(frozen=True, kw_only=True)
class PaidDifferently:
    """Somebody whom payroll paid another amount than the run owed; `difference` is paid less owed."""

    employee_id: str
    currency: str
    owed: Decimal
    paid: Decimal
    name: str = ""

    @property
    def difference(self) -> Decimal:
        """Return what was paid beyond what was owed."""
        return self.paid - self.owed


class NothingOwedYet(Refusal):
    """A run that is not locked owes nobody anything, so there is nothing to hold payroll against."""


def run_reconciled(*, run: Run) -> list[Reconciled]:
    """
    Return each currency's reconciliation through a locked run, by currency.

    :raises NothingOwedYet: if the run is not locked.
    """
    if run.status != RunStatus.LOCKED:
        raise NothingOwedYet(
            "%(run)s is %(status)s: payroll is reconciled with a locked run. Lock it first.",
            run=run,
            status=run.get_status_display().lower(),
        )
    payable = LedgerEntry.objects.filter(
        account=LedgerAccount.PAYABLE, posting__run__calendar_id=run.calendar_id
    )
    mine, of_pay = Q(posting__run=run), Q(payout__isnull=False) | Q(allocation__isnull=False)
    is_converted = Q(posting__in=_conversion_postings(run))
    opening, earned, corrections, converted = _sums(
        payable,
        Q(posting__run__period__days__startswith__lt=run.period.days.lower),
        mine & of_pay,
        mine & ~of_pay & ~is_converted,
        mine & ~of_pay & is_converted,
        is_owed=True,
    )
    paid_before, paid = _sums(
        PayrollReturn.objects.current().filter(run__calendar_id=run.calendar_id),
        Q(run__period__days__startswith__lt=run.period.days.lower),
        Q(run=run),
    )
    sources = (opening, earned, corrections, converted, paid, paid_before)
    return [
        Reconciled(
            currency=currency,
            opening=_settled(opening[currency] - paid_before[currency], currency),
            earned=_settled(earned[currency], currency),
            corrections=_settled(corrections[currency], currency),
            converted=_settled(converted[currency], currency),
            paid=_settled(paid[currency], currency),
        )
        for currency in sorted({currency for source in sources for currency in source})
    ]


def paid_differently(*, run: Run) -> list[PaidDifferently]:
    """Return everybody whom payroll did not pay exactly what a locked run owes them, by employee id and currency."""
    owed: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)
    entries = LedgerEntry.objects.filter(
        posting__run=run, account=LedgerAccount.PAYABLE, person__isnull=False
    )
    for person_id, currency, total in entries.values_list("person_id", "currency").annotate(
        total=Sum("amount")
    ):
        owed[person_id, currency] -= total
    paid: dict[tuple[UUID, str], Decimal] = defaultdict(lambda: ZERO)
    returned = PayrollReturn.objects.current().filter(run=run).values_list("person_id", "currency")
    for person_id, currency, total in returned.annotate(total=Sum("amount")):
        paid[person_id, currency] += total
    apart = [key for key in {*owed, *paid} if owed[key] != paid[key]]
    people = Person.objects.filter(pk__in={key[0] for key in apart})
    names = {pk: each for pk, *each in people.values_list("pk", "employee_id", "details__legal_name")}
    found = [
        PaidDifferently(
            employee_id=names[person_id][0],
            name=names[person_id][1] or "",
            currency=currency,
            owed=_settled(owed[person_id, currency], currency),
            paid=_settled(paid[person_id, currency], currency),
        )
        for person_id, currency in apart
    ]
    return sorted(found, key=lambda each: (each.employee_id, each.currency))


def _sums(rows: QuerySet[Any], *parts: Q, is_owed: bool = False) -> list[defaultdict[str, Decimal]]:
    """Return the sums by currency of each part of the rows, in one question; what is owed is negative in the books."""
    sums: list[defaultdict[str, Decimal]] = [defaultdict(lambda: ZERO) for _part in parts]
    asked = {f"part_{number}": Sum("amount", filter=part) for number, part in enumerate(parts)}
    for row in rows.order_by().values("currency").annotate(**asked):
        for number, part in enumerate(sums):
            if (total := row[f"part_{number}"]) is not None:
                part[row["currency"]] = -total if is_owed else total
    return sums


def _conversion_postings(run: Run) -> QuerySet[Any]:
    entries = LedgerEntry.objects.filter(posting__run=run, account=LedgerAccount.CONVERSION)
    return entries.order_by().values("posting_id")


def _settled(amount: Decimal, currency: str) -> Decimal:
    return money.settle(amount, currency=currency)
