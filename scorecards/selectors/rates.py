"""Plan rates: one set for a fiscal year, so that results are in constant currency."""

from datetime import date, datetime

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from scorecards.engine.rates import Rates


def plan_rates(*, year_since: date, year_until: date, known_at: datetime) -> Rates:
    """
    Return the plan rates of the fiscal year `[year_since, year_until)` as known at an instant.

    Of each pair the newest rate dated up to the year's first day; where the pair was first
    given a rate within the year, that one. Restated rates count as they were known then.
    """
    rows = (
        FxRate.objects.known_at(known_at)
        .filter(rate_set=RateSet.PLAN, rate_date__lt=year_until)
        .order_by("rate_date")
        .values_list("from_currency", "to_currency", "rate_date", "rate")
    )
    table = {}
    for source, target, dated, rate in rows:
        if dated <= year_since or (source, target) not in table:
            table[source, target] = rate
    return Rates(table)
