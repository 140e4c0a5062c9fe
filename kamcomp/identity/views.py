"""Looking as somebody else, and entering the demo company as one of its people."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from kamcomp.identity import services
from kamcomp.identity.forms import Looking
from kamcomp.identity.models import User
from kamcomp.identity.selectors import demo_users, users_to_look_as
from kamcomp.identity.viewing import KEY, may_look, real_user
from kamcomp.pages.screens import Screen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal

SHOWN = 50


class ViewAs(Screen, TemplateView):
    """Choose whom to look as; for comp admins."""

    template_name = "identity/view_as.html"
    title = _("View as")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Be there for comp admins only."""
        if request.user.is_authenticated and not may_look(user=_user(request)):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the users found, at most fifty, and how many there are."""
        form = Looking(self.request.GET)
        words = form.cleaned_data["q"] if form.is_valid() else ""
        found = users_to_look_as(words=words, by=_user(self.request))
        return super().get_context_data(form=form, users=found[:SHOWN], count=found.count(), **kwargs)


class ViewAsBegin(View):
    """Begin to look as a user."""

    def post(self, request: HttpRequest, user_id: str) -> HttpResponse:
        """Note it, and go to that user's home."""
        if not request.user.is_authenticated or not may_look(user=_user(request)):
            raise Http404
        chosen = get_object_or_404(User, pk=user_id)
        try:
            services.view_as_begin(user=chosen, by=_user(request), at=timezone.now())
        except Refusal as refusal:
            return render(request, "identity/only_looking.html", {"refusal": worded(refusal)}, status=422)
        request.session[KEY] = str(chosen.pk)
        return redirect("home")


@require_POST
def view_as_end(request: HttpRequest) -> HttpResponse:
    """Stop looking as somebody, and go back to whom one may choose."""
    chosen = User.objects.filter(pk=request.session.pop(KEY, None)).first()
    if chosen is None or not request.user.is_authenticated:
        return redirect("home")
    services.view_as_end(user=chosen, by=_user(request))
    return redirect("view-as")


@require_POST
def demo_enter(request: HttpRequest) -> HttpResponse:
    """Enter the demo company as one of its people; nowhere else."""
    if not settings.DEMO_MODE:
        raise Http404
    user = get_object_or_404(demo_users(), username=request.POST.get("user", ""))
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.pop(KEY, None)
    onward = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
    return redirect(onward if onward and safe else "home")


def _user(request: HttpRequest) -> User:
    user = real_user(request)
    assert isinstance(user, User)
    return user
