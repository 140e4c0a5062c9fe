"""
One file on its way in: read, mapped, typed, prepared, loaded, accounted for.

A preview runs the very steps of a commit and takes them back, so that the two cannot
disagree. The services decide which of the two it is, and what becomes of a refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from kamcomp.approvals.choices import Decision
from kamcomp.approvals.models import Approval
from kamcomp.audit.context import audit_act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.files import RawTable, read_table, text_of
from kamcomp.imports.findings import FileUnreadable, RowFinding
from kamcomp.imports.kinds import Context, Kind
from kamcomp.imports.loads import Load, Outcome, load_rows
from kamcomp.imports.maps import NO_MAP, MapUnusable, mapped, mapping_of
from kamcomp.imports.mends import NO_MENDS, Mends
from kamcomp.imports.models import ColumnMap, ImportBatch
from kamcomp.imports.previews import CellChange, Preview
from kamcomp.imports.sheets import Sheet, sums_by_currency, typed
from kamcomp.lawful import law_of
from kamcomp.records import recording_moment
from kamcomp.refusal import Listing, Refusal, Sentence
from kamcomp.spans import Span

BATCH_TABLE = ImportBatch._meta.db_table
OWN_STEP = "import_own_rows"
ROWS_SHOWN = 100
"""Rejected rows that a preview carries whole, to be mended in place."""


class ImportRejected(Refusal):
    """The file has findings that block; nothing was written. Carries the preview."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        first: list[str] = [finding.said for finding in preview.blocking[:5]]
        if (more := len(preview.blocking) - 5) > 0:
            first.append(Sentence("and %(more)s more", more=more))
        super().__init__(
            "Nothing was written: %(count)s findings. %(first)s",
            count=len(preview.blocking),
            first=Listing(first, "; "),
        )


