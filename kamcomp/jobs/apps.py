"""Long work and its true state."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "kamcomp.jobs"
    label = "jobs"
