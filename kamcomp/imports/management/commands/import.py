"""`manage.py import`: preview and commit files, approve own rows as a second person, undo a batch."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kamcomp.documents import DocumentUnreadable, document_of
from kamcomp.identity.models import User
from kamcomp.identity.selectors import user_named
from kamcomp.imports import services
from kamcomp.imports.kinds import all_kinds
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.passage import ImportRejected, SecondPersonNeeded
from kamcomp.imports.previews import Preview
from kamcomp.imports.reference import reference_page
from kamcomp.refusal import Refusal

SHOWN = 200


class Command(BaseCommand):
    help = "Import a file: by default a preview, which writes nothing; --commit writes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", help="the kind of file; --kinds lists them")
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--map", type=Path, metavar="MAP.json", help="the column map of the source")
        parser.add_argument("--source", default="", help="use the column map remembered for this source")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--preview", action="store_true", help="show what would happen (the default)")
        act.add_argument("--commit", action="store_true", help="write the file, all of it or nothing")
        act.add_argument("--undo", metavar="BATCH", help="take a committed batch back")
        act.add_argument(
            "--approve", metavar="BATCH", help="approve, as a second person, rows about the importer"
        )
        act.add_argument("--kinds", action="store_true", help="list the kinds of file and their columns")
        act.add_argument("--reference", action="store_true", help="print the reference page of all kinds")
        act.add_argument("--batches", action="store_true", help="list the latest batches")
        parser.add_argument(
            "--accept-valid", action="store_true", help="write the good rows though others are rejected"
        )
        parser.add_argument(
            "--by", default="", metavar="USERNAME", help="who imports; the command line if left out"
        )
        parser.add_argument("--comment", default="", help="a word with --approve")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            by = user_named(options["by"]) if options["by"] else None
            for name in ("undo", "approve", "kinds", "reference", "batches"):
                if options[name]:
                    getattr(self, f"import_{name}")(options, by)
                    return
            self.import_file(options, by)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal

    def import_file(self, options: dict[str, Any], by: User | None) -> None:
        if not options["kind"] or not options["file"]:
            raise CommandError("Say the kind and the file: manage.py import transactions FILE.csv --commit")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        given = {
            "kind": options["kind"],
            "content": path.read_bytes(),
            "filename": path.name,
            "mapping": self.mapping(options["map"]),
            "source": options["source"],
            "by": by,
            "at": timezone.now(),
        }
        if not options["commit"]:
            preview = services.import_preview(**given, partial=options["accept_valid"])
            self.show(preview)
            if not preview.accepted:
                raise CommandError(f"Preview only; {len(preview.blocking)} findings would stop a commit.")
            self.stdout.write("Preview only; nothing was written. Use --commit to write it.")
            return
        self.commit(given, partial=options["accept_valid"])

    def commit(self, given: dict[str, Any], *, partial: bool) -> None:
        try:
            preview = services.import_commit(**given, partial=partial)
        except ImportRejected as refusal:
            self.show(refusal.preview)
            digest = hashlib.sha256(given["content"]).hexdigest()
            services.import_reject(preview=refusal.preview, digest=digest, by=given["by"], at=given["at"])
            raise CommandError(f"Nothing was written: {len(refusal.preview.blocking)} findings.") from refusal
        except SecondPersonNeeded as refusal:
            self.show(refusal.preview)
            batch = services.import_submit(**given)
            raise CommandError(
                f"{refusal} Approve with: manage.py import --approve {batch.pk} --by SOMEBODY_ELSE"
            ) from refusal
        self.show(preview)
        if preview.batch is not None:
            self.stdout.write(
                f"Batch {preview.batch.pk}; take it back with: manage.py import --undo {preview.batch.pk}"
            )

    def mapping(self, path: Path | None) -> dict[str, Any] | None:
        if path is None:
            return None
        if not path.is_file():
            raise CommandError(f"There is no column map {path}.")
        try:
            document: dict[str, Any] = document_of(path.read_bytes())
        except DocumentUnreadable as error:
            raise CommandError(f"{path.name} {error}.") from error
        return document

    def show(self, preview: Preview) -> None:
        write = self.stdout.write
        write(f"{preview.kind} from {preview.filename}" + (f" ({preview.form})" if preview.form else ""))
        write(preview.sentence())
        for finding in preview.findings[:SHOWN]:
            write(f"  {finding}" if finding in preview.blocking else f"  note: {finding}")
        if len(preview.findings) > SHOWN:
            write(f"  and {len(preview.findings) - SHOWN} more")
        for change in preview.changes[:SHOWN]:
            write(
                f"  line {change.line}, {change.column}: {change.old or '(empty)'} -> {change.new or '(empty)'}"
            )
        if preview.ended:
            write(f"  {preview.ended} rows that stood for the same keys are not in the file and end")
        for currency, columns in sorted(preview.totals.items()):
            for column, sums in columns.items():
                said = ", ".join(f"{word} {sums[word]}" for word in ("file", "accepted", "rejected"))
                write(f"  {column} {currency}: {said}")
        for period, rows in preview.late.items():
            write(
                f"  {rows} rows fall in {period}, which is locked: they become adjustments in the open period"
            )

    def import_undo(self, options: dict[str, Any], by: User | None) -> None:
        batch = services.import_undo(batch_id=uuid_of(options["undo"]), by=by, at=timezone.now())
        self.stdout.write(f"The import of {batch.filename} is undone.")

    def import_approve(self, options: dict[str, Any], by: User | None) -> None:
        if by is None:
            raise CommandError("Say who approves: --by USERNAME")
        batch_id = uuid_of(options["approve"])
        services.import_approve(batch_id=batch_id, by=by, comment=options["comment"], at=timezone.now())
        self.stdout.write(f"Approved; who prepared batch {batch_id} can commit the same file now.")

    def import_kinds(self, _options: dict[str, Any], _by: User | None) -> None:
        for kind in all_kinds():
            self.stdout.write(f"{kind.name}: {', '.join(kind.names)}")

    def import_reference(self, _options: dict[str, Any], _by: User | None) -> None:
        self.stdout.write(reference_page(), ending="")

    def import_batches(self, _options: dict[str, Any], _by: User | None) -> None:
        for batch in ImportBatch.objects.order_by("-created_at")[:50]:
            counts = f"{batch.rows_new} new, {batch.rows_changed} changed, {batch.rows_rejected} rejected"
            self.stdout.write(
                f"{batch.pk}  {batch.kind}  {batch.filename}  {batch.get_status_display()}  {counts}"
            )


def uuid_of(text: str) -> UUID:
    """Return the id of a batch, as the commands print it."""
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is not the id of a batch; --batches lists them.") from None
