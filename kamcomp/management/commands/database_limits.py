"""Make the time limits of web and workers properties of their role, for connections that carry none of their own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from kamcomp.terminal import console_on


class Command(BaseCommand):
    """Say to the database how long the role of DATABASE_URL may run a statement and wait for a lock."""

    help = (
        "Store the limits of statements, locks and idle transactions with the role of web and workers. Needed once "
        "behind PgBouncer in transaction mode, where a connection cannot bring them along; harmless elsewhere."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        limits = settings.DATABASE_LIMITS
        with connection.cursor() as cursor:
            for name, value in limits.items():
                cursor.execute(f"ALTER ROLE CURRENT_USER SET {name} = %s", [value])
        say = console_on(self.stdout)
        for name, value in limits.items():
            say.print(f"{name} = {value}")
        say.print("New connections of this role have these limits; a pooler's open ones after its RECONNECT.")
