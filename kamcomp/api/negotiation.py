"""How a caller gets the form of a list they asked for: `Accept`, or `?format=` where a header is hard to send."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kamcomp.api.problems import parameter_problem


class Negotiation(DefaultContentNegotiation):
    """Say which forms there are when one is asked for that is none."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        """
        Return the renderers of a form.

        :raises Problem: 400 if there is none.
        """
        offered = list(renderers)
        found = [each for each in offered if each.format == format]
        if not found:
            words = ", ".join(str(each.format) for each in offered)
            raise parameter_problem(name="format", detail=f"format is one of {words}.")
        return found

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Return what an answer is written by; a problem is always JSON, so `application/problem+json` is fine."""
        if request.query_params.get("format") == "":
            self.filter_renderers(renderers, "")
        accept = request.META.get("HTTP_ACCEPT", "")
        if accept.strip() == "application/problem+json":
            request.META["HTTP_ACCEPT"] = "*/*"
        return super().select_renderer(request, renderers, format_suffix)
