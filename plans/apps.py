"""The deal: plans, their versions as documents, who is on them."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "plans"

    def ready(self) -> None:
        """Say who sees which rows, and tell the catalogue of translations what the checks say."""
        from kamcomp.pages.told import tells
        from plans import visibility  # noqa: F401
        from plans.checks.registry import words_of_rules

        tells(words_of_rules)
