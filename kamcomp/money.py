"""
Money: the only place that rounds.

An amount is a plain Decimal beside an ISO 4217 currency code. Between the facts and the
payout nothing is rounded: values are exact or carry 34 digits. A payout is then settled
once, in two steps, and everything that explains it is split from the settled amount, so
that parts always sum to the whole. Pure: no Django.
Rule: docs/reference/formulas.md, "Settling" and "Splitting".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction
from functools import wraps
from itertools import repeat
from typing import ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from kamcomp.columns import Column, as_column, is_exact, sums_by
from kamcomp.refusal import Refusal
from kamcomp.trace import decimal_texts

# Every exact calculation runs in this context. Rounding of the 34th digit is half-even;
# no amount is settled by it.
CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

# Settling needs room for 20 decimals behind any amount of 34 digits.
_SETTLING = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_TAIL = Decimal(1).scaleb(-20)
_HALF_UP, _FLOOR = _SETTLING.copy(), _SETTLING.copy()
_HALF_UP.rounding, _FLOOR.rounding = ROUND_HALF_UP, ROUND_FLOOR

# ISO 4217 list one, by number of minor-unit digits.
_DIGITS: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
    "HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP "
    "MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
    "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS "
    "VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_DIGITS: dict[str, int] = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Amounts = TypeVar("Amounts", Decimal, Column)


class UnknownCurrency(Refusal):
    """A currency code is not on the ISO 4217 list."""


class CurrencyMismatch(Refusal):
    """Amounts of different currencies met without a stored rate between them."""


class NotInMinorUnits(Refusal):
    """An amount to be split is not a whole number of the currency's minor units."""


class NothingToSplitBy(Refusal):
    """A split has no positive weight to split by, or a weight is negative."""


