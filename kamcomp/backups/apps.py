"""Backups of the database, proved equal when they are restored."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "kamcomp.backups"
    label = "backups"

    def ready(self) -> None:
        """Give the operators their figure."""
        from kamcomp.backups import gauges  # noqa: F401  importing it adds the reading