class SecondPersonNeeded(Refusal):
    """The file has rows about the person who imports it; somebody else approves it first."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        lines = ", ".join(map(str, preview.own[:10]))
        super().__init__(
            "Nothing was written: line %(lines)s is about the person who imports the file. "
            "A second person approves the batch, then the same file goes through.",
            lines=lines,
        )


class _TakenBack(Exception):
    """Ends the trial of a preview, so that its savepoint is rolled back."""


class Passage:
    """One file on its way: read, typed, prepared, loaded."""

    def __init__(
        self,
        *,
        kind: Kind,
        content: bytes,
        filename: str,
        by: User | None,
        at: datetime,
        partial: bool,
        mends: Mends = NO_MENDS,
    ) -> None:
        self.kind, self.content, self.by, self.at, self.partial = kind, content, by, at, partial
        self.mends = mends
        self.digest = hashlib.sha256(content).hexdigest()
        self.preview = Preview(kind=kind.name, filename=filename)
        self.mapping = NO_MAP
        self.source = ""

    def use_map(self, document: Mapping[str, Any] | None, source: str) -> None:
        """Take the given map, or the one remembered for the source."""
        if document is None and source:
            kept = ColumnMap.objects.filter(kind=self.kind.name, source=source).first()
            document = kept.mapping if kept else None
        self.mapping = NO_MAP if document is None else mapping_of(document)
        if self.mapping.kind not in ("", self.kind.name):
            raise MapUnusable(
                "The column map is for %(other)s files, this is a %(kind)s file.",
                other=self.mapping.kind,
                kind=self.kind.name,
            )
        self.source = source or self.mapping.source

    @property
    def map_digest(self) -> str:
        """Return what tells how the file is read: its map and what was mended in it; empty for neither."""
        if not self.mends:
            return self.mapping.digest
        return hashlib.sha256(f"{self.mapping.digest}:{self.mends.digest}".encode()).hexdigest()

    @property
    def approved_digest(self) -> str:
        """Return what a second person's approval is bound to: the file, how it is read, and the kind."""
        return hashlib.sha256(f"{self.kind.name}:{self.digest}:{self.map_digest}".encode()).hexdigest()

    def tried(self) -> Preview:
        """Return the preview: every step of a commit, taken back."""
        if self._known_already():
            return self.preview
        try:
            with transaction.atomic():
                self._steps()
                raise _TakenBack
        except _TakenBack:
            pass
        except FileUnreadable as refusal:
            self._whole_file(refusal.findings)
        self.preview.batch = None
        return self.preview

    def done(self) -> Preview:
        """Return what was written."""
        if self._known_already():
            return self.preview
        try:
            with transaction.atomic():
                self._steps()
                self._check()
        except FileUnreadable as refusal:
            self._whole_file(refusal.findings)
            raise ImportRejected(self.preview) from None
        return self.preview

    def _check(self) -> None:
        blocking = self.preview.blocking
        others = [finding for finding in blocking if finding.rule != OWN_STEP]
        if self.partial:
            others = [finding for finding in others if finding.line == 0 or finding.rule == "database_law"]
        if others:
            self.preview.batch = None
            raise ImportRejected(self.preview)
        if len(blocking) > len(others) and any(finding.rule == OWN_STEP for finding in blocking):
            raise SecondPersonNeeded(self.preview)

    def _known_already(self) -> bool:
        self.preview.already = ImportBatch.objects.filter(
            kind=self.kind.name,
            file_digest=self.digest,
            map_digest=self.map_digest,
            status=BatchStatus.COMMITTED,
        ).first()
        return self.preview.already is not None

    def batch(self, *, status: BatchStatus) -> ImportBatch:
        """Return the batch of this file, not saved yet."""
        return ImportBatch(
            kind=self.kind.name,
            source=self.source,
            filename=self.preview.filename[:255],
            file_digest=self.digest,
            map_digest=self.map_digest,
            mends=self.mends.document,
            status=status,
            created_by=self.by,
        )

    def _steps(self) -> None:
        context = Context(at=self.at, by=self.by, source=self.source)
        sheet, loads = self._prepared(context)
        batch = self.batch(status=BatchStatus.COMMITTED)
        batch.committed_at, batch.first_day = self.at, _first_day(sheet)
        locked = Period.objects.filter(status=PeriodStatus.LOCKED)
        batch.locked_before = [str(pk) for pk in locked.values_list("pk", flat=True)]
        batch.totals = self.preview.totals
        batch.save()
        self.preview.batch = batch
        if self.preview.blocking and not self.partial and len(sheet) == len(sheet.rejected):
            return
        try:
            with transaction.atomic():
                self._load(sheet, loads, context, batch)
                if self.partial or not self.preview.blocking:
                    check_laws()
        except DatabaseError as error:
            self.preview.findings.append(_law_finding(error))
        self._write_up(batch)

    def _prepared(self, context: Context) -> tuple[Sheet, list[Load]]:
        if self.kind.document:
            table = RawTable(header=["document"], lines=[1], columns=[[text_of(self.content)]], form="JSON")
        else:
            table = self.mends.applied(read_table(self.content))
        texts = mapped(table, self.mapping, canonical=self.kind.names)
        sheet = typed(self.kind, lines=table.lines, texts=texts, mapping=self.mapping)
        loads = self.kind.prepare(sheet, context)
        self._own_rows(sheet, context)
        preview = self.preview
        preview.form, preview.rows = table.form, table.rows
        preview.rejected = table.rows - len(sheet) + len(sheet.rejected)
        preview.totals = sums_by_currency(sheet)
        preview.findings = sorted(table.findings + sheet.findings, key=lambda finding: finding.line)
        preview.late = _late_rows(sheet)
        preview.shown_rows = _rows_of(table, [finding.line for finding in preview.blocking])
        while self.partial and sheet.rejected:
            # Rows that stand on a rejected row are heard of only when it is gone.
            sheet = _accepted_sheet(sheet)
            loads = self.kind.prepare(sheet, context)
            preview.findings += [finding for finding in sheet.findings if finding not in preview.findings]
            preview.rejected += len(sheet.rejected)
        accepted = set(sheet.accepted())
        return sheet, [load.only(accepted) for load in loads]

    def _own_rows(self, sheet: Sheet, context: Context) -> None:
        about = self.kind.about
        own = about.values_of(self.by) if about and self.by else ()
        if about is None or not own or not sheet.has(about.column):
            return
        rows = [row for row, value in enumerate(sheet[about.column]) if value in own]
        self.preview.own = [sheet.lines[row] for row in rows]
        if rows and not self._approved_by_another():
            for row in rows:
                sheet.findings.append(
                    RowFinding(
                        line=sheet.lines[row],
                        column=about.column,
                        value=sheet.text(row, about.column),
                        reason="is about the person who imports it: a second person approves it first",
                        rule=OWN_STEP,
                    )
                )

    def _approved_by_another(self) -> bool:
        return (
            Approval.objects.filter(
                subject_table=BATCH_TABLE,
                step=OWN_STEP,
                digest=self.approved_digest,
                decision=Decision.APPROVED,
            )
            .exclude(decided_by=self.by)
            .exists()
        )

    def _load(self, sheet: Sheet, loads: list[Load], context: Context, batch: ImportBatch) -> None:
        recorded_at = recording_moment()
        outcomes = [load_rows(load, batch=batch, at=recorded_at) for load in loads]
        if self.kind.finish:
            said = len(sheet.findings)
            self.kind.finish(sheet, context, batch)
            self.preview.findings += sheet.findings[said:]
        self._count(sheet, loads, outcomes)

    def _count(self, sheet: Sheet, loads: list[Load], outcomes: list[Outcome]) -> None:
        preview, rows = self.preview, set(sheet.accepted())
        new: set[int] = set()
        counted: set[int] = set()
        for load, outcome in zip(loads, outcomes, strict=True):
            new |= outcome.new - counted
            counted |= set(load.rows)
        touched = set().union(*(outcome.new | outcome.changed for outcome in outcomes)) if outcomes else set()
        preview.new, preview.changed = len(new), len(touched - new)
        preview.same = len(rows - touched)
        preview.ended = sum(outcome.ended for outcome in outcomes)
        preview.changes = [
            CellChange(line=sheet.lines[change.row], column=change.column, old=change.old, new=change.new)
            for outcome in outcomes
            for change in outcome.changes
        ]

    def _write_up(self, batch: ImportBatch) -> None:
        preview = self.preview
        batch.rows_new, batch.rows_changed = preview.new, preview.changed
        batch.rows_same, batch.rows_rejected = preview.same, preview.rejected
        batch.save(update_fields=["rows_new", "rows_changed", "rows_same", "rows_rejected"])
        counts: dict[str, object] = {"new": preview.new, "changed": preview.changed, "ended": preview.ended}
        audit_act(subject_table=BATCH_TABLE, subject_id=batch.pk, detail={"kind": self.kind.name, **counts})

    def _whole_file(self, findings: list[RowFinding]) -> None:
        self.preview = replace(
            self.preview, findings=sorted(findings, key=lambda finding: finding.line), batch=None
        )


