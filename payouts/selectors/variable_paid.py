"""
What locked periods paid of each account: the variable part of its team's cost (metric M27).

A payout counts to the accounts of its lines; what has no account (a balance posted before,
a cap, payment terms) follows the payout's other lines in proportion. A pool counts to its
account as it was handed out, a correction in the period that posted it, to the accounts of
the payout it corrects, else to its plan's account, else (a ceiling) to those of the person's
payouts. What belongs to no account counts to none. Corrections of a person that come to less
than nothing on balance were not paid, and not taken from what was: later payouts are smaller.
Rule: docs/reference/metrics.md, "M27".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.money import exactly
from payouts.choices import AdjustmentStatus, RunStatus
from payouts.models import Adjustment, Allocation, Payout, PayoutLine, Run
from payouts.selectors.adjustments import OF_A_RULE, owed_on_balance
from scorecards.engine.rates import RateMissing, Rates
from scorecards.selectors.needs import year_days
from scorecards.selectors.rates import plan_rates
from scorecards.selectors.team_pay import VariablePaid
from teams.models import StrategicAccount

ZERO = Decimal(0)
Paid = tuple[UUID, str, Decimal]
"""Account, currency, amount."""


@exactly
def variable_paid(*, period: Period, known_at: Any) -> VariablePaid:
    """
    Return what was paid of every account in each locked period of the fiscal year up to `period`.

    Units: money in the account's plan currency, unrounded, by the account's node and the
    period. An account of which nothing was paid has 0; one that was paid in a currency
    without a plan rate is left out, so that its cost stays unknown.
    """
    year_since, year_until = year_days(period=period)
    rates = plan_rates(year_since=year_since, year_until=year_until, known_at=known_at)
    accounts = {account.pk: account for account in StrategicAccount.objects.all()}
    locked = Period.objects.filter(
        calendar_id=period.calendar_id, status=PeriodStatus.LOCKED, fiscal_year=period.fiscal_year,
        days__startswith__lte=period.days.lower,
    )  # fmt: skip
    paid: dict[tuple[UUID, UUID], Decimal] = {}
    for each in locked.order_by("days"):
        sums: dict[UUID, list[tuple[str, Decimal]]] = defaultdict(list)
        for account_id, currency, amount in _paid_in(period=each):
            sums[account_id].append((currency, amount))
        for account_id, account in accounts.items():
            total = _in_currency(sums[account_id], account.plan_currency, rates)
            if total is not None:
                paid[account.node_id, each.pk] = total
    return paid


def _in_currency(amounts: Iterable[tuple[str, Decimal]], currency: str, rates: Rates) -> Decimal | None:
    total = ZERO
    for source, amount in amounts:
        try:
            total += rates.converted(amount, source=source, target=currency)
        except RateMissing:
            return None
    return total


def _paid_in(*, period: Period) -> Iterator[Paid]:
    run = Run.objects.filter(period=period, is_current=True, status=RunStatus.LOCKED).first()
    if run is None:
        return
    parts = _parts_of_payouts(payouts=Payout.objects.filter(run=run))
    people: dict[UUID, dict[UUID, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    payouts = Payout.objects.filter(run=run).values_list("pk", "person_id", "currency", "amount")
    for payout_id, person_id, currency, amount in payouts:
        for share in _shared(amount, currency, parts.get(payout_id, {})):
            people[person_id][share[0]] += share[2]
            yield share
    shares = Allocation.objects.filter(pool__run=run, amount__isnull=False)
    yield from (
        shares.values_list("pool__account_id", "pool__currency").annotate(total=Sum("amount")).order_by()
    )
    yield from _adjusted_in(period=period, people=people)


def _adjusted_in(*, period: Period, people: Mapping[UUID, Mapping[UUID, Decimal]]) -> Iterator[Paid]:
    of_people = Adjustment.objects.filter(period=period, status=AdjustmentStatus.POSTED, person__isnull=False)
    owed = owed_on_balance(adjustments=of_people)
    posted = [
        (*of, person_id, currency, amount)
        for kind, *of, person_id, currency, amount in of_people.values_list(
            "kind", "corrects_payout_id", "corrects_pool__account_id", "plan_version__plan__account_id",
            "person_id", "currency", "amount",
        )
        if kind in OF_A_RULE or (period.pk, person_id, currency) not in owed
    ]  # fmt: skip
    corrected = {payout_id for payout_id, *_rest in posted if payout_id is not None}
    parts = _parts_of_payouts(payouts=Payout.objects.filter(pk__in=corrected))
    for payout_id, of_pool, of_plan, person_id, currency, amount in posted:
        if parts.get(payout_id):
            yield from _shared(amount, currency, parts[payout_id])
        elif of_pool or of_plan:
            yield of_pool or of_plan, currency, amount
        else:
            yield from _shared(amount, currency, people.get(person_id, {}))


def _parts_of_payouts(*, payouts: Any) -> dict[UUID, dict[UUID, Decimal]]:
    """Return what the lines of each payout come to by account, of those that name one."""
    lines = PayoutLine.objects.filter(payout__in=payouts.values("pk"), account__isnull=False)
    parts: dict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    for payout_id, account_id, total in lines.values_list("payout_id", "account_id").annotate(
        total=Sum("amount")
    ):
        parts[payout_id][account_id] = total
    return parts


def _shared(amount: Decimal, currency: str, parts: Mapping[UUID, Decimal]) -> Iterator[Paid]:
    """Share an amount in proportion to the accounts' parts; evenly where they come to nothing."""
    whole = sum(parts.values(), ZERO)
    for account_id, part in parts.items():
        yield account_id, currency, amount * part / whole if whole else amount / len(parts)
