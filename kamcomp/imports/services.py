"""
The acts of an import: preview, commit, approve by a second person, undo.

One public function is one act and one transaction. A commit is all or nothing unless
asked otherwise; the same file with the same map changes nothing the second time.
Rules: docs/reference/files.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction

from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.context import act, audit_act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.findings import RowFinding, shown
from kamcomp.imports.kinds import Context, Kind, kind_named
from kamcomp.imports.maps import ColumnMapping
from kamcomp.imports.mends import NO_MENDS, Mends
from kamcomp.imports.models import ColumnMap, ImportBatch
from kamcomp.imports.passage import BATCH_TABLE, OWN_STEP, ImportRejected, Passage, check_laws
from kamcomp.imports.previews import Preview
from kamcomp.imports.undo import ChangedSince, NotCommitted, check_periods, take_back
from kamcomp.lawful import law_of
from kamcomp.refusal import Refusal, Word

FINDINGS_KEPT = 1_000
IMPORTERS = [Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.API_CLIENT]
"""Who brings files in and takes them back; without a user it is the command line's own act."""


class NotSecondPerson(Refusal):
    """Who approves own rows of an import is somebody else than who prepared it."""


class ImportUnderWay(Refusal):
    """Somebody else is importing a file of the kind; imports of one kind follow each other."""


class BatchUnknown(Refusal):
    """There is no such import batch."""


@act
def import_preview(
    *,
    kind: str,
    content: bytes,
    filename: str,
    mapping: Mapping[str, Any] | None = None,
    source: str = "",
    by: User | None = None,
    partial: bool = False,
    mends: Mends = NO_MENDS,
    at: datetime,
) -> Preview:
    """
    Return what a commit of the file would do; nothing is written.

    Every finding is gathered: of the file, its rows, and the laws of the database.

    :raises RoleMissing: if the kind is kept by roles that `by` does not hold.
    :raises UnknownKind: if there is no such kind.
    :raises MapUnusable: if the column map is not well formed.
    """
    if kind_named(kind).kept_by:
        _role_check(by=by, at=at, act="Importing a file", kind=kind)
    job = Passage(
        kind=kind_named(kind), content=content, filename=filename, by=by, at=at, partial=partial, mends=mends
    )
    job.use_map(mapping, source)
    return job.tried()


@act
def import_commit(
    *,
    kind: str,
    content: bytes,
    filename: str,
    mapping: Mapping[str, Any] | None = None,
    source: str = "",
    by: User | None = None,
    partial: bool = False,
    mends: Mends = NO_MENDS,
    at: datetime,
) -> Preview:
    """
    Write a file: all of its rows, or with `partial` those that nothing rejects.

    The same file with the same map changes nothing and says so in `already`. A column map
    with a source is remembered for it.

    :raises RoleMissing: if `by` holds none of the roles that import files.
    :raises ImportRejected: if a finding blocks; nothing is written.
    :raises SecondPersonNeeded: if rows are about the importer and nobody else has approved them.
    :raises ImportUnderWay: if another import of the kind takes longer than one waits for a lock.
    :raises UnknownKind: if there is no such kind.
    :raises MapUnusable: if the column map is not well formed.
    """
    _role_check(by=by, at=at, act="Importing a file", kind=kind)
    job = Passage(
        kind=kind_named(kind), content=content, filename=filename, by=by, at=at, partial=partial, mends=mends
    )
    job.use_map(mapping, source)
    _one_at_a_time(kind)
    preview = job.done()
    if preview.already is None:
        _remember_map(job.kind, job.mapping, by=by)
    return preview


@act
def import_submit(
    *,
    kind: str,
    content: bytes,
    filename: str,
    mapping: Mapping[str, Any] | None = None,
    source: str = "",
    by: User,
    mends: Mends = NO_MENDS,
    at: datetime,
) -> ImportBatch:
    """
    Put a file with rows about its importer before a second person; no row is written.

    The batch keeps the digests of file and map, and one blocking finding for each such row.

    :raises ImportRejected: if something else blocks the file.
    """
    _role_check(by=by, at=at, act="Importing a file", kind=kind)
    job = Passage(
        kind=kind_named(kind), content=content, filename=filename, by=by, at=at, partial=False, mends=mends
    )
    job.use_map(mapping, source)
    preview = job.tried()
    if [finding for finding in preview.blocking if finding.rule != OWN_STEP]:
        raise ImportRejected(preview)
    batch = job.batch(status=BatchStatus.PREVIEWED)
    batch.save()
    _keep_findings(batch, [finding for finding in preview.blocking if finding.rule == OWN_STEP])
    Approval.objects.create(
        subject_table=BATCH_TABLE,
        subject_id=batch.pk,
        step=OWN_STEP,
        digest=job.approved_digest,
        prepared_by=by,
    )
    return batch


@act
def import_approve(*, batch_id: UUID, by: User, comment: str = "", at: datetime) -> Approval:
    """
    Approve, as a second person, the rows of a batch that are about its importer.

    :raises BatchUnknown: if nothing of this batch waits.
    :raises NotSecondPerson: if `by` prepared the batch.
    """
    _role_check(by=by, at=at, act="Approving an import", kind=_kind_of(batch_id))
    approval = (
        Approval.objects.select_for_update(no_key=True)
        .filter(subject_table=BATCH_TABLE, subject_id=batch_id, step=OWN_STEP, decision=Decision.PENDING)
        .first()
    )
    if approval is None:
        raise BatchUnknown("No import %(batch_id)s waits for a second person.", batch_id=batch_id)
    if approval.prepared_by_id == by.pk:
        raise NotSecondPerson(
            "Who prepared the import cannot approve the rows about themselves: ask somebody else."
        )
    approval.decided_by, approval.decided_at = by, at
    approval.decision, approval.comment = Decision.APPROVED, comment
    approval.save()
    Finding.objects.filter(
        subject_table=BATCH_TABLE, subject_id=str(batch_id), rule=OWN_STEP, status=FindingStatus.OPEN
    ).update(
        status=FindingStatus.SETTLED,
        settled_by=by,
        settled_at=at,
        settled_reason=comment or str(Word("Seen by a second person")),
    )
    return approval


