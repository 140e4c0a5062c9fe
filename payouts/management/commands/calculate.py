"""Answer a calculation case from a file: payouts, a pool, metrics, control figures. No database is read."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kamcomp.refusal import Refusal
from payouts.engine.calculator import calculate
from payouts.intake.cases import case_read
from plans.engine.codec import DocumentInvalid


class Command(BaseCommand):
    help = "Answer a calculation case (kamcomp.case/1) from a JSON file; see docs/reference/calculator.md."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("case", type=Path, help="the case document, a JSON file")
        parser.add_argument(
            "--explain", action="store_true", help="show for each figure the steps that led to it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = calculate(case_read(path=options["case"]), explain=options["explain"])
        except DocumentInvalid as invalid:
            lines = [f"{error.pointer or '/'} ({error.code}): {error.detail}" for error in invalid.errors]
            raise CommandError("The case cannot be answered:\n" + "\n".join(lines)) from invalid
        except Refusal as refusal:
            raise CommandError(f"The case cannot be answered ({refusal.code}): {refusal}") from refusal
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
