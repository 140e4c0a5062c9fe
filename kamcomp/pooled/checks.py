"""The check that connections behind a pooler still have time limits, which they cannot bring along themselves."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections


@register(Tags.database)
def limits_are_the_roles(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Warn when a statement behind PgBouncer may run for ever: nobody has told the role its limits."""
    if not settings.BEHIND_PGBOUNCER or "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0'",
            [[*settings.DATABASE_LIMITS]],
        )
        missing = [name for (name,) in cursor.fetchall()]
    if settings.STATEMENT_SECONDS == 0:
        missing = [name for name in missing if name != "statement_timeout"]
    if not missing:
        return []
    return [
        Warning(
            f"Connections behind PgBouncer have no {', '.join(missing)}.",
            hint="Run `manage.py database_limits` once, then RECONNECT in PgBouncer's console.",
            id="kamcomp.W001",
        )
    ]