@act
def import_reject(*, preview: Preview, digest: str, by: User | None = None, at: datetime) -> ImportBatch:
    """Keep a record of a file that was refused, with its findings, so that its sender can be answered."""
    batch = ImportBatch.objects.create(
        kind=preview.kind,
        filename=preview.filename[:255],
        file_digest=digest,
        status=BatchStatus.REJECTED,
        rows_new=preview.new,
        rows_changed=preview.changed,
        rows_same=preview.same,
        rows_rejected=preview.rejected,
        totals=preview.totals,
        created_by=by,
    )
    _keep_findings(batch, preview.blocking)
    return batch


@act
def import_undo(*, batch_id: UUID, by: User | None = None, at: datetime) -> ImportBatch:
    """
    Take a committed import back, rows and all.

    :raises BatchUnknown: if there is no such batch.
    :raises NotCommitted: if it is not committed, or undone already.
    :raises PeriodUsedIt: if a period was locked since that may have used it.
    :raises ChangedSince: if its rows have been changed since, or others stand on them.
    """
    _role_check(by=by, at=at, act="Undoing an import", kind=_kind_of(batch_id))
    batch, undone = _taken_back(batch_id=batch_id, by=by, at=at)
    batch.status, batch.undone_at = BatchStatus.UNDONE, at
    batch.save(update_fields=["status", "undone_at"])
    audit_act(subject_table=BATCH_TABLE, subject_id=batch.pk, detail={"rows": undone})
    return batch


@act
def import_undo_preview(*, batch_id: UUID, by: User | None = None, at: datetime) -> UndoEffect:
    """
    Return what taking an import back would do, found by doing it and taking that back; nothing is written.

    What stands in the way of it (see `import_undo`) is said in `refusal`.
    """
    try:
        with transaction.atomic():
            batch, undone = _taken_back(batch_id=batch_id, by=by, at=at)
            raise _OnlyTried
    except _OnlyTried:
        return UndoEffect(rows=undone, first_day=batch.first_day)
    except Refusal as refusal:
        return UndoEffect(refusal=str(refusal))


class _OnlyTried(Exception):
    """Ends the trial of an undo, so that it is rolled back."""


@dataclass(frozen=True, kw_only=True)
class UndoEffect:
    """What an undo would take back: rows, and the first day they say something about; or why it cannot be."""

    rows: int = 0
    first_day: date | None = None
    refusal: str = ""


def _taken_back(*, batch_id: UUID, by: User | None, at: datetime) -> tuple[ImportBatch, int]:
    batch = ImportBatch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
    if batch is None:
        raise BatchUnknown("There is no import %(batch_id)s.", batch_id=batch_id)
    if batch.status != BatchStatus.COMMITTED:
        raise NotCommitted(
            "The import of %(filename)s is %(status)s: nothing to undo.",
            filename=batch.filename,
            status=Word(batch.get_status_display().lower()),
        )
    check_periods(batch)
    try:
        with transaction.atomic():
            undone = take_back(batch)
            behind = kind_named(batch.kind).undone
            if behind is not None:
                behind(Context(at=at, by=by), batch)
            check_laws()
    except DatabaseError as error:
        raise _stands_on_it(error) from error
    return batch, undone


def _role_check(*, by: User | None, at: datetime, act: str, kind: str = "") -> None:
    if by is not None:
        role_check(user=by, roles=importers_of(kind), on=at.date(), act=act)


def importers_of(kind: str) -> list[Role]:
    """Return the roles that bring in files of a kind, of any kind if none is named."""
    kept_by = kind_named(kind).kept_by if kind else ()
    return [role for role in IMPORTERS if role in kept_by] if kept_by else IMPORTERS


def _kind_of(batch_id: UUID) -> str:
    return ImportBatch.objects.filter(pk=batch_id).values_list("kind", flat=True).first() or ""


def _one_at_a_time(kind: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"kamcomp import {kind}"])
    except OperationalError as error:
        raise ImportUnderWay(
            "Another %(kind)s file is being imported: try again when it is done.", kind=kind
        ) from error


def _stands_on_it(error: DatabaseError) -> Refusal:
    return ChangedSince(
        "The import cannot be undone: other rows stand on what it made, or a law would be "
        "broken (%(law)s). Undo what was made with it first.",
        law=law_of(error) or type(error).__name__,
    )


def _keep_findings(batch: ImportBatch, findings: list[RowFinding]) -> None:
    Finding.objects.bulk_create(
        Finding(
            subject_table=BATCH_TABLE,
            subject_id=str(batch.pk),
            rule=finding.rule,
            message=finding.said,
            value=shown(finding.value),
            severity=Severity.BLOCKS,
        )
        for finding in findings[:FINDINGS_KEPT]
    )


def _remember_map(kind: Kind, mapping: ColumnMapping, *, by: User | None) -> None:
    if not mapping.source:
        return
    document = json.loads(json.dumps(mapping.document))
    ColumnMap.objects.update_or_create(
        kind=kind.name,
        source=mapping.source,
        defaults={"mapping": document},
        create_defaults={"mapping": document, "created_by": by},
    )
