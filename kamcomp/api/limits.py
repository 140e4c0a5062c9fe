"""
How often a caller may ask: so many requests a minute, counted in a table that every web process shares.

The headers follow draft-ietf-httpapi-ratelimit-headers, with the older X-RateLimit ones beside them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from kamcomp.api.problems import Problem
from kamcomp.audit.context import is_only_looking

SECONDS = 60
COUNTED = """
    INSERT INTO api_usage AS kept (caller, minute, asked) VALUES (%(caller)s, %(minute)s, 1)
    ON CONFLICT (caller) DO UPDATE
       SET minute = EXCLUDED.minute, asked = CASE WHEN kept.minute = EXCLUDED.minute THEN kept.asked ELSE 0 END + 1
    RETURNING asked
"""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What a caller has left of this minute."""

    most: int
    asked: int
    seconds: int

    @property
    def left(self) -> int:
        """Return how often they may still ask."""
        return max(self.most - self.asked, 0)

    @property
    def headers(self) -> dict[str, str]:
        """Return how an answer says it."""
        return {
            "RateLimit-Policy": f'"minute";q={self.most};w={SECONDS}',
            "RateLimit": f'"minute";r={self.left};t={self.seconds}',
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(self.seconds),
        }


def allowance(*, caller: str) -> Allowance:
    """Count one request and return what is left; looking as somebody else writes nothing, and is not counted."""
    minute, second = divmod(int(time.time()), SECONDS)
    if is_only_looking():
        return Allowance(most=settings.API_PER_MINUTE, asked=0, seconds=SECONDS - second)
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, {"caller": caller, "minute": minute})
        (asked,) = cursor.fetchone()
    return Allowance(most=settings.API_PER_MINUTE, asked=asked, seconds=SECONDS - second)


def too_often(given: Allowance) -> Problem | None:
    """Return the problem of somebody who asked too often."""
    if given.asked <= given.most:
        return None
    return Problem(
        429,
        code="too_many_requests",
        detail=f"More than {given.most} requests a minute: go on in {given.seconds} seconds.",
        headers={"Retry-After": str(given.seconds)},
    )
