"""Back the database up while everybody works."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from kamcomp.backups.services import backup_make
from kamcomp.refusal import Refusal


class Command(BaseCommand):
    help = (
        "Dump the database as it is at one moment into a new folder, with its roles and the digests of every table. "
        "Nobody has to stop working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="where the backup's own folder is made")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = backup_make(to=options["to"], at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        tables, size = len(backup.manifest["tables"]), backup.manifest["dump"]["bytes"]
        self.stdout.write(f"{backup.folder}: {tables} tables, {backup.rows} rows, {size} bytes.")
        self.stdout.write(f"Digest {backup.manifest['digest']}")
