"""Who serves a key account: people, pay packages, accounts, memberships."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        """Say who sees which rows, and the roles' names in other languages."""
        from kamcomp.pages.told import tells
        from teams import visibility  # noqa: F401
        from teams.catalogue import words_of_roles

        tells(words_of_roles)
