"""Django's `migrate`, as the owner role unless told otherwise: the app role may not change tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Migrate the database as the role that owns its tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments, with another default for the database."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Refuse with one sentence where the owner's address is not given."""
        if options["database"] not in settings.DATABASES:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: migrations run as the role that owns the tables."
            )
        return super().handle(*args, **options)
