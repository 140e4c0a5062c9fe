"""Whether the system is alive, and its figures for operators."""

from django.apps import AppConfig


class PulseConfig(AppConfig):
    name = "kamcomp.pulse"
    label = "pulse"
