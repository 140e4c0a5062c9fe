"""Problems: how the API says no, as RFC 9457 `application/problem+json` with pointers into the document."""

from typing import Any

from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from kamcomp.refusal import Refusal
from plans.engine.codec import DocumentInvalid


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of problems."""

    media_type = "application/problem+json"


def refusal_problem(*, refusal: Refusal, instance: str) -> Response:
    """Return a refusal as a 422 problem; a document's errors each with a JSON pointer, a code and a sentence."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": "The request cannot be answered",
        "status": status.HTTP_422_UNPROCESSABLE_ENTITY,
        "detail": str(refusal),
        "instance": instance,
        "code": refusal.code,
        "errors": [],
    }
    if isinstance(refusal, DocumentInvalid):
        body["detail"] = "The document has errors; each is listed with its place."
        body["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in refusal.errors
        ]
    return Response(body, status=body["status"], content_type=ProblemRenderer.media_type)
