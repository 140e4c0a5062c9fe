"""
The acts on an upload: taken, its columns settled, looked at, mended, committed or dropped.

An upload is its maker's own until it is committed. Nothing of it is written before; what it would do is found by
the very steps of a commit and kept beside it, so that reading the page costs nothing. Large files are looked at and
committed by a worker (`kamcomp.imports.upload_jobs`), smaller ones at once.
How to: docs/how-to/import-files.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.imports import services
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.column_choices import fits
from kamcomp.imports.files import read_table, text_of
from kamcomp.imports.findings import RowFinding
from kamcomp.imports.kinds import kind_named
from kamcomp.imports.maps import mapping_of
from kamcomp.imports.mends import LONGEST_CELL, CellMend, MendUnusable, mends_of
from kamcomp.imports.models import ColumnMap, ImportUpload, UploadContent
from kamcomp.imports.previews import Preview
from kamcomp.refusal import Refusal
from kamcomp.sentences import ours, sentence_document

SENDERS = [Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL]
MOST_BYTES = 20 * 1024 * 1024
SAMPLE_ROWS = 3
SAMPLE_CHARACTERS = 60
FINDINGS_KEPT, NOTES_KEPT, CHANGES_KEPT = 5_000, 100, 200
KEPT_DAYS = 30


class UploadTooLarge(Refusal):
    """A file is larger than a page takes."""


class UploadUnknown(Refusal):
    """There is no such upload of this person."""


class UploadClosed(Refusal):
    """What was uploaded is committed already, or its file is no longer kept."""


@act
def upload_take(
    *, kind: str, content: bytes, filename: str, source: str = "", by: User, at: datetime
) -> ImportUpload:
    """
    Keep a file that somebody brings in; its columns are settled at once where its source or its names say so.

    :raises RoleMissing: if `by` holds none of the roles that bring files in.
    :raises UploadTooLarge: beyond 20 MB.
    :raises FileUnreadable: if the file as a whole cannot be read.
    :raises UnknownKind: if there is no such kind.
    """
    of = kind_named(kind)
    senders = [role for role in SENDERS if not of.kept_by or role in of.kept_by]
    role_check(user=by, roles=senders, on=at.date(), act="Bringing in a file")
    if len(content) > MOST_BYTES:
        raise UploadTooLarge(
            "%(filename)s is larger than %(value)s MB: split it, or use the import command.",
            filename=filename,
            value=MOST_BYTES // 1024 // 1024,
        )
    header, samples, rows = _read(content, document=of.document)
    kept = ColumnMap.objects.filter(kind=kind, source=source).first() if source else None
    mapping = kept.mapping if kept else None
    settled = of.document or fits(kind=of, header=header, mapping=mapping)
    upload = ImportUpload.objects.create(
        kind=kind,
        source=source,
        filename=filename[:255],
        file_digest=hashlib.sha256(content).hexdigest(),
        rows=rows,
        header=header,
        samples=samples,
        mapping=(mapping or {}) if settled else None,
        created_by=by,
    )
    UploadContent.objects.create(upload=upload, content=content)
    return upload


@act
def upload_map(
    *, upload_id: UUID, source: str, mapping: Mapping[str, Any], by: User, at: datetime
) -> ImportUpload:
    """
    Settle which column of an upload is which of ours.

    :raises UploadUnknown: if it is not this person's.
    :raises UploadClosed: if it is committed.
    :raises MapUnusable: if the map is not well formed.
    """
    upload = _own(upload_id=upload_id, by=by)
    mapping_of(dict(mapping))
    upload.source, upload.mapping, upload.outcome = source, dict(mapping), None
    upload.save(update_fields=["source", "mapping", "outcome"])
    return upload


@act
def upload_mend(
    *,
    upload_id: UUID,
    cells: Sequence[CellMend] = (),
    back: Sequence[int] = (),
    by: User,
    at: datetime,
) -> ImportUpload:
    """
    Mend cells of an upload, leave rows out, or take left-out rows (`back`, by line) in again.

    :raises UploadUnknown: if it is not this person's.
    :raises UploadClosed: if it is committed.
    :raises MendUnusable: if a cell is not one of the file, or its text is too long.
    """
    upload = _own(upload_id=upload_id, by=by)
    for cell in cells:
        if cell.column and cell.column not in upload.header:
            raise MendUnusable(
                "The file has no column %(column)s: look at it again.", column=f"{cell.column!r}"
            )
        if len(cell.text) > LONGEST_CELL:
            raise MendUnusable(
                "Line %(line)s, %(column)s: at most %(longest_cell)s characters fit.",
                line=cell.line,
                column=cell.column,
                longest_cell=LONGEST_CELL,
            )
    mends = mends_of(upload.mends).and_also(cells)
    for line in back:
        mends = mends.with_row_back(line)
    upload.mends, upload.outcome = mends.document, None
    upload.save(update_fields=["mends", "outcome"])
    return upload


@act
def upload_look(*, upload_id: UUID, by: User, at: datetime) -> ImportUpload:
    """
    Find out what a commit of an upload would do, and keep that beside it.

    :raises UploadUnknown: if it is not this person's.
    :raises UploadClosed: if it is committed.
    """
    upload = _own(upload_id=upload_id, by=by)
    preview = services.import_preview(**_given(upload), by=by, at=at)
    upload.outcome = outcome_of(preview)
    upload.save(update_fields=["outcome"])
    return upload


@act
def upload_commit(*, upload_id: UUID, partial: bool = False, by: User, at: datetime) -> ImportUpload:
    """
    Write an upload, all of it, or with `partial` the rows that nothing rejects.

    :raises UploadUnknown: if it is not this person's.
    :raises UploadClosed: if it is committed.
    :raises ImportRejected: if a finding blocks; nothing is written.
    :raises SecondPersonNeeded: if rows are about the sender and nobody else has approved them.
    """
    upload = _own(upload_id=upload_id, by=by)
    preview = services.import_commit(**_given(upload), partial=partial, by=by, at=at)
    upload.outcome = outcome_of(preview)
    upload.batch = preview.batch or preview.already
    upload.save(update_fields=["outcome", "batch"])
    return upload


@act
def upload_submit(*, upload_id: UUID, by: User, at: datetime) -> ImportUpload:
    """
    Put an upload with rows about its sender before a second person; nothing of it is written.

    :raises UploadUnknown: if it is not this person's.
    :raises ImportRejected: if something else blocks it.
    """
    upload = _own(upload_id=upload_id, by=by)
    upload.batch = services.import_submit(**_given(upload), by=by, at=at)
    upload.save(update_fields=["batch"])
    return upload


@act
def upload_drop(*, upload_id: UUID, by: User, at: datetime) -> None:
    """
    Take an upload away that was not committed, with its file.

    :raises UploadUnknown: if it is not this person's.
    :raises UploadClosed: if it is committed.
    """
    upload = _own(upload_id=upload_id, by=by)
    UploadContent.objects.filter(upload=upload).delete()
    upload.delete()


@act
def uploads_clear(*, at: datetime) -> int:
    """Let go of the files of uploads older than thirty days, and of what they say; return how many."""
    old = ImportUpload.objects.filter(created_at__lt=at - timedelta(days=KEPT_DAYS), content__isnull=False)
    ids = list(old.values_list("pk", flat=True))
    UploadContent.objects.filter(upload__in=ids).delete()
    ImportUpload.objects.filter(pk__in=ids).update(samples=[], outcome=None, mends=[])
    return len(ids)


def upload_content(upload: ImportUpload) -> bytes:
    """
    Return the bytes of an upload.

    :raises UploadClosed: if they are no longer kept.
    """
    kept = UploadContent.objects.filter(upload=upload).first()
    if kept is None:
        raise UploadClosed(
            "%(filename)s is no longer kept here (%(kept_days)s days): upload it once more.",
            filename=upload.filename,
            kept_days=KEPT_DAYS,
        )
    return bytes(kept.content)


def is_committed(upload: ImportUpload) -> bool:
    """Tell whether an upload came to its end."""
    return upload.batch is not None and upload.batch.status in (BatchStatus.COMMITTED, BatchStatus.UNDONE)


def outcome_of(preview: Preview) -> dict[str, Any]:
    """Return a preview as JSON: all counts and sums, and as many findings and changes as a page shows."""
    blocking, notes = preview.blocking, preview.notes
    return {
        "form": preview.form,
        "form_said": sentence_document(ours(preview.form)),
        "rows": preview.rows,
        "new": preview.new,
        "changed": preview.changed,
        "same": preview.same,
        "rejected": preview.rejected,
        "ended": preview.ended,
        "blocking": len(blocking),
        "notes": len(notes),
        "findings": [_finding(each) for each in [*blocking[:FINDINGS_KEPT], *notes[:NOTES_KEPT]]],
        "changes": [vars(change) for change in preview.changes[:CHANGES_KEPT]],
        "changes_in_all": len(preview.changes),
        "totals": preview.totals,
        "late": preview.late,
        "own": preview.own,
        "shown_rows": {str(line): cells for line, cells in preview.shown_rows.items()},
        "already": str(preview.already.pk) if preview.already else "",
    }


def _finding(finding: RowFinding) -> dict[str, Any]:
    said = sentence_document(ours(finding.reason))
    return {**vars(finding), "said": said, "severity": str(finding.severity)}


def _given(upload: ImportUpload) -> dict[str, Any]:
    """Return what the acts of an import are told of an upload; an empty map is told as such, not looked up."""
    return {
        "kind": upload.kind,
        "content": upload_content(upload),
        "filename": upload.filename,
        "mapping": upload.mapping or None,
        "source": upload.source if upload.mapping else "",
        "mends": mends_of(upload.mends),
    }


def _own(*, upload_id: UUID, by: User) -> ImportUpload:
    upload = ImportUpload.objects.select_for_update(of=("self",), no_key=True).filter(
        pk=upload_id, created_by=by
    )
    found = upload.select_related("batch").first()
    if found is None:
        raise UploadUnknown("There is no such upload of yours.")
    if is_committed(found):
        raise UploadClosed(
            "%(filename)s is committed: undo the import, or bring in another file.", filename=found.filename
        )
    return found


def _read(content: bytes, *, document: bool) -> tuple[list[str], list[list[str]], int]:
    if document:
        text_of(content)
        return [], [], 1
    table = read_table(content)
    columns = [texts[:SAMPLE_ROWS] for texts in table.columns]
    samples = [[text[:SAMPLE_CHARACTERS] for text in row] for row in zip(*columns, strict=True)]
    return table.header, samples, table.rows
