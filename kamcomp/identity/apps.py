"""Who may sign in, and in which roles, by date."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "kamcomp.identity"
    label = "identity"

    def ready(self) -> None:
        """Listen to the signals of signing in."""
        from kamcomp.identity import watching

        watching.join()
