"""What holds for every request of somebody who signed in: how long a session lasts, and looking as somebody else."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.db import InternalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from requests import RequestException

from kamcomp.api.problems import AREA, plain_problem
from kamcomp.audit.context import OnlyLooking, actor, only_looking
from kamcomp.identity.models import User
from kamcomp.identity.viewing import OWN_DOORS, looked_as

Answer = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger(__name__)
NOTED_EVERY = 60
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
READ_ONLY_TRANSACTION = "25006"


class SessionLimitMiddleware:
    """
    End a session that was idle for too long, or that has lasted its whole time however busy it was.

    Pages of somebody who signed in are theirs alone: they say that nothing on the way may keep them.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            begun_at, seen_at = request.session.get("begun_at", now), request.session.get("seen_at", now)
            if now - seen_at > settings.SESSION_IDLE_SECONDS or now - begun_at > settings.SESSION_COOKIE_AGE:
                logout(request)
            elif now - seen_at >= NOTED_EVERY or "seen_at" not in request.session:
                request.session["begun_at"], request.session["seen_at"] = begun_at, now
        answer = self.get_response(request)
        if request.user.is_authenticated:
            # What one reader sees is kept by no browser and no cache on the way.
            answer.headers.setdefault("Cache-Control", "private, no-store")
            patch_vary_headers(answer, ["Cookie"])
        return answer


class ViewAsMiddleware:
    """
    Show a comp admin what another user sees, and let nothing be changed meanwhile.

    `request.user` is the user looked as, `request.real_user` who looks. Anything but reading is refused here; an act
    that a page would do on the way refuses too; and the database is told that the transaction only reads. A few doors
    (stop looking, sign out) stay one's own.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        looked = looked_as(request)
        if looked is None or _door(request) in OWN_DOORS:
            return self.get_response(request)
        request.real_user, request.user = request.user, looked  # type: ignore[attr-defined]
        log.info("view_as", by=str(request.real_user.pk), user=str(looked.pk), path=request.path)  # type: ignore[attr-defined]
        if request.method not in SAFE_METHODS:
            return _refused(request)
        return self._read(request, looked)

    def _read(self, request: HttpRequest, looked: User) -> HttpResponse:
        with only_looking():
            answer = self.get_response(request)
            wrote = getattr(request, "wrote_while_looking", False)
            if wrote:
                transaction.set_rollback(True)
        return _refused(request) if wrote else answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn what a page tried to write into an answer that says so, outside the transaction it broke."""
        code = getattr(exception.__cause__, "pgcode", "")
        if isinstance(exception, OnlyLooking) or (
            isinstance(exception, InternalError) and code == READ_ONLY_TRANSACTION
        ):
            request.wrote_while_looking = True  # type: ignore[attr-defined]
            return HttpResponse(status=403)
        return None


class ProviderMiddleware:
    """Say it when the company's own sign-in does not answer: nothing of ours is broken then."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 503 for a provider out of reach."""
        if not isinstance(exception, RequestException):
            return None
        log.warning("provider_unreachable", error=type(exception).__name__)
        return render(request, "identity/provider_away.html", {"reference": actor().request_id}, status=503)


def _door(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""


def _refused(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(AREA):
        detail = "You look as somebody else, and that is reading only: stop looking first."
        return plain_problem(request, status=403, code="only_looking", detail=detail)
    return render(request, "identity/only_looking.html", {"reference": actor().request_id}, status=403)
