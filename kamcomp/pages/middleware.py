"""
Addresses that no page of ours links to and no database can look up: those with a NUL character in them.

PostgreSQL keeps no text with one, so that whatever is looked up by a part of such an address would break. The REST
interface refuses them by the name of the parameter, and is left to it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

NUL, WRITTEN = "\x00", "%00"
REST = "/api/"


class AddressMiddleware:
    """Answer 400 to an address with a NUL character."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.META.get("QUERY_STRING", "")
        if not request.path_info.startswith(REST) and (NUL in request.path_info or WRITTEN in asked):
            raise BadRequest("The address holds a NUL character.")
        return self.get_response(request)
