"""Restore a backup into an empty database, and prove it equal."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kamcomp.backups.services import backup_restore
from kamcomp.refusal import Refusal


class Command(BaseCommand):
    help = (
        "Restore a backup into the empty database of DATABASE_OWNER_URL, and compare every table, law, trigger, "
        "function and right with what was kept."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that `backup` made")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = backup_restore(folder=options["folder"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        tables = len(backup.manifest["tables"])
        self.stdout.write(
            f"Restored what was there at {backup.manifest['taken_at']}: {tables} tables, {backup.rows} rows, all equal."
        )
        self.stdout.write(f"Digest {backup.manifest['digest']}")
        self.stdout.write(
            "Next: migrate, `payouts verify`, `ledger_check`; workers take up what was under way."
        )
