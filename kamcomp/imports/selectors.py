"""Reads of imports for their pages: the list of batches, a batch with its findings, an upload with rows to mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from kamcomp.approvals.choices import Decision, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.imports.files import read_table
from kamcomp.imports.kinds import all_kinds, kind_named
from kamcomp.imports.mends import mends_of
from kamcomp.imports.models import ColumnMap, ImportBatch, ImportUpload
from kamcomp.imports.passage import BATCH_TABLE, OWN_STEP, ROWS_SHOWN
from kamcomp.imports.uploads import upload_content
from kamcomp.said import spoken
from kamcomp.sentences import Listing, Sentence
from kamcomp.visibility import Viewer, visible

FINDINGS_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class CellToMend:
    """A cell of the file that a finding is about, as it stands now; without a column it cannot be mended here."""

    column: str
    text: str
    reasons: Sequence[str]
    label: str


@dataclass(frozen=True, kw_only=True)
class RowToMend:
    """A rejected row: its line, what tells it apart, and the cells to mend."""

    line: int
    told_by: str
    cells: Sequence[CellToMend]


@dataclass(frozen=True, kw_only=True)
class SumRow:
    """The sum of a column in one currency: of the file, of the rows accepted, of those rejected."""

    column: str
    currency: str
    file: Decimal
    accepted: Decimal
    rejected: Decimal


@dataclass(frozen=True, kw_only=True)
class UploadShown:
    """What the page of an upload shows of its outcome."""

    rows: Sequence[RowToMend] = ()
    of_file: Sequence[dict[str, Any]] = ()
    notes: Sequence[dict[str, Any]] = ()
    sums: Sequence[SumRow] = ()
    left_out: Sequence[int] = ()
    mended: Sequence[dict[str, Any]] = ()
    form: str = ""
    own_only: bool = False
    may_commit: bool = False
    may_partial: bool = False


def batches_visible(*, viewer: Viewer) -> QuerySet[ImportBatch]:
    """Return the batches a viewer may see, with who made them."""
    return visible(ImportBatch.objects.all(), to=viewer).select_related("created_by")


def uploads_open(*, viewer: Viewer) -> QuerySet[ImportUpload]:
    """Return the viewer's own uploads that wait for them, newest first."""
    rows = visible(ImportUpload.objects.filter(batch=None, content__isnull=False), to=viewer)
    return rows.order_by("-created_at")


def kind_titles() -> list[tuple[str, str]]:
    """Return the kinds of file with their titles, in the order a new company brings them."""
    return [(kind.name, kind.title) for kind in all_kinds()]


def sources_known() -> list[str]:
    """Return the sources that a column map is remembered for."""
    return list(ColumnMap.objects.order_by("source").values_list("source", flat=True).distinct())


def batch_findings(*, batch: ImportBatch) -> list[Finding]:
    """Return what an import that was refused or waits was found to have."""
    rows = Finding.objects.filter(subject_table=BATCH_TABLE, subject_id=str(batch.pk))
    return list(rows.order_by("found_at", "pk")[:FINDINGS_SHOWN])


def batch_approval(*, batch: ImportBatch) -> Approval | None:
    """Return the second person's step of a batch that has rows about its sender."""
    steps = Approval.objects.filter(subject_table=BATCH_TABLE, subject_id=batch.pk, step=OWN_STEP)
    return steps.select_related("prepared_by", "decided_by").order_by("-created_at").first()


def own_rows_approved(*, upload: ImportUpload) -> bool:
    """Tell whether a second person has approved the rows about an upload's sender."""
    if upload.batch is None:
        return False
    step = batch_approval(batch=upload.batch)
    return step is not None and step.decision == Decision.APPROVED


def periods_touched(*, batch: ImportBatch) -> list[Period]:
    """Return the periods that are not locked and that the rows of a batch may say something about."""
    periods = Period.objects.exclude(status__in=[PeriodStatus.LOCKED, PeriodStatus.FUTURE])
    if batch.first_day is not None:
        periods = periods.filter(days__endswith__gt=batch.first_day)
    return list(periods.order_by("days"))


def sums_of(totals: dict[str, dict[str, dict[str, str]]]) -> list[SumRow]:
    """Return the sums of a file, by column and currency."""
    return [
        SumRow(
            column=column,
            currency=currency,
            file=Decimal(sums["file"]),
            accepted=Decimal(sums["accepted"]),
            rejected=Decimal(sums["rejected"]),
        )
        for currency, columns in sorted(totals.items())
        for column, sums in sorted(columns.items())
    ]


