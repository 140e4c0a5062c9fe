"""
Write what is published of the plan and the case document, or check that it is up to date.

The JSON Schemas are in plans/schema/; the fields of the plan are the last part of
docs/reference/plan-language.md.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from payouts.engine.case import case_schema
from plans.engine.document import plan_schema
from plans.engine.reference import HEADING, plan_reference


class Command(BaseCommand):
    help = "Write plans/schema/*.json and the fields of docs/reference/plan-language.md from their records."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if a file is out of date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for file, text in published():
            if not options["check"]:
                file.write_text(text)
                self.stdout.write(f"wrote {file.relative_to(settings.BASE_DIR)}")
            elif not file.exists() or file.read_text() != text:
                raise CommandError(f"{file.name} is out of date: run manage.py schemas and commit it.")


def published() -> Iterator[tuple[Path, str]]:
    """Return each published file and what it has to say today."""
    root = Path(settings.BASE_DIR)
    for name, schema in (("plan", plan_schema()), ("case", case_schema())):
        yield root / "plans" / "schema" / f"{name}.json", json.dumps(schema, indent=1, sort_keys=True) + "\n"
    page = root / "docs" / "reference" / "plan-language.md"
    yield page, page.read_text().partition(HEADING)[0] + plan_reference()
