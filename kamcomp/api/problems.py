"""
Problems: how the REST interface says no, always as RFC 9457 `application/problem+json`.

Every problem has a `code` for programs, a sentence for people, the place of each error as a JSON pointer (or the
name of a parameter), and the id of the request. A refusal of a service becomes one with the refusal's own code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from kamcomp.audit.context import actor
from kamcomp.identity.selectors import RoleMissing
from kamcomp.lawful import law_of
from kamcomp.pages import views as pages
from kamcomp.refusal import Refusal

MEDIA_TYPE = "application/problem+json"
AREA = "/api/"
Errors = Sequence[Mapping[str, Any]]
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "55P03", "57014"

_STATUSES: dict[type[Refusal], int] = {RoleMissing: HTTPStatus.FORBIDDEN}


def answered_with(status: HTTPStatus, *refusals: type[Refusal]) -> None:
    """Say with which status refusals are answered that are not 422: the request was fine, what it meets is not."""
    _STATUSES.update(dict.fromkeys(refusals, int(status)))


class Problem(exceptions.APIException):
    """An answer that is a problem; `current` is the object as it stands, for a write that came too late."""

    def __init__(
        self,
        status: int,
        *,
        code: str,
        detail: str,
        errors: Errors = (),
        headers: Mapping[str, str] | None = None,
        current: Any = None,
    ) -> None:
        super().__init__(detail=detail, code=code)
        self.status_code = int(status)
        self.errors, self.headers, self.current = errors, headers or {}, current


def parameter_problem(*, name: str, detail: str, code: str = "parameter_invalid") -> Problem:
    """Return the problem of one query parameter."""
    return Problem(
        400, code=code, detail=detail, errors=[{"parameter": name, "code": code, "detail": detail}]
    )


def refusal_problem(refusal: Refusal) -> Problem:
    """Return a refusal as a problem: 422 unless its class says otherwise; a document's errors with their places."""
    status = next((_STATUSES[each] for each in type(refusal).__mro__ if each in _STATUSES), 422)
    places = [each for each in getattr(refusal, "errors", ()) if hasattr(each, "pointer")]
    errors = [{"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in places]
    detail = "The document has errors; each is listed with its place." if errors else str(refusal)
    return Problem(status, code=refusal.code, detail=detail, errors=errors)


def problem_body(
    *,
    status: int,
    code: str,
    detail: str,
    instance: str,
    errors: Errors = (),
    current: Any = None,
) -> dict[str, Any]:
    """Return the body of a problem."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "errors": [dict(each) for each in errors],
        "request_id": actor().request_id,
    }
    return body if current is None else {**body, "current": current}


class ProblemFormatter(ExceptionFormatter):
    """Lay what went wrong out as a problem."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        """Return the body: one sentence, and each error of a document with its place."""
        exc, found = self.exc, error_response.errors
        request = self.context["request"]
        instance = request.path if request is not None else ""
        if isinstance(exc, Problem):
            return problem_body(
                status=exc.status_code,
                code=str(found[0].code),
                detail=str(found[0].detail),
                instance=instance,
                errors=exc.errors,
                current=exc.current,
            )
        if isinstance(exc, exceptions.ValidationError):
            errors = [
                {"pointer": _pointer(each.attr), "code": str(each.code), "detail": str(each.detail)}
                for each in found
            ]
            detail = "What was sent has errors; each is listed with its place."
            return problem_body(status=400, code="invalid", detail=detail, instance=instance, errors=errors)
        return problem_body(
            status=exc.status_code, code=str(found[0].code), detail=str(found[0].detail), instance=instance
        )


def _pointer(attr: str | None) -> str:
    if attr in (None, "non_field_errors"):
        return ""
    return "/" + str(attr).replace(".", "/")


class ProblemHandler(ExceptionHandler):
    """Turn everything that goes wrong below /api into a problem."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Return the problem of a refusal, of a broken law, of a body too long, of a server that is too busy."""
        if isinstance(exc, Refusal):
            return refusal_problem(exc)
        if isinstance(exc, IntegrityError) and (law := law_of(exc)):
            return Problem(
                409,
                code=law,
                detail="It would break a rule that always holds: somebody was faster, or it cannot be.",
            )
        if isinstance(exc, RequestDataTooBig):
            return Problem(
                413, code="body_too_large", detail="The body is too large: send fewer rows at once."
            )
        if isinstance(exc, SuspiciousOperation):
            return Problem(400, code="request_broken", detail="The request cannot be read.")
        code = getattr(exc.__cause__, "pgcode", "")
        if isinstance(exc, OperationalError) and code in (LOCK_TIMEOUT, STATEMENT_TIMEOUT):
            return Problem(
                503,
                code="busy",
                detail="It took too long: ask for less, or again later.",
                headers={"Retry-After": "5"},
            )
        return super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        """Say of what nobody expected only that it is ours."""
        if isinstance(exc, exceptions.APIException):
            return exc
        return Problem(500, code="broken", detail="The fault is ours; nothing half-done was kept.")

    def get_headers(self, exc: exceptions.APIException) -> dict[str, str]:
        """Return the headers of the answer."""
        return {**super().get_headers(exc), **getattr(exc, "headers", {})}

    def get_response(self, exc: exceptions.APIException, data: dict[str, Any]) -> Response:
        """Return the answer, as a problem."""
        return Response(data, status=exc.status_code, headers=self.get_headers(exc), content_type=MEDIA_TYPE)


@csrf_exempt
def nowhere(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """Answer 404 for an address below /api that there is not."""
    return plain_problem(request, status=404, code="not_found", detail="There is nothing at this address.")


def plain_problem(request: HttpRequest, *, status: int, code: str, detail: str) -> HttpResponse:
    """Answer a problem outside the REST framework."""
    body = problem_body(status=status, code=code, detail=detail, instance=request.path)
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 as a page, or as a problem below /api."""
    if not request.path.startswith(AREA):
        return pages.bad_request(request, exception)
    return plain_problem(request, status=400, code="request_broken", detail="The request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 as a page, or as a problem below /api."""
    if not request.path.startswith(AREA):
        return pages.forbidden(request, exception)
    return plain_problem(request, status=403, code="permission_denied", detail="This is not for you.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404 as a page, or as a problem below /api."""
    return nowhere(request) if request.path.startswith(AREA) else pages.not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 as a page, or as a problem below /api."""
    if not request.path.startswith(AREA):
        return pages.broken(request)
    return plain_problem(
        request, status=500, code="broken", detail="The fault is ours; nothing half-done was kept."
    )