def upload_shown(*, upload: ImportUpload) -> UploadShown:
    """Return what a page shows of an upload that was looked at."""
    outcome = upload.outcome or {}
    found = [
        {**each, "reason": spoken(each["reason"], each.get("said"))} for each in outcome.get("findings", [])
    ]
    blocking = [each for each in found if each["severity"] == Severity.BLOCKS]
    others = [each for each in blocking if each["rule"] != OWN_STEP]
    mends = mends_of(upload.mends)
    whole = [each for each in others if each["line"] <= 1 or each["rule"] == "database_law"]
    return UploadShown(
        rows=_rows_to_mend(upload, blocking),
        of_file=whole,
        notes=[each for each in found if each["severity"] != Severity.BLOCKS],
        form=spoken(outcome.get("form", ""), outcome.get("form_said")),
        sums=sums_of(outcome.get("totals", {})),
        left_out=sorted(mends.left_out),
        mended=[each for each in upload.mends if each["column"]],
        own_only=bool(blocking) and not others,
        may_commit=upload.outcome is not None and not outcome["blocking"] and not outcome["already"],
        may_partial=bool(others) and not whole and outcome.get("rejected", 0) < outcome.get("rows", 0),
    )


def _rows_to_mend(upload: ImportUpload, blocking: list[dict[str, Any]]) -> list[RowToMend]:
    outcome, kind = upload.outcome or {}, kind_named(upload.kind)
    sources = {name: name for name in upload.header} | dict((upload.mapping or {}).get("columns", {}))
    by_line: dict[int, dict[str, list[str]]] = {}
    for each in blocking:
        if each["line"] > 1 and each["rule"] != "database_law":
            by_line.setdefault(each["line"], {}).setdefault(each["column"], []).append(each["reason"])
    shown = outcome.get("shown_rows", {})
    return [
        RowToMend(
            line=line,
            told_by=_told_by(shown.get(str(line), {}), kind.key, sources),
            cells=[
                cell
                for column, reasons in columns.items()
                for cell in _cells(column, reasons, shown.get(str(line)), sources)
            ],
        )
        for line, columns in list(by_line.items())[:ROWS_SHOWN]
    ]


def _cells(
    column: str, reasons: list[str], row: dict[str, str] | None, sources: dict[str, str]
) -> list[CellToMend]:
    """Return the cells of one finding: several where columns exclude each other, none to mend where none fits."""
    names = [sources.get(name, "") for name in column.split(" or ")]
    if row is None or not any(name in row for name in names):
        return [CellToMend(column="", text="", reasons=reasons, label=column)]
    found = [name for name in names if name in row]
    return [
        CellToMend(column=name, text=row[name], reasons=reasons if number == 0 else (), label=name)
        for number, name in enumerate(found)
    ]


def _told_by(row: dict[str, str], key: Sequence[str], sources: dict[str, str]) -> str:
    return ", ".join(text for name in key if (text := row.get(sources.get(name, ""), "")))


def rejected_rows(*, upload: ImportUpload) -> tuple[list[str], list[list[str]]]:
    """
    Return the header and the rejected rows of an upload as it was mended, each with its reasons at the end.

    :raises UploadClosed: if the file is no longer kept.
    """
    reasons: dict[int, list[str]] = {}
    for each in (upload.outcome or {}).get("findings", []):
        if each["line"] > 1 and each["severity"] == Severity.BLOCKS:
            words = spoken(each["reason"], each.get("said"))
            if each["column"]:
                words = Sentence("%(column)s: %(reason)s", column=each["column"], reason=words)
            reasons.setdefault(each["line"], []).append(words)
    table = mends_of(upload.mends).applied(read_table(upload_content(upload)))
    places = {line: place for place, line in enumerate(table.lines)}
    blank = [""] * max(len(table.header) - 1, 0)
    broken = {finding.line: finding.value for finding in table.findings}
    rows = [
        [*(texts[places[line]] for texts in table.columns), Listing(words, "; ")]
        if line in places
        else [broken.get(line, ""), *blank, Listing(words, "; ")]
        for line, words in sorted(reasons.items())
    ]
    return table.header, rows
