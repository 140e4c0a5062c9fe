"""
A person's total over all scopes against their personal ceiling of the year.

Account pools, regional and global plans, corrections: everything the year pays counts.
What passes the ceiling is lost, or carried to a later period of the year, as the company
has set (`personal_ceiling_excess`); either is an amount of its own, never a smaller payout.
Rule: docs/reference/formulas.md, "Caps on money".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from kamcomp import money
from kamcomp.columns import as_column
from kamcomp.currency.choices import RateSet
from kamcomp.currency.selectors import rates_on
from kamcomp.policy.selectors import policy_value
from payouts.choices import AdjustmentKind, AdjustmentStatus, RunStatus
from payouts.engine.accumulation import capped_amount
from payouts.engine.conversion import RateMissing
from payouts.models import Adjustment, Allocation, Payout, Run
from payouts.selectors.adjustments import owed_on_balance
from teams.choices import PackageStatus
from teams.models import PayPackage

ZERO = Decimal(0)
EXCESS_SETTING = "personal_ceiling_excess"
EXCESS = "lost"
"""What becomes of pay above a personal ceiling, unless the company says otherwise: a judgement, so a setting."""

Totals = dict[UUID, dict[str, Decimal]]


@dataclass(frozen=True, kw_only=True)
class CeilingEffect:
    """
    What a ceiling does to one person in one period: `amount` below zero is cut off, above is released.

    `total` is what the year would have paid, in the currency of the amounts; `mixed` says that the
    person's pay is in several currencies, so that nothing is cut and somebody has to look.
    """

    person_id: UUID
    currency: str
    ceiling: Decimal
    total: Decimal
    amount: Decimal
    mixed: bool = False


def ceiling_effects(*, run: Run) -> list[CeilingEffect]:
    """
    Return what personal ceilings change in a run's period, by person id; people they do not touch are left out.

    :raises RateMissing: if a ceiling is in another currency than the pay and no plan rate is stored.
    """
    last_day = run.period.days.upper - timedelta(days=1)
    excess = policy_value(key=EXCESS_SETTING, on=last_day, default=EXCESS)
    packages = {
        package.person_id: package
        for package in PayPackage.objects.filter(
            ceiling__isnull=False, status=PackageStatus.APPROVED, valid__overlap=run.period.days
        ).order_by("valid")
    }
    now, before, brought = _this_period(run, packages), _this_year(run, packages), _carried(run, packages)
    rates = _Rates.of(packages.values(), totals=now, run=run)
    effects = []
    for person_id in sorted(now, key=str):
        package, earned = packages[person_id], now[person_id]
        if len(earned.keys() | before.get(person_id, {}).keys()) > 1:
            effects.append(_mixed(package, earned))
            continue
        for currency, amount in earned.items():
            effect = ceiling_effect(
                package=package,
                currency=currency,
                ceiling=rates.ceiling(package, currency),
                amount=amount,
                before=before.get(person_id, {}).get(currency, ZERO),
                brought=brought.get(person_id, {}).get(currency, ZERO) if excess == "carried" else ZERO,
                excess=excess,
            )
            if effect.amount:
                effects.append(effect)
    return effects


@money.exactly
def ceiling_effect(
    *,
    package: PayPackage,
    currency: str,
    ceiling: Decimal,
    amount: Decimal,
    before: Decimal,
    brought: Decimal,
    excess: str,
) -> CeilingEffect:
    """
    Return what a package's ceiling changes in a period's pay; an amount of 0 changes nothing.

    Units: money in `currency`; `before` is what locked periods of the year paid, `brought` what they cut and carried.
    Source: docs/reference/formulas.md, "Personal ceiling".
    """
    room = max(ceiling - before, ZERO)
    capped = capped_amount(
        earned=as_column([max(amount, ZERO)]),
        cap=as_column([room]),
        brought=as_column([brought]),
        excess=excess,
        currency=currency,
    )
    return CeilingEffect(
        person_id=package.person_id,
        currency=currency,
        ceiling=ceiling,
        total=before + amount,
        amount=capped.amount[0] - max(amount, ZERO),
    )


def _mixed(package: PayPackage, earned: dict[str, Decimal]) -> CeilingEffect:
    currency = min(earned, default=package.currency)
    return CeilingEffect(
        person_id=package.person_id,
        currency=currency,
        ceiling=package.ceiling or ZERO,
        total=earned.get(currency, ZERO),
        amount=ZERO,
        mixed=True,
    )


def _this_period(run: Run, people: Iterable[UUID]) -> Totals:
    return _totals(
        Payout.objects.filter(run=run, person__in=people),
        Allocation.objects.filter(pool__run=run, person__in=people),
        Adjustment.objects.filter(
            period=run.period,
            person__in=people,
            status__in=[AdjustmentStatus.APPROVED, AdjustmentStatus.POSTED],
        ).exclude(kind=AdjustmentKind.CEILING),
    )


def _this_year(run: Run, people: Iterable[UUID]) -> Totals:
    """Return what locked periods of the fiscal year have paid, by person and currency, cuts included."""
    in_year = Q(
        period__calendar_id=run.calendar_id,
        period__fiscal_year=run.period.fiscal_year,
        period__days__startswith__lt=run.period.days.lower,
    )
    pools = Q(
        pool__period__calendar_id=run.calendar_id,
        pool__period__fiscal_year=run.period.fiscal_year,
        pool__period__days__startswith__lt=run.period.days.lower,
        pool__run__status=RunStatus.LOCKED,
    )
    return _totals(
        Payout.objects.filter(in_year, run__status=RunStatus.LOCKED, person__in=people),
        Allocation.objects.filter(pools, person__in=people),
        Adjustment.objects.filter(in_year, status=AdjustmentStatus.POSTED, person__in=people),
    )


def _carried(run: Run, people: Iterable[UUID]) -> Totals:
    """Return what ceilings cut off earlier in the fiscal year and have not released, by person and currency."""
    cuts = Adjustment.objects.filter(
        kind=AdjustmentKind.CEILING,
        status=AdjustmentStatus.POSTED,
        person__in=people,
        period__calendar_id=run.calendar_id,
        period__fiscal_year=run.period.fiscal_year,
        period__days__startswith__lt=run.period.days.lower,
    )
    carried: Totals = defaultdict(dict)
    for person_id, currency, total in cuts.values_list("person_id", "currency").annotate(total=Sum("amount")):
        carried[person_id][currency] = -total
    return carried


def _totals(
    payouts: QuerySet[Payout], shares: QuerySet[Allocation], adjustments: QuerySet[Adjustment]
) -> Totals:
    """
    Return what people are paid, by person and currency; what they owe on balance makes no payment smaller.

    A currency that comes to nothing is left out.
    """
    totals: Totals = defaultdict(lambda: defaultdict(lambda: ZERO))
    sources: tuple[QuerySet[Any], ...] = (payouts, shares, adjustments)
    for source in sources:
        currency = "pool__currency" if source.model is Allocation else "currency"
        for person_id, code, total in (
            source.order_by().values_list("person_id", currency).annotate(total=Sum("amount"))
        ):
            totals[person_id][code] += total or ZERO
    for (_period_id, person_id, code), owed in owed_on_balance(adjustments=adjustments).items():
        totals[person_id][code] += owed
    return {
        person_id: {code: total for code, total in given.items() if total}
        for person_id, given in totals.items()
    }


@dataclass(frozen=True)
class _Rates:
    """Plan rates from the ceilings' currencies to those of the pay."""

    rates: dict[tuple[str, str], Decimal]

    @classmethod
    def of(cls, packages: Iterable[PayPackage], *, totals: Totals, run: Run) -> _Rates:
        by_person = {package.person_id: package.currency for package in packages}
        pairs = {
            (by_person[person_id], currency) for person_id, given in totals.items() for currency in given
        }
        found = rates_on(rate_set=RateSet.PLAN, on=run.period.days.upper - timedelta(days=1), pairs=pairs)
        return cls({pair: rate.rate for pair, rate in found.items()})

    @money.exactly
    def ceiling(self, package: PayPackage, currency: str) -> Decimal:
        """Return a package's ceiling in the currency of the pay, rounded down to the minor unit."""
        ceiling = package.ceiling or ZERO
        if package.currency == currency:
            return ceiling
        try:
            rate = self.rates[package.currency, currency]
        except KeyError:
            raise RateMissing(
                "A personal ceiling in %(currency)s stands against pay in %(currency_2)s, and no plan "
                "rate %(currency)s to %(currency_2)s is stored: import one.",
                currency=package.currency,
                currency_2=currency,
            ) from None
        return money.floor_settled(ceiling * rate, currency=currency)
