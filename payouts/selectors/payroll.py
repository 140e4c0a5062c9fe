"""
What a run owes each person, and in which currency payroll pays it.

A person's amounts in plan currency are converted once, last, at the stored payroll rate of
the period's last day; the difference to the amounts converted one by one has its own name.
Rule: docs/reference/formulas.md, "Currency".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from kamcomp.currency.choices import RateSet
from kamcomp.currency.selectors import rates_on
from payouts.choices import AdjustmentStatus
from payouts.engine.conversion import Rate, RateMissing, converted_once
from payouts.models import Adjustment, Allocation, Payout, Run
from payouts.selectors.adjustments import person_nets
from teams.models import Employment

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class PayrollShare:
    """
    One person whom payroll pays in another currency than a plan's.

    `given` are the amounts by plan currency, `converted` what is paid for them, `difference`
    what that is more than the single amounts converted one by one.
    """

    person_id: UUID
    currency: str
    given: Mapping[str, Decimal]
    converted: Decimal
    difference: Decimal


def payroll_shares(
    *, run: Run, on: date, payroll: Mapping[UUID, str] | None = None, known_at: datetime | None = None
) -> list[PayrollShare]:
    """
    Return the people of a run who are paid in another currency, with what they get, by person id.

    In the currencies of `payroll` by person, or of their employments; at the rates believed at
    `known_at`, or now.

    :raises RateMissing: if a payroll rate that is needed is not stored.
    """
    payroll = _payroll_currencies(run=run) if payroll is None else payroll
    foreign = _foreign_amounts(run=run, payroll=payroll)
    pairs = {(currency, payroll[person_id]) for person_id, given in foreign.items() for currency in given}
    rates = {
        pair: Rate(key=str(rate.pk), base=pair[0], quote=pair[1], value=rate.rate)
        for pair, rate in rates_on(rate_set=RateSet.PAYROLL, on=on, pairs=pairs, known_at=known_at).items()
    }
    missing = sorted(pairs - rates.keys())
    if missing:
        base, quote = missing[0]
        raise RateMissing(
            "There is no stored payroll rate from %(base)s to %(quote)s for %(on)s, and people of "
            "%(run)s are paid in %(quote)s: import one.",
            base=base,
            quote=quote,
            on=on,
            run=run,
        )
    return [
        _share(person_id, foreign[person_id], payroll[person_id], rates=rates)
        for person_id in sorted(foreign, key=str)
    ]


def _share(
    person_id: UUID,
    given: Mapping[str, Mapping[str, Decimal]],
    currency: str,
    *,
    rates: Mapping[tuple[str, str], Rate],
) -> PayrollShare:
    converted, difference = ZERO, ZERO
    for plan_currency, lines in given.items():
        paid = converted_once(
            lines=lines,
            currency=plan_currency,
            rate=rates[plan_currency, currency],
            payroll_currency=currency,
        )
        converted, difference = converted + paid.amount, difference + paid.difference
    return PayrollShare(
        person_id=person_id,
        currency=currency,
        given={plan_currency: sum(lines.values(), ZERO) for plan_currency, lines in given.items()},
        converted=converted,
        difference=difference,
    )


def _payroll_currencies(*, run: Run) -> dict[UUID, str]:
    """Return the payroll currency of each person by the last employment begun by the period's end, ended or not."""
    rows = (
        Employment.objects.filter(valid__startswith__lt=run.period.days.upper)
        .order_by("person_id", "-valid")
        .distinct("person_id")
        .values_list("person_id", "payroll_currency")
    )
    return dict(rows)


def _foreign_amounts(*, run: Run, payroll: Mapping[UUID, str]) -> dict[UUID, dict[str, dict[str, Decimal]]]:
    """Return by person and plan currency the amounts that payroll pays in another currency, by what they are for."""
    found: dict[UUID, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for person_id, currency, key, amount in _amounts(run=run, payroll=payroll):
        if amount and payroll.get(person_id, currency) != currency:
            found[person_id][currency][key] = amount
    return {
        person_id: given
        for person_id, given in found.items()
        if any(sum(lines.values(), ZERO) for lines in given.values())
    }


def _amounts(*, run: Run, payroll: Mapping[UUID, str]) -> Iterable[tuple[UUID, str, str, Decimal]]:
    currencies = set(payroll.values())
    elsewhere = Q() if len(currencies) != 1 else ~Q(currency__in=currencies)
    payouts = Payout.objects.filter(elsewhere, run=run).values_list("person_id", "currency", "pk", "amount")
    for person_id, currency, key, amount in payouts.iterator():
        yield person_id, currency, str(key), amount
    shares = Allocation.objects.filter(pool__run=run, amount__gt=0)
    for person_id, currency, key, amount in shares.values_list("person_id", "pool__currency", "pk", "amount"):
        yield person_id, currency, str(key), amount
    adjustments = Adjustment.objects.filter(
        elsewhere,
        period=run.period,
        person__isnull=False,
        status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
    )
    for person_id, currency, key, amount in adjustments.values_list("person_id", "currency", "pk", "amount"):
        yield person_id, currency, str(key), amount
    for (person_id, currency), net in person_nets(period=run.period).items():
        if net < 0:
            yield person_id, currency, "owed", -net
