"""`manage.py visibility`: print the reference page of who sees what."""

from typing import Any

from django.core.management.base import BaseCommand

from kamcomp.visibility.page import visibility_page


class Command(BaseCommand):
    help = "Print the reference page of who sees what, docs/reference/visibility.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(visibility_page(), ending="")
