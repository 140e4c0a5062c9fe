"""The first page of the demo: whom to enter as; and starting the demo over."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from kamcomp.identity.selectors import demo_users
from kamcomp.starting_over import CannotStartOver, start_over_ask
from payouts.demo.personas import CARDS


class InDemo(TemplateView):
    """A page that is there in demo mode only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Be there in demo mode only."""
        if not settings.DEMO_MODE:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class Demo(InDemo):
    """Show the people a visitor can enter as."""

    template_name = "payouts/demo.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the cards of those who are here: none while the demo company is being loaded."""
        here = set(demo_users().values_list("username", flat=True))
        cards = [card for card in CARDS if card.username in here]
        return super().get_context_data(title=_("Enter the demo company"), cards=cards, **kwargs)


class DemoReset(InDemo):
    """Say what starting over takes away, and ask for it: it cannot be undone."""

    template_name = "payouts/demo_reset.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the title; `can_start_over` comes with the banners."""
        return super().get_context_data(title=_("Start the demo over"), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for it; from here on every page waits until it is done."""
        try:
            start_over_ask()
        except CannotStartOver as refusal:
            context = self.get_context_data(refusal=str(refusal))
            return self.render_to_response(context, status=422)
        return redirect("demo")
