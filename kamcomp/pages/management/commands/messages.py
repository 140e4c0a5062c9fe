"""`manage.py messages`: gather the words of the pages into a language's file, and say what has no translation yet."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kamcomp.pages.catalogue import missing, po_path, po_written


class Command(BaseCommand):
    help = "Gather the words of the pages into locale/, keeping translations, and list what has none."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", default="de", help="whose file")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if a word has no translation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        language = options["language"]
        if not po_path(language).is_file():
            raise CommandError(
                f"There is no {po_path(language).name} for {language!r} in locale/: make one first."
            )
        if not options["check"]:
            po_path(language).write_text(po_written(language), encoding="utf-8")
        lacking = missing(language)
        for words in lacking:
            self.stdout.write(f"  {words}")
        if lacking and options["check"]:
            raise CommandError(f"{len(lacking)} texts have no {language} translation.")
        self.stdout.write(f"{len(lacking)} texts lack a translation.")
