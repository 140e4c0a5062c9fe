"""The description of the interface, to take and to try: OpenAPI as YAML, Swagger UI and Redoc from our own files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

FILE = Path(settings.BASE_DIR) / "docs" / "reference" / "openapi.yaml"
# Both draw icons from data: addresses. Redoc writes its styles into the page and searches in a worker of its own;
# neither page shows anything but this description.
SWAGGER = {"img-src": ["data:"]}
REDOC = {"img-src": ["data:"], "style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]}


@cache
def description() -> bytes:
    """Return the description as it is committed; a test holds it against the code."""
    return FILE.read_bytes()


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Give the description."""
    return HttpResponse(description(), content_type="application/yaml; charset=utf-8")


@require_safe
@csp_update(SWAGGER)
def swagger(request: HttpRequest) -> HttpResponse:
    """Show the description to try it, with a key of one's own."""
    return render(request, "api/swagger.html")


@require_safe
@csp_update(REDOC)
def redoc(request: HttpRequest) -> HttpResponse:
    """Show the description to read it."""
    return render(request, "api/redoc.html")
