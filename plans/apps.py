"""The deal: plans, their versions as documents, who is on them."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "plans"

    def ready(self) -> None:
        """Say who sees which rows."""
        from plans import visibility  # noqa: F401
