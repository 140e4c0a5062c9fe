"""How well: metrics, targets, facts and the results computed from them."""

from django.apps import AppConfig


class ScorecardsConfig(AppConfig):
    name = "scorecards"

    def ready(self) -> None:
        """Say who sees which rows, and tell the catalogue of translations what the library's metrics are called."""
        from kamcomp.pages.told import tells
        from scorecards import visibility  # noqa: F401
        from scorecards.engine.library import words_of_library

        tells(words_of_library)
