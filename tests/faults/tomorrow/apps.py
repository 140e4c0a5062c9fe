"""The app of tomorrow's migration."""

from django.apps import AppConfig


class TomorrowConfig(AppConfig):
    name = "tests.faults.tomorrow"
    label = "tomorrow"
