"""Every web request says who asks, and which request it is, before anything is written."""

from collections.abc import Callable
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django_structlog.signals import bind_extra_request_metadata

from kamcomp.audit.context import actor, on_behalf
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


@receiver(bind_extra_request_metadata)
def _same_id_in_log_lines(**_signal: Any) -> None:
    """Let log lines name a request as the audit trail and the answer do; what a client sent is not believed."""
    structlog.contextvars.bind_contextvars(request_id=actor().request_id)
