"""Who serves a key account: people, pay packages, accounts, memberships."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        """Say who sees which rows."""
        from teams import visibility  # noqa: F401
