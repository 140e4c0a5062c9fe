"""Write the published JSON Schemas of the plan and the case document, or check that they are those published."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from payouts.engine.case import case_schema
from plans.engine.document import plan_schema


class Command(BaseCommand):
    help = (
        "Write plans/schema/plan.json and plans/schema/case.json from the records that define the documents."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if a file is out of date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "plans" / "schema"
        for name, schema in (("plan", plan_schema()), ("case", case_schema())):
            file, text = folder / f"{name}.json", json.dumps(schema, indent=1, sort_keys=True) + "\n"
            if options["check"]:
                if not file.exists() or file.read_text() != text:
                    raise CommandError(f"{file.name} is out of date: run manage.py schemas and commit it.")
            else:
                file.write_text(text)
                self.stdout.write(f"wrote {file.relative_to(settings.BASE_DIR)}")
