"""What all of the oracle stands on: exact numbers, minor units, and the two ways a figure is not there."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from tests.oracle.facts import Stint

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
ONE, ZERO = Fraction(1), Fraction(0)


class Blocked(Exception):
    """The payee cannot be computed."""


class NotEligible(Exception):
    """Nobody was present over the window whose target is prorated."""


def numbers(document: Any) -> Any:
    """Return a document with every decimal string as a fraction."""
    if isinstance(document, dict):
        return {key: numbers(value) for key, value in document.items()}
    if isinstance(document, list):
        return [numbers(value) for value in document]
    if isinstance(document, str) and DECIMAL.fullmatch(document):
        return Fraction(document)
    return document


def settled(exact: Fraction, digits: int) -> int:
    """Return an amount in minor units: 20 decimals half-even, then half away from zero."""
    tailless = Fraction(round(exact * 10**20), 10**20)
    units = abs(tailless) * 10**digits
    whole = int(units + Fraction(1, 2))
    return whole if tailless >= 0 else -whole


def value_of(value: Any, stint: Stint) -> Fraction:
    """Return a literal, or the stint's personal parameter of that name."""
    if isinstance(value, dict):
        if value["parameter"] not in stint.parameters:
            raise Blocked(f"no parameter {value['parameter']}")
        return stint.parameters[value["parameter"]].fraction
    return value
