"""
Filling a pool: relative wishes become amounts inside limits that sum to the pool.

Whoever's proportional amount would leave a limit gets the limit, and the rest is shared
again between the others, as water finds its level. Wishes are exact rationals, so that
no amount depends on how a quotient was cut off. The rule is written down in
docs/reference/formulas.md, "Pool allocation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kamcomp import money
from kamcomp.refusal import Listing, Refusal, Word

ZERO = Decimal(0)


class NobodyToShareWith(Refusal):
    """A pool has money and no member with any weight."""


class WishBelowZero(Refusal):
    """A wish, which is a proportion, is below zero."""


class LimitsCannotHoldPool(Refusal):
    """
    The limits leave no allocation that sums to the pool; `bound` names the limit that stands in the way:
    "floors", "ceilings", "matrix_at_least".
    """

    def __init__(self, sentence: str, /, *, bound: str, **values: object) -> None:
        super().__init__(sentence, **values)
        self.bound = bound


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The least and most money one member may get, and which limit sets each."""

    low: Decimal
    high: Decimal
    low_because: str = Word("guideline floor")
    high_because: str = Word("guideline ceiling")


@money.exactly
def fill(
    *,
    total: Decimal,
    wishes: Mapping[str, Decimal | Fraction | int],
    limits: Mapping[str, Limits],
    currency: str,
    matrix: frozenset[str] = frozenset(),
    matrix_least: Decimal = ZERO,
) -> dict[str, Decimal]:
    """
    Return amounts in proportion to the wishes, inside the limits, that sum to the total.

    Whoever's proportional amount would leave a limit gets that limit, and the rest is
    shared again between the others (water-filling); what is left is split by largest
    remainder, ties by key. When the matrix members' amounts would stay under their
    least, they share exactly that least and the direct members the rest.

    Shape: one amount by key of `wishes`; `limits` has the same keys.
    Units: money in `currency`, whole minor units; wishes are proportions, not below zero.
    Source: docs/reference/formulas.md, "Pool allocation".

    :raises NobodyToShareWith: if there is money and no wish above zero.
    :raises WishBelowZero: if a wish is below zero.
    :raises LimitsCannotHoldPool: if the floors pass the total, or the ceilings do not reach it.
    """
    amounts = _filled(total=total, wishes=wishes, limits=limits, currency=currency)
    if sum((amounts[key] for key in matrix), ZERO) >= matrix_least:
        return amounts
    inside = {key: wishes[key] for key in wishes if key in matrix}
    outside = {key: wishes[key] for key in wishes if key not in matrix}
    try:
        return _filled(total=matrix_least, wishes=inside, limits=limits, currency=currency) | _filled(
            total=total - matrix_least, wishes=outside, limits=limits, currency=currency
        )
    except (LimitsCannotHoldPool, NobodyToShareWith) as refusal:
        raise LimitsCannotHoldPool(
            "The matrix members cannot get their least of %(matrix_least)s %(currency)s: %(refusal)s",
            matrix_least=matrix_least,
            currency=currency,
            refusal=refusal,
            bound="matrix_at_least",
        ) from refusal


@money.exactly
def spread_rest(
    *,
    total: Decimal,
    typed: Mapping[str, Decimal],
    guideline: Mapping[str, Decimal],
    limits: Mapping[str, Limits],
    currency: str,
) -> dict[str, Decimal]:
    """
    Return the typed amounts, and for all others their part of what is left, by guideline.

    Shape: `typed` holds the members whose amount stays; the result has all keys of `guideline`.
    Units: money in `currency`; the amounts sum to `total`.
    Source: docs/reference/formulas.md, "Pool allocation".

    :raises NobodyToShareWith: if money is left and every amount is typed, or the others have no guideline.
    :raises LimitsCannotHoldPool: if what is left does not fit into the others' limits.
    """
    others = {key: share for key, share in guideline.items() if key not in typed}
    rest = total - sum(typed.values(), ZERO)
    return dict(typed) | _filled(total=rest, wishes=others, limits=limits, currency=currency)


def _filled(
    *,
    total: Decimal,
    wishes: Mapping[str, Decimal | Fraction | int],
    limits: Mapping[str, Limits],
    currency: str,
) -> dict[str, Decimal]:
    weight = {key: Fraction(wish) for key, wish in wishes.items()}
    for key in sorted(weight):
        if weight[key] < 0:
            raise WishBelowZero(
                "The wish for %(key)s is %(wishes)s: a proportion is zero or more.",
                key=key,
                wishes=wishes[key],
            )
    _check_fits(total=total, weight=weight, limits=limits, currency=currency)
    amounts = {key: limits[key].low for key in weight if not weight[key]}
    free = {key for key in weight if weight[key]}
    while free:
        rest = Fraction(total - sum(amounts.values(), ZERO))
        whole = sum(weight[key] for key in free)
        over = {
            key: limits[key].high for key in free if rest * weight[key] > Fraction(limits[key].high) * whole
        }
        under = {
            key: limits[key].low for key in free if rest * weight[key] < Fraction(limits[key].low) * whole
        }
        if not over and not under:
            break
        share = {key: rest * weight[key] / whole for key in free}
        excess = sum(share[key] - Fraction(high) for key, high in over.items())
        lack = sum(Fraction(low) - share[key] for key, low in under.items())
        stopped = over if excess >= lack else under
        amounts |= stopped
        free -= stopped.keys()
    keys = sorted(free)
    if keys:
        rest_money = total - sum(amounts.values(), ZERO)
        shares = money.split(rest_money, [weight[key] for key in keys], currency=currency, keys=keys)
        amounts |= dict(zip(keys, shares, strict=True))
    return {key: amounts[key] for key in weight}


def _check_fits(
    *, total: Decimal, weight: Mapping[str, Fraction], limits: Mapping[str, Limits], currency: str
) -> None:
    floors = sum((limits[key].low for key in weight), ZERO)
    if floors > total:
        highest = max(weight, key=lambda key: (limits[key].low, key))
        raise LimitsCannotHoldPool(
            "The floors sum to %(floors)s %(currency)s, %(over)s more than the %(total)s to share; the "
            "highest is %(low)s for %(highest)s (%(low_because)s). Lower it.",
            floors=floors,
            currency=currency,
            over=floors - total,
            total=total,
            low=limits[highest].low,
            highest=highest,
            low_because=limits[highest].low_because,
            bound="floors",
        )
    if total > ZERO and not any(weight.values()) and floors != total:
        raise NobodyToShareWith(
            "There are %(total)s %(currency)s to share and no member with any weight: add a member.",
            total=total,
            currency=currency,
        )
    reach = sum((limits[key].high if weight[key] else limits[key].low for key in weight), ZERO)
    if reach < total:
        reasons = sorted({limits[key].high_because for key in weight if weight[key]})
        raise LimitsCannotHoldPool(
            "The ceilings (%(reasons)s) reach %(reach)s %(currency)s, %(under)s less than the "
            "%(total)s to share. Raise a ceiling, add a member, or leave the rest in reserve.",
            reasons=Listing(reasons),
            reach=reach,
            currency=currency,
            under=total - reach,
            total=total,
            bound="ceilings",
        )
