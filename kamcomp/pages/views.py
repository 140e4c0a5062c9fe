"""How a reader likes the pages shown, the documents to read, and the pages for what went wrong."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from kamcomp.audit.context import actor
from kamcomp.pages.help import document
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.shell import THEME_COOKIE, THEMES

A_YEAR = 365 * 24 * 60 * 60


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the system says, and go back."""
    answer = HttpResponseRedirect(_back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=A_YEAR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return answer


def _back(request: HttpRequest) -> str:
    said = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(said, allowed_hosts={request.get_host()})
    return said if said and safe else reverse("home")


class HelpIndex(Screen, TemplateView):
    """List every document there is to read."""

    template_name = "pages/help_page.html"
    title = _("Help")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the documents' own index."""
        return super().get_context_data(document=document(page="README"), **kwargs)


class HelpPage(Screen, TemplateView):
    """Show one document of docs/."""

    template_name = "pages/help_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the document, or 404."""
        found = document(page=self.kwargs["page"])
        if found is None:
            raise Http404
        crumbs = (Crumb(label=_("Help"), url=reverse("help-index")),)
        return super().get_context_data(title=found.title, crumbs=crumbs, document=found, **kwargs)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400: the request itself is broken."""
    return _wrong(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403: this is not for the reader."""
    return _wrong(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404: there is no such page, or it is somebody else's."""
    return _wrong(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500: the fault is ours; nothing half-done was kept. Reads nothing, since reading may be what failed."""
    return render(request, "pages/broken.html", {"reference": actor().request_id}, status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403: the form is too old, or came from elsewhere."""
    return render(request, "pages/csrf.html", {"reference": actor().request_id}, status=403)


def _wrong(request: HttpRequest, status: int) -> HttpResponse:
    context = {"status": status, "reference": actor().request_id}
    return render(request, "pages/wrong.html", context, status=status)
