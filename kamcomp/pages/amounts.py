"""
Amounts as people type them: 1,234.56 and 1.234,56, a share of the whole as 12%, a step as +250 or -250.

Both ways of writing are taken where only one reading is possible; where both are (1.234
may be a thousand or a little more than one), the reader's own language decides. Pure but
for that question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from kamcomp import money
from kamcomp.pages.figures import separators
from kamcomp.refusal import Refusal

SIGNS = {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"}
SPACES = ("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", " ", "'", "\N{RIGHT SINGLE QUOTATION MARK}")
LONGEST = 24
PLAIN = re.compile(r"\d+(?:\.\d+)?")


class AmountUnreadable(Refusal):
    """What was typed is not an amount."""


def number_read(text: str, *, decimal_sign: str = "") -> Decimal:
    """
    Return the number that `text` writes, from zero up; `decimal_sign` decides where both readings are possible.

    :raises AmountUnreadable: if it is none, or is too long to be one.
    """
    decimal_sign = decimal_sign or separators()[0]
    typed = _bare(text)
    marks = [sign for sign in typed if sign in ".,"]
    if len(set(marks)) == 2:
        decimal_sign = marks[-1]
    elif len(marks) > 1:
        decimal_sign = "," if marks[0] == "." else "."
    elif marks and len(typed.rsplit(marks[0], 1)[1]) != 3:
        decimal_sign = marks[0]
    group_sign = "," if decimal_sign == "." else "."
    plain = typed.replace(group_sign, "").replace(decimal_sign, ".")
    grouped = group_sign in typed and not _grouped_by_three(typed, group_sign, decimal_sign)
    if len(typed) > LONGEST or grouped or not (plain.isascii() and PLAIN.fullmatch(plain)):
        raise AmountUnreadable(
            "“%(text)s” is not an amount: write it like %(example)s.", text=text[:LONGEST], example=_example()
        )
    return Decimal(plain)


def decimal_sign_of(texts: Iterable[str]) -> str:
    """Return the decimal sign that texts of one hand agree on where it shows, as in 1.234,56 and 0,5; else ""."""
    signs = set()
    for text in texts:
        typed = _bare(text).rstrip("%").lstrip("+-")
        marks = [sign for sign in typed if sign in ".,"]
        if not typed.replace(".", "").replace(",", "").isdigit() or not marks:
            continue
        if len(set(marks)) == 2:
            signs.add(marks[-1])
        elif len(marks) > 1:
            signs.add("," if marks[0] == "." else ".")
        elif len(typed.rsplit(marks[0], 1)[1]) != 3:
            signs.add(marks[0])
    return signs.pop() if len(signs) == 1 else ""


@money.exactly
def figure_read(text: str, *, as_share: bool, decimal_sign: str = "") -> Decimal:
    """
    Return the figure that `text` writes, of either sign; with `as_share` 94 and 94% are both 0.94.

    :raises AmountUnreadable: if it is none.
    """
    typed = _bare(text)
    negative = typed.startswith("-")
    value = number_read(typed.lstrip("+-").rstrip("%"), decimal_sign=decimal_sign)
    if typed.endswith("%") and not as_share:
        raise AmountUnreadable(
            "“%(text)s” is a share, and this is not measured in per cent.", text=text[:LONGEST]
        )
    value = value / 100 if as_share else value
    return -value if negative else value


@money.exactly
def amount_read(text: str, *, whole: Decimal, before: Decimal, currency: str) -> Decimal:
    """
    Return the amount that `text` says: as it stands, as a share of `whole` (12%), or as a step from `before` (+250).

    A share is settled to the currency's minor unit. A step never leads below zero.

    :raises AmountUnreadable: if it says none of these, or has more decimals than the currency.
    """
    typed = _bare(text)
    if typed.endswith("%"):
        return money.settle(whole * number_read(typed[:-1]) / 100, currency=currency)
    if typed[:1] in ("+", "-"):
        step = number_read(typed[1:])
        after = before + (step if typed[0] == "+" else -step)
        if after < 0:
            raise AmountUnreadable(
                "“%(text)s” leads below zero: nobody pays into a pool.", text=text[:LONGEST]
            )
        return _payable(after, text=text, currency=currency)
    return _payable(number_read(typed), text=text, currency=currency)


def signed_read(text: str, *, currency: str) -> Decimal:
    """
    Return the amount that `text` says, below zero where a minus stands before it: 250,00 or -250.

    :raises AmountUnreadable: if it says none, or has more decimals than the currency.
    """
    typed = _bare(text)
    size = number_read(typed[1:] if typed[:1] in ("+", "-") else typed)
    return _payable(-size if typed[:1] == "-" else size, text=text, currency=currency)


def _payable(amount: Decimal, *, text: str, currency: str) -> Decimal:
    if not money.is_settled(amount, currency=currency):
        digits = money.minor_units(currency)
        raise AmountUnreadable(
            "“%(text)s” has more than %(digits)s decimals, and %(currency)s has %(digits)s.",
            text=text[:LONGEST],
            digits=digits,
            currency=currency,
        )
    return amount


def _bare(text: str) -> str:
    bare = text.strip()
    for sign, plain in SIGNS.items():
        bare = bare.replace(sign, plain)
    for space in SPACES:
        bare = bare.replace(space, "")
    return bare


def _grouped_by_three(typed: str, group_sign: str, decimal_sign: str) -> bool:
    first, *rest = typed.split(decimal_sign)[0].split(group_sign)
    return 1 <= len(first) <= 3 and all(len(part) == 3 for part in rest)


def _example() -> str:
    decimal_sign, group_sign = separators()
    return f"1{group_sign}234{decimal_sign}56, 12% or +250"
