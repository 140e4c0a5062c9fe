"""How well: metrics, targets, facts and the results computed from them."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    name = "scorecards"

    def ready(self) -> None:
        """Say who sees which rows."""
        from scorecards import visibility  # noqa: F401