@dataclass(frozen=True)
class Money:
    """An amount with its currency, for the places where amounts of several currencies meet."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(amount=CONTEXT.add(self.amount, self._same(other)), currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(amount=CONTEXT.subtract(self.amount, self._same(other)), currency=self.currency)

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(
                "%(currency)s and %(other_currency)s cannot be added: convert one with a stored rate first.",
                currency=self.currency,
                other_currency=other.currency,
            )
        return other.amount


def exactly(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Return the function so that it computes in `CONTEXT`, whatever context its caller happens to have."""

    @wraps(function)
    def computed(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return computed


def minor_units(currency: str) -> int:
    """
    Return the number of decimals of a currency's minor unit: EUR 2, JPY 0, KWD 3.

    :raises UnknownCurrency: if the code is not on the ISO 4217 list.
    """
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(
            "%(currency)s is not an ISO 4217 currency code: use one such as EUR, USD or JPY.",
            currency=f"{currency!r}",
        ) from None


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency: EUR 0.01, JPY 1."""
    return Decimal(1).scaleb(-minor_units(currency))


def settle(amounts: Amounts, *, currency: str) -> Amounts:
    """
    Return an amount, or a column of amounts, settled to the currency's minor unit.

    Two steps: quantise to 20 decimals half-even, which removes the tail of a quotient
    (11,615.52499...9 is 11,615.525), then half-up to the minor unit. Half-up is away
    from zero, so that an amount and its reversal settle to the same figure.

    A float column comes back as it is: it is never paid.
    Source: docs/reference/formulas.md, "Settling".
    """
    unit = minor_unit(currency)
    if not isinstance(amounts, np.ndarray):
        return _half_up(amounts, unit)
    if not is_exact(amounts):
        return amounts
    column: Column = as_column(_all_half_up(amounts, unit))
    return column


def floor_settled(amounts: Amounts, *, currency: str) -> Amounts:
    """Return amounts rounded down to the minor unit, after the same removal of the tail: for ceilings."""
    unit = minor_unit(currency)
    return _each(amounts, lambda amount: _tailless(amount).quantize(unit, ROUND_FLOOR, _SETTLING))


def ceiling_settled(amounts: Amounts, *, currency: str) -> Amounts:
    """Return amounts rounded up to the minor unit, after the same removal of the tail: for floors."""
    unit = minor_unit(currency)
    return _each(amounts, lambda amount: _tailless(amount).quantize(unit, ROUND_CEILING, _SETTLING))


def without_tail(amounts: Amounts) -> Amounts:
    """
    Return figures without the tail of a quotient: the first step of settling, for comparisons.

    A computed ratio of 0.49999...9 (34 digits) that is 0.5 when computed exactly is 0.5 here. A float column
    comes back as it is.
    Source: docs/reference/formulas.md, "Columns".
    """
    return _each(amounts, _tailless)


def to_decimals(value: Decimal, digits: int) -> Decimal:
    """Return a figure for showing (a percentage, a ratio) with so many decimals, by the same two steps."""
    return _half_up(value, Decimal(1).scaleb(-digits))


def decimals_text(values: Iterable[Decimal], digits: int) -> list[str]:
    """Return figures for showing, each with so many decimals by the same two steps, as text."""
    return decimal_texts(_all_half_up(values, Decimal(1).scaleb(-digits)))


def settled_text(amounts: Iterable[Decimal], *, currency: str) -> list[str]:
    """Return amounts as text with the decimals of their currency, settling those that are not settled yet."""
    unit, digits, values = minor_unit(currency), minor_units(currency), list(amounts)
    if len(values) > 1 and values[0] is values[-1] and len(set(map(id, values))) == 1:  # what nobody has
        return settled_text(values[:1], currency=currency) * len(values)
    texts = list(map(str, values))
    if "E" in "".join(texts) or not digits:
        return [f"{_half_up(amount, unit):f}" for amount in values]
    point = -digits - 1
    return [
        text if text[point:-digits] == "." and text[0] != "-" else f"{_half_up(amount, unit):f}"
        for text, amount in zip(texts, values, strict=True)
    ]


def is_settled(amount: Decimal, *, currency: str) -> bool:
    """Tell whether an amount is a whole number of the currency's minor units."""
    return amount == _half_up(amount, minor_unit(currency))


def split(
    total: Decimal, weights: Sequence[Decimal | Fraction | int], *, currency: str, keys: Sequence[Hashable]
) -> list[Decimal]:
    """
    Return `total` split in proportion to `weights`, whole minor units, summing to it exactly.

    Each part is first rounded down (towards minus infinity); the units left go one each to
    the largest remainders, ties by `keys` in rising order. Exact: remainders are compared
    as rationals, so scaling or reordering the weights changes nothing.
    Source: docs/reference/formulas.md, "Splitting".

    :raises NotInMinorUnits: if `total` is not settled.
    :raises NothingToSplitBy: if a weight is negative or none is positive.
    """
    shares = [Fraction(weight) for weight in weights]
    whole = sum(shares, Fraction(0))
    if whole <= 0 or min(shares) < 0:
        raise NothingToSplitBy(
            "%(total)s %(currency)s cannot be split: the weights must be positive, or zero for some.",
            total=total,
            currency=currency,
        )
    unit = minor_unit(currency)
    units = _units(total, unit, currency)
    return [
        part * unit for part in _largest_remainders(units, [units * share / whole for share in shares], keys)
    ]


def split_parts(
    total: Decimal, parts: Sequence[Decimal], *, currency: str, keys: Sequence[Hashable]
) -> list[Decimal]:
    """
    Return exact `parts`, which may be negative, as whole minor units that sum to `total`.

    `total` is the settled sum of the parts: each part is rounded down and the units left
    go to the largest remainders, ties by `keys`; so no part moves by a whole unit.

    :raises NotInMinorUnits: if `total` is not settled, or is not the settled sum of the parts.
    """
    unit = minor_unit(currency)
    units = _units(total, unit, currency)
    exact = [Fraction(_tailless(part)) / Fraction(unit) for part in parts]
    given = _largest_remainders(units, exact, keys)
    if sum(given) != units:
        raise NotInMinorUnits(
            "The parts of %(total)s %(currency)s do not settle to it.", total=total, currency=currency
        )
    return [part * unit for part in given]


def split_columns(
    *, totals: Column, payee: npt.NDArray[np.int64], parts: Sequence[Column], currency: str
) -> list[Column]:
    """
    Return columns of exact parts as whole minor units that sum to each payee's total.

    `parts` are columns of n rows (one a line of a statement), `payee` names the payee of
    each row, `totals` is a column of p settled amounts, each the settled sum of that
    payee's parts. As `split_parts`, for many payees at once: rounded down, the units left to
    the largest remainders, ties to the earlier row, then to the earlier line.

    :raises NotInMinorUnits: if a total is not the settled sum of its parts.
    """
    if not parts or not is_exact(totals):
        return list(parts)
    unit = minor_unit(currency)
    exact = [as_column(_all_tailless(column)) for column in parts]
    given = [as_column(list(map(_FLOOR.quantize, column, repeat(unit)))) for column in exact]
    sums = np.full(len(totals), Decimal(0), dtype=object)
    for column in given:
        sums = sums + sums_by(payee, column, size=len(totals))
    left = ((totals - sums) / unit).astype(np.int64)
    # The less of a part is left behind its whole units (these are zero or less), the sooner it is given one.
    behind = [whole_part - part for whole_part, part in zip(given, exact, strict=True)]
    if len(payee) == len(totals) and (payee == np.arange(len(payee))).all():
        return _handed_out(totals, left, given, behind, currency=currency)
    remainders, filled = [column.tolist() for column in behind], [column.tolist() for column in given]
    for who, units, mine, rows in _left_of_each(payee, left, remainders):
        if not 0 <= units <= len(mine):
            raise _not_settling(totals[who], currency)
        for place in sorted(range(len(mine)), key=mine.__getitem__)[:units]:
            row, line = divmod(place, len(remainders))
            filled[line][rows[row]] += unit
    return [as_column(column) for column in filled]


def _handed_out(
    totals: Column, left: npt.NDArray[np.int64], given: list[Column], behind: list[Column], *, currency: str
) -> list[Column]:
    """Return the parts of payees who have one row each, their own, with the units left handed out."""
    strange = np.flatnonzero((left < 0) | (left > len(given)))
    if len(strange):
        raise _not_settling(totals[strange[0]], currency)
    order = np.argsort(np.stack(behind, axis=1), axis=1, kind="stable")  # those that are alike stay in order
    more = np.argsort(order, axis=1) < left[:, np.newaxis]
    for line, column in enumerate(given):
        column[more[:, line]] += minor_unit(currency)
    return given


def _not_settling(total: Decimal, currency: str) -> NotInMinorUnits:
    return NotInMinorUnits(
        "The parts of %(totals)s %(currency)s do not settle to it.", totals=total, currency=currency
    )


Left = tuple[int, int, Sequence[Decimal], Sequence[int]]
"""A payee, the units left to be handed out, the remainders of the payee's parts, and the rows they are of."""


def _left_of_each(
    payee: npt.NDArray[np.int64], left: npt.NDArray[np.int64], remainders: Sequence[list[Decimal]]
) -> Iterable[Left]:
    """Return the payees who have units left, with the remainders of all their rows."""
    for who, units, rows in _rows_of_each(payee, left):
        # In the order of rows, and of lines within a row: sorting keeps the order of those that are alike.
        yield who, units, [column[row] for row in rows for column in remainders], rows


def _rows_of_each(
    payee: npt.NDArray[np.int64], left: npt.NDArray[np.int64]
) -> Iterable[tuple[int, int, list[int]]]:
    """Return the payees who have units left to be handed out, with how many, and the rows of each."""
    rows: dict[int, list[int]] = {}
    who = payee.tolist()
    for row in np.flatnonzero(left[payee]).tolist():
        rows.setdefault(who[row], []).append(row)
    units = left.tolist()
    return ((who, units[who], mine) for who, mine in rows.items())


def total_of(amounts: Iterable[Money]) -> Money:
    """
    Return the sum of amounts of one currency.

    :raises CurrencyMismatch: if two currencies meet.
    :raises ValueError: if there are no amounts, and so no currency.
    """
    amounts = list(amounts)
    if not amounts:
        raise ValueError("the sum of no amounts has no currency")
    total = amounts[0]
    for amount in amounts[1:]:
        total = total + amount
    return total


def _each(amounts: Amounts, rule: Callable[[Decimal], Decimal]) -> Amounts:
    if not isinstance(amounts, np.ndarray):
        return rule(amounts)
    if not is_exact(amounts):
        return amounts
    column: Column = as_column([rule(amount) for amount in amounts])
    return column


def _tailless(amount: Decimal) -> Decimal:
    return amount.quantize(_TAIL, ROUND_HALF_EVEN, _SETTLING)


def _all_tailless(amounts: Iterable[Decimal]) -> list[Decimal]:
    return list(map(_SETTLING.quantize, amounts, repeat(_TAIL)))


def _all_half_up(amounts: Iterable[Decimal], unit: Decimal) -> list[Decimal]:
    settled = map(_HALF_UP.quantize, map(_SETTLING.quantize, amounts, repeat(_TAIL)), repeat(unit))
    return [amount or abs(amount) for amount in settled]  # no zero has a sign


def _half_up(amount: Decimal, unit: Decimal) -> Decimal:
    settled = amount.quantize(_TAIL, ROUND_HALF_EVEN, _SETTLING).quantize(unit, ROUND_HALF_UP, _SETTLING)
    return settled if settled else abs(settled)


def _units(total: Decimal, unit: Decimal, currency: str) -> int:
    units = Fraction(total) / Fraction(unit)
    if units.denominator != 1:
        raise NotInMinorUnits(
            "%(total)s %(currency)s is not a whole number of %(unit)s: settle it first.",
            total=total,
            currency=currency,
            unit=unit,
        )
    return units.numerator


def _largest_remainders(units: int, exact: Sequence[Fraction], keys: Sequence[Hashable]) -> list[int]:
    given = [part.numerator // part.denominator for part in exact]
    left = units - sum(given)
    order = sorted(range(len(exact)), key=lambda i: (given[i] - exact[i], keys[i]))
    for place in order[:left] if left > 0 else ():
        given[place] += 1
    return given
