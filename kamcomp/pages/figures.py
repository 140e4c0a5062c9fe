"""
Figures and dates as the reader's language writes them.

A figure is settled or cut to its decimals by `kamcomp.money`, the only place that rounds,
before it is written; writing never rounds. The minus is U+2212, so that it is as wide as a
plus. What cannot be known is an en dash, never a zero.
Rule: docs/how-to/build-a-screen.md, "Figures".
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_decimal_symbol, get_group_symbol
from django.utils import timezone
from django.utils.translation import get_language, gettext

from kamcomp import money

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"
HUNDRED = Decimal(100)
MOST_DECIMALS = 10


def locale_now() -> Locale:
    """Return the locale of the language in force; English where there is none."""
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def money_text(amount: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount with its currency and all its minor digits: EUR 6,457.50 as €6,457.50; with + if `signed`."""
    if amount is None:
        return NONE
    settled = money.settle(amount, currency=currency)
    text = format_currency(abs(settled), currency, locale=locale_now())
    # A code, unlike a sign, stands apart from its figure.
    text = text.replace(currency, f"{currency}\N{NO-BREAK SPACE}") if text.startswith(currency) else text
    return _signed(text, settled, signed=signed)


def amount_text(amount: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount without its currency, for columns whose heading or footing names it."""
    if amount is None:
        return NONE
    settled = money.settle(amount, currency=currency)
    digits = money.minor_units(currency)
    return _signed(_decimal(abs(settled), least=digits, most=digits), settled, signed=signed)


def percent_text(ratio: Decimal | None, *, digits: int = 1, signed: bool = False) -> str:
    """Return a ratio as a percentage: Decimal("1.05") is 105.0%."""
    if ratio is None:
        return NONE
    shown = money.to_decimals(money.CONTEXT.multiply(ratio, HUNDRED), digits)
    text = _decimal(abs(shown), least=digits, most=digits)
    space = "\N{NO-BREAK SPACE}" if locale_now().language == "de" else ""
    # A little more than nothing is +0.0%, nothing at all is 0.0%.
    return _signed(f"{text}{space}%", shown or max(ratio, shown), signed=signed)


def number_text(value: Decimal | int | None, *, least: int = 0, most: int = MOST_DECIMALS) -> str:
    """Return a figure with the decimals it has, at least and at most so many."""
    if value is None:
        return NONE
    shown = money.to_decimals(Decimal(value), most)
    return _signed(_decimal(abs(shown), least=least, most=most), shown, signed=False)


def measured_text(value: Decimal | None, *, unit: str) -> str:
    """Return a measured figure in a metric's unit: money without minor digits, shares as percentages."""
    if unit == "points" and value is not None:
        return gettext("%(points)s points") % {"points": number_text(value * 100, most=2)}
    return percent_text(value) if unit == "percent" else number_text(value, most=0 if unit == "money" else 4)


def day_text(day: date | None, *, form: str = "medium") -> str:
    """Return a day: 30 Oct 2026, or 30 October 2026 (`long`), Fri 23 Oct (`weekday`), 2 Oct (`short`)."""
    if day is None:
        return NONE
    shown = timezone.localtime(day).date() if isinstance(day, datetime) else day
    german = locale_now().language == "de"
    patterns = {
        "medium": "d. MMM y" if german else "d MMM y",
        "long": "d. MMMM y" if german else "d MMMM y",
        "weekday": "EEE d. MMM" if german else "EEE d MMM",
        "short": "d. MMM" if german else "d MMM",
    }
    return format_date(shown, format=patterns[form], locale=locale_now())


def moment_text(moment: datetime | None) -> str:
    """Return an instant in the company's time zone: 12 Oct 2026, 06:14."""
    if moment is None:
        return NONE
    clock = format_datetime(timezone.localtime(moment), format="HH:mm", locale=locale_now())
    return f"{day_text(moment)}, {clock}"


def separators() -> tuple[str, str]:
    """Return the decimal and the grouping sign of the reader's language."""
    locale = locale_now()
    return get_decimal_symbol(locale), get_group_symbol(locale)


def _decimal(value: Decimal, *, least: int, most: int) -> str:
    pattern = "#,##0" + ("." + "0" * least + "#" * (most - least) if most else "")
    return format_decimal(value, format=pattern, locale=locale_now())


def _signed(text: str, value: Decimal, *, signed: bool) -> str:
    if value < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if signed and value else text
