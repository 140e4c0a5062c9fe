"""Health and figures come first, before anything that needs the database: sessions, users, the audit trail."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kamcomp.pulse import views

FIRST: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": views.health,
    "/health/live": views.health_live,
    "/health/ready": views.health_ready,
    "/metrics": views.metrics,
}


class PulseMiddleware:
    """Answer the few addresses that must be true when everything else is broken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = FIRST.get(request.path_info)
        return view(request) if view else self.get_response(request)
