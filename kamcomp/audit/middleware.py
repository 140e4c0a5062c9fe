"""Every web request says who asks, and which request it is, before anything is written."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kamcomp.audit.context import on_behalf
from kamcomp.ids import uuid7


class AuditMiddleware:
    """Carry the signed-in user and an id of the request to the audit entries; answer with the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid7())
        user = request.user if request.user.is_authenticated else None
        with on_behalf(user=user, request_id=request_id):
            response = self.get_response(request)
        response.headers.setdefault("X-Request-ID", request_id)
        return response
