"""Exchange rates by rate set and day."""

from django.apps import AppConfig


class CurrencyConfig(AppConfig):
    name = "kamcomp.currency"
    label = "currency"
