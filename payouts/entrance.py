"""The first page of the demo: whom to enter as."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from kamcomp.identity.selectors import demo_users
from payouts.demo.personas import CARDS


class Demo(TemplateView):
    """Show the people a visitor can enter as; in demo mode only."""

    template_name = "payouts/demo.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Be there in demo mode only."""
        if not settings.DEMO_MODE:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the cards of those who are here: none while the demo company is being loaded."""
        here = set(demo_users().values_list("username", flat=True))
        cards = [card for card in CARDS if card.username in here]
        return super().get_context_data(title=_("Enter the demo company"), cards=cards, **kwargs)
