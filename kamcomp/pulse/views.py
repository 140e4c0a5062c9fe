"""
Health, in three depths, and the figures for Prometheus; what each means stands in docs/how-to/operate.md.

They are answered before any session or user is looked up (`kamcomp.pulse.middleware`), so that they tell
the truth with PostgreSQL gone too.
"""

import hmac
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import never_cache

from kamcomp.doorbell import BrokerSilent, broker_ask, broker_kind
from kamcomp.pulse.measures import CONTENT_TYPE, measured
from kamcomp.pulse.selectors import migrations_missing, pulses, work_is_done

UP, DOWN = "up", "down"


def _postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _broker() -> None:
    broker_ask(url=settings.CELERY_BROKER_URL, seconds=3)


PARTS: dict[str, Callable[[], None]] = {
    "postgresql": _postgresql,
    broker_kind(url=settings.CELERY_BROKER_URL): _broker,
}


def parts_found() -> dict[str, str]:
    """Return each part with `up` or `down`."""
    found = {}
    for name, ask in PARTS.items():
        try:
            ask()
            found[name] = UP
        except (DatabaseError, InterfaceError, BrokerSilent):
            found[name] = DOWN
    return found


@never_cache
def health(_request: HttpRequest) -> JsonResponse:
    """
    Answer 200 if PostgreSQL answers, else 503, with what each part is.

    Without the broker work goes on more slowly (workers also look at the table), so it is named but costs no 503.
    """
    found = parts_found()
    return JsonResponse(found, status=200 if found["postgresql"] == UP else 503)


@never_cache
def health_live(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if a worker touched a canary in the last minute, else 503, with each door's last touch."""
    found: dict[str, object] = {"work": "unknown", **parts_found(), "doors": {}}
    if found["postgresql"] == UP:
        try:
            doors = pulses()
        except (DatabaseError, InterfaceError):
            found["postgresql"] = "not migrated"
        else:
            found["work"] = "alive" if work_is_done(doors=doors) else "silent"
            found["doors"] = {
                name: {"seconds_ago": int(pulse.seconds), "workers": pulse.workers}
                for name, pulse in doors.items()
            }
    return JsonResponse(found, status=200 if found["work"] == "alive" else 503)


@never_cache
def health_ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if this process can serve: PostgreSQL answers and has every migration of this code."""
    found: dict[str, object] = {**parts_found(), "migrations": "unknown"}
    if found["postgresql"] == UP:
        try:
            missing = migrations_missing()
        except (DatabaseError, InterfaceError):
            found["migrations"] = "missing"
        else:
            found["migrations"] = f"{missing} missing" if missing else "applied"
    return JsonResponse(found, status=200 if found["migrations"] == "applied" else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus' format to whom the settings allow, and 404 to everybody else."""
    if not may_measure(request):
        return HttpResponseNotFound()
    return HttpResponse(measured(), content_type=CONTENT_TYPE)


def may_measure(request: HttpRequest) -> bool:
    """
    Tell whether a request may read the figures: by the token, or directly from an address of the settings.

    An address counts only where nobody stands between: a request that a proxy passed on comes from the
    proxy's address, whoever asked.
    """
    said = request.headers.get("Authorization", "")
    token = f"Bearer {settings.METRICS_TOKEN}"
    if settings.METRICS_TOKEN and hmac.compare_digest(said.encode(), token.encode()):
        return True
    if "X-Forwarded-For" in request.headers or settings.SECURE_PROXY_SSL_HEADER:
        return False
    try:
        asked_from = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket file has no address
        return False
    return any(asked_from in ip_network(network) for network in settings.METRICS_FROM)
