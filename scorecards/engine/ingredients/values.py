"""
What a measurement of ingredients hands back: the sums that are known, and for each
that is not, why not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from scorecards.engine.cuts import Cuts
from scorecards.engine.facts import ZERO, Conventions, Subject
from scorecards.engine.windows import Window


@dataclass(frozen=True)
class Ingredients:
    """Sums by name; `absent` gives the reason for each that is not known."""

    values: Mapping[str, Decimal] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: Ingredients) -> Ingredients:
        return Ingredients(values={**self.values, **other.values}, absent={**self.absent, **other.absent})


@dataclass(frozen=True)
class Reading:
    """What an ingredient is measured over: the cut facts, the subject, the window, the counting rules."""

    cuts: Cuts
    subject: Subject
    window: Window
    conventions: Conventions


Key = TypeVar("Key", bound=Hashable)
Measure = Callable[[Reading], Ingredients]


def known(**values: Decimal | int) -> Ingredients:
    """Return ingredients that are all known."""
    return Ingredients(values={name: Decimal(value) for name, value in values.items()})


def absent(reason: str, *names: str) -> Ingredients:
    """Return ingredients that are all unknown for one reason."""
    return Ingredients(absent=dict.fromkeys(names, reason))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of decimals; of none it is zero."""
    return sum(amounts, ZERO)


def money(reading: Reading, amounts: Iterable[tuple[Decimal, str]]) -> Decimal:
    """
    Return the sum of amounts with their currencies, in the currency of the reading.

    Each currency is added up before it is converted, so that the order of the facts
    cannot move the last digit.
    """
    by_currency: dict[str, Decimal] = {}
    for amount, currency in amounts:
        by_currency[currency] = by_currency.get(currency, ZERO) + amount
    return total(reading.cuts.amount(by_currency[currency], currency) for currency in sorted(by_currency))


def money_by_key(reading: Reading, amounts: Iterable[tuple[Key, Decimal, str]]) -> dict[Key, Decimal]:
    """Return the sums of amounts by key, each as `money` adds it up."""
    by_key: dict[Key, list[tuple[Decimal, str]]] = {}
    for key, amount, currency in amounts:
        by_key.setdefault(key, []).append((amount, currency))
    return {key: money(reading, of_key) for key, of_key in by_key.items()}
