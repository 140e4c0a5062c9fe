"""The pages that cross all apps: for now the start page, which says what is there and where the doors are."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView

from payouts.selectors.home import home_periods, home_stock


class Home(TemplateView):
    """Show what is there and where to go on; how much of it, to those who signed in or on one's own machine."""

    template_name = "payouts/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page; a visitor of the demo is shown first whom they can be."""
        if settings.DEMO_MODE and not request.user.is_authenticated:
            return redirect("demo")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the counts and periods, or nothing of them for a visitor."""
        context = super().get_context_data(**kwargs)
        if settings.OPEN_START_PAGE or self.request.user.is_authenticated:
            context |= {"stock": home_stock(), "periods": home_periods()}
        return context
