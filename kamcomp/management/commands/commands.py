"""`manage.py commands`: print the reference page of all commands."""

from typing import Any

from django.core.management.base import BaseCommand

from kamcomp.commands_page import commands_page


class Command(BaseCommand):
    help = "Print the reference page of all commands, docs/reference/commands.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(commands_page(), ending="")
