"""What only the demo has: whom to enter as, starting over, and what each persona tries first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from kamcomp.identity.models import User
from kamcomp.identity.selectors import demo_users
from kamcomp.identity.viewing import is_looking
from kamcomp.starting_over import CannotStartOver, start_over_ask
from payouts.demo.personas import CARDS
from payouts.demo.steps import PAGES, page_note, steps_for

HIDDEN = "try_this_hidden"


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


@require_POST
def try_this_hide(request: HttpRequest) -> HttpResponse:
    """Put the list of what to try away, or show it again."""
    if not settings.DEMO_MODE:
        raise Http404
    if request.session.pop(HIDDEN, None) is None:
        request.session[HIDDEN] = True
    return redirect("home")


def try_this(request: HttpRequest) -> dict[str, Any]:
    """Return what a persona of the demo can try, for the home page alone; asked when a template asks."""
    match = request.resolver_match
    if not settings.DEMO_MODE or match is None or match.view_name != "home":
        return {}
    user = request.user
    if not isinstance(user, User) or is_looking(request):
        return {}
    if HIDDEN in request.session:
        return {"try_this_hidden": True}
    steps = steps_for(user)
    return {"try_this": steps, "try_this_done": sum(step.done for step in steps)}


class TryThisMiddleware:
    """Note, in the demo, that a persona opened one of the pages of their list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if settings.DEMO_MODE and request.method == "GET" and answer.status_code == 200:
            match, user = request.resolver_match, request.user
            if match and match.view_name in PAGES and isinstance(user, User) and not is_looking(request):
                page_note(user=user, page=match.view_name)
        return answer
