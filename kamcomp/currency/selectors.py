"""Reads of exchange rates: the one in force on a day, never inverted, never over a third currency."""

from collections.abc import Iterable
from datetime import date, datetime

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate


def rates_on(
    *, rate_set: RateSet, on: date, pairs: Iterable[tuple[str, str]], known_at: datetime | None = None
) -> dict[tuple[str, str], FxRate]:
    """
    Return the latest rate of each pair (from, to) that was stored for a day up to `on`.

    A pair without a stored rate is left out; the caller says by name what it needed it for.
    With `known_at` they are those believed at that instant, else those believed now.
    """
    wanted = {pair for pair in pairs if pair[0] != pair[1]}
    if not wanted:
        return {}
    believed = FxRate.objects.current() if known_at is None else FxRate.objects.known_at(known_at)
    rates = (
        believed.filter(
            rate_set=rate_set,
            rate_date__lte=on,
            from_currency__in={base for base, _quote in wanted},
            to_currency__in={quote for _base, quote in wanted},
        )
        .order_by("from_currency", "to_currency", "-rate_date")
        .distinct("from_currency", "to_currency")
    )
    found = {(rate.from_currency, rate.to_currency): rate for rate in rates}
    return {pair: found[pair] for pair in wanted if pair in found}
