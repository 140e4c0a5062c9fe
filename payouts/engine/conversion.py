"""
From plan currency to payroll currency: once per payee, last, at a stored rate.

A plan computes, pools and posts in its own currency. What a payee gets is converted as
one amount; the lines are converted for the journal one by one, and the difference
between the two has a name and a ledger account of its own, so that entries still sum
to zero. A rate is never guessed, inverted or chained. The rules are written down in
docs/reference/formulas.md, "Currency".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kamcomp import money
from kamcomp.columns import Column
from kamcomp.refusal import Refusal, Sentence
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)


class RateMissing(Refusal):
    """There is no stored rate for the pair and day that a conversion needs."""


class RateForAnotherPair(Refusal):
    """The rate given converts between other currencies."""


class RateUnsound(Refusal):
    """A rate is zero or below, or a currency's rate to itself is not 1."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A stored rate: one unit of `base` is `value` units of `quote`; `key` is the stored row's id."""

    key: str
    base: str
    quote: str
    value: Decimal

    def __post_init__(self) -> None:
        if self.value <= ZERO:
            raise RateUnsound(
                "The rate %(base)s to %(quote)s is %(value)s: it must be above zero.",
                base=self.base,
                quote=self.quote,
                value=self.value,
            )
        if self.base == self.quote and self.value != 1:
            raise RateUnsound(
                "The rate of %(base)s to itself is %(value)s: it is 1.", base=self.base, value=self.value
            )


@dataclass(frozen=True, kw_only=True)
class Converted:
    """
    A payee's amount in payroll currency.

    `amount` is what is paid; `lines` are the lines converted one by one for the
    journal; lines + `difference` = amount, and the difference goes to its own account.
    """

    amount: Decimal
    lines: Mapping[str, Decimal]
    difference: Decimal
    rate_key: str


def rate_for(*, rates: Mapping[tuple[str, str], Rate], base: str, quote: str) -> Rate:
    """
    Return the stored rate from one currency to another; a currency to itself is 1.

    :raises RateMissing: if the pair is not stored in this direction; neither the other direction nor a
        third currency stands in.
    """
    if base == quote:
        return Rate(key="", base=base, quote=quote, value=Decimal(1))
    try:
        return rates[base, quote]
    except KeyError:
        raise RateMissing(
            "There is no stored rate from %(base)s to %(quote)s for this day: import one.",
            base=base,
            quote=quote,
        ) from None


@money.exactly
def payroll_amounts(
    *, amounts: Column, currency: str, rate: Rate, payroll_currency: str, trace: Trace = NO_TRACE
) -> Column:
    """
    Return what n payees of one payroll currency get: amount x rate, settled once each.

    Shape: a column of one amount per payee. Units: money in `currency` in, in `payroll_currency` out.
    Source: docs/reference/formulas.md, "Currency".

    :raises RateForAnotherPair: if the rate is not from `currency` to `payroll_currency`.
    """
    _check_pair(rate, currency=currency, payroll_currency=payroll_currency)
    converted: Column = money.settle(amounts * rate.value, currency=payroll_currency)
    trace.step("in plan currency", amounts, unit=currency)
    trace.step(
        "in payroll currency",
        converted,
        unit=payroll_currency,
        because=lambda: Sentence("at %(rate)s, converted once", rate=rate.value),
        inputs=("in plan currency",),
    )
    return converted


@money.exactly
def converted_once(
    *,
    lines: Mapping[str, Decimal],
    currency: str,
    rate: Rate,
    payroll_currency: str,
    trace: Trace = NO_TRACE,
) -> Converted:
    """
    Return one payee's lines in payroll currency: the sum converted once, and the difference by name.

    Shape: `lines` by line key, settled; negative lines (recoveries) are welcome.
    Units: money in `currency` in, in `payroll_currency` out.
    Source: docs/reference/formulas.md, "Currency".

    :raises RateForAnotherPair: if the rate is not from `currency` to `payroll_currency`.
    """
    _check_pair(rate, currency=currency, payroll_currency=payroll_currency)
    total = sum(lines.values(), ZERO)
    amount = money.settle(total * rate.value, currency=payroll_currency)
    each = {key: money.settle(line * rate.value, currency=payroll_currency) for key, line in lines.items()}
    difference = amount - sum(each.values(), ZERO)
    trace.step("in plan currency", total, unit=currency)
    trace.step(
        "in payroll currency",
        amount,
        unit=payroll_currency,
        because=lambda: Sentence("at %(rate)s, converted once", rate=rate.value),
        inputs=("in plan currency",),
    )
    trace.step(
        "conversion difference",
        difference,
        unit=payroll_currency,
        because="the amount converted once, less its lines converted one by one",
    )
    return Converted(amount=amount, lines=each, difference=difference, rate_key=rate.key)


def _check_pair(rate: Rate, *, currency: str, payroll_currency: str) -> None:
    if (rate.base, rate.quote) != (currency, payroll_currency):
        raise RateForAnotherPair(
            "The rate %(base)s to %(quote)s cannot convert %(currency)s to %(payroll_currency)s: give "
            "the stored rate of that pair.",
            base=rate.base,
            quote=rate.quote,
            currency=currency,
            payroll_currency=payroll_currency,
        )
