"""What the ground floor answers by itself: whether the services behind it are well."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from kamcomp import addresses


def _postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _valkey() -> None:
    with redis.Redis.from_url(
        addresses.client(url=settings.CELERY_BROKER_URL), socket_timeout=3, socket_connect_timeout=3
    ) as client:
        client.ping()


PARTS: dict[str, Callable[[], None]] = {"postgresql": _postgresql, "valkey": _valkey}


@never_cache
def health(_request: HttpRequest) -> JsonResponse:
    """
    Answer 200 if PostgreSQL answers, else 503, with what each part is.

    Without Valkey work goes on more slowly (workers also look at the table), so it is named but costs no 503.
    """
    found = {}
    for name, ask in PARTS.items():
        try:
            ask()
            found[name] = "up"
        except (DatabaseError, redis.RedisError):
            found[name] = "down"
    return JsonResponse(found, status=200 if found["postgresql"] == "up" else 503)