def _accepted_sheet(sheet: Sheet) -> Sheet:
    rows = sheet.accepted()
    return Sheet(
        kind=sheet.kind,
        lines=[sheet.lines[row] for row in rows],
        texts={name: [texts[row] for row in rows] for name, texts in sheet.texts.items()},
        values={name: [values[row] for row in rows] for name, values in sheet.values.items()},
    )


def _rows_of(table: RawTable, lines: list[int]) -> dict[int, dict[str, str]]:
    """Return the first rows that have findings, as the file has them, by line."""
    wanted = set(list(dict.fromkeys(lines))[:ROWS_SHOWN])
    return {
        line: {name: texts[place] for name, texts in zip(table.header, table.columns, strict=True)}
        for place, line in enumerate(table.lines)
        if line in wanted
    }


def _first_day(sheet: Sheet) -> date | None:
    days = [day.since if isinstance(day, Span) else day for day in sheet.days if day is not None]
    return min(days) if days else None


def _late_rows(sheet: Sheet) -> dict[str, int]:
    locked = Period.objects.filter(status=PeriodStatus.LOCKED).order_by("days")
    spans = [(period.code, period.span) for period in locked]
    if not spans:
        return {}
    counts: dict[str, int] = {}
    for day in sheet.days:
        for code, span in spans:
            if day is None:
                continue
            touches = day.overlap(span) is not None if isinstance(day, Span) else day in span
            if touches:
                counts[code] = counts.get(code, 0) + 1
    return counts


def check_laws() -> None:
    """Hear the laws that the database would only speak of at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _law_finding(error: DatabaseError) -> RowFinding:
    said = str(error).strip().splitlines()
    detail = next(
        (line.removeprefix("DETAIL:").strip() for line in said[1:] if line.startswith("DETAIL:")), ""
    )
    reason = Sentence(
        "breaks a law of the database (%(law)s): %(said)s",
        law=law_of(error) or type(error).__name__,
        said=f"{said[0]} {detail}".strip(),
    )
    return RowFinding(line=0, column="", value="", reason=reason, rule="database_law")
