"""Exchange rates. Amounts of different currencies never add without one of these."""

from django.db import models
from django.db.models import F, Q

from kamcomp.currency.choices import RateSet
from kamcomp.records import Fact, currency_field


class FxRate(Fact):
    """One unit of `from_currency` is `rate` units of `to_currency` from `rate_date` on."""

    rate_set = models.CharField(max_length=10, choices=RateSet)
    rate_date = models.DateField()
    from_currency = currency_field()
    to_currency = currency_field()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="fx_rates_one_a_day",
                fields=["rate_set", "from_currency", "to_currency", "rate_date"],
                condition=Q(superseded_at=None),
            ),
            models.CheckConstraint(name="fx_rates_are_positive", condition=Q(rate__gt=0)),
            models.CheckConstraint(
                name="fx_rates_join_two_currencies", condition=~Q(from_currency=F("to_currency"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_currency}/{self.to_currency} {self.rate} ({self.rate_set}, {self.rate_date})"
