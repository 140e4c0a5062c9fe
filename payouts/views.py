"""The pages that cross all apps: for now the start page, which says what is there and where the doors are."""

from typing import Any

from django.views.generic import TemplateView


class Home(TemplateView):
    """Show the start page."""

    template_name = "payouts/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        return super().get_context_data(**kwargs)
