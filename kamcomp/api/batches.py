"""
Many rows in at once: `POST /resource:batch`, and one row by the company's own key: `PUT /resource/by-external-id/KEY`.

The rows are taken as a file of the resource's kind and go the very way of one: preview, commit, findings, one batch
that can be undone. A dry run is the preview. The columns are those of docs/reference/files.md, as strings.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kamcomp.api.problems import Problem
from kamcomp.api.public_ids import public_id
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.imports.findings import RowFinding
from kamcomp.imports.kinds import Kind
from kamcomp.imports.passage import ImportRejected
from kamcomp.imports.previews import Preview
from kamcomp.imports.services import IMPORTERS, import_commit, import_preview

MOST_ROWS = 5_000
BATCH = "bat"
Row = Mapping[str, Any]


def rows_taken(
    *, kind: Kind, rows: Sequence[Row], dry_run: bool, partial: bool, by: User, at: datetime
) -> dict[str, Any]:
    """
    Return what came of the rows, or with `dry_run` what would.

    :raises Problem: 422 with each error by the index of its row, if rows are rejected and nothing is written.
    :raises RoleMissing: if `by` may not bring rows in.
    """
    role_check(user=by, roles=IMPORTERS, on=at.date(), act="Sending rows")
    content, begins = _file(kind=kind, rows=rows)
    said: dict[str, Any] = {
        "kind": kind.name,
        "content": content,
        "filename": "by the REST interface",
        "by": by,
    }
    if dry_run:
        preview = import_preview(**said, partial=partial, at=at)
        return {"dry_run": True, **_outcome(preview, begins)}
    try:
        preview = import_commit(**said, partial=partial, at=at)
    except ImportRejected as refusal:
        errors = _errors(refusal.preview.blocking, begins)
        detail = f"Nothing was written: {len(errors)} errors; each is listed with the index of its row."
        raise Problem(422, code="rows_rejected", detail=detail, errors=errors) from refusal
    return {"dry_run": False, **_outcome(preview, begins)}


def _outcome(preview: Preview, begins: Sequence[int]) -> dict[str, Any]:
    batch = preview.batch or preview.already
    return {
        "accepted": preview.accepted,
        "already": preview.already is not None,
        "rows": len(begins),
        "new": preview.new,
        "changed": preview.changed,
        "same": preview.same if preview.already is None else len(begins),
        "rejected": preview.rejected,
        "errors": _errors(preview.blocking, begins),
        "notes": _errors(preview.notes, begins),
        "batch_id": None if batch is None else public_id(BATCH, batch.pk),
    }


def _errors(findings: Sequence[RowFinding], begins: Sequence[int]) -> list[dict[str, Any]]:
    return [_error(each, begins) for each in findings]


def _error(finding: RowFinding, begins: Sequence[int]) -> dict[str, Any]:
    index = begins.index(finding.line) if finding.line in begins else None
    pointer = "/rows" if index is None else f"/rows/{index}"
    return {
        "pointer": f"{pointer}/{finding.column}" if finding.column and index is not None else pointer,
        "index": index,
        "code": finding.rule,
        "detail": f"{finding.column}: {finding.reason}" if finding.column else finding.reason,
    }


def _file(*, kind: Kind, rows: Sequence[Row]) -> tuple[bytes, list[int]]:
    """Return the rows as a file of the kind, and the line on which each begins."""
    errors = [
        {"pointer": f"/rows/{index}/{name}", "index": index, "code": code, "detail": detail}
        for index, row in enumerate(rows)
        for name, code, detail in _faults(kind, row)
    ]
    if errors:
        raise Problem(
            422,
            code="rows_rejected",
            detail="Rows have columns or values that are none.",
            errors=errors[:1000],
        )
    header = [name for name in kind.names if any(name in row for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header or list(kind.names))
    begins, line = [], 2
    for row in rows:
        cells = [_cell(row.get(name)) for name in header]
        begins.append(line)
        line += 1 + sum(cell.count("\n") for cell in cells)
        writer.writerow(cells)
    return text.getvalue().encode(), begins


def _faults(kind: Kind, row: Row) -> list[tuple[str, str, str]]:
    found = []
    for name, value in row.items():
        if name not in kind.names:
            found.append(
                (
                    name,
                    "column_unknown",
                    f"{name}: there is no such column; there are {', '.join(kind.names)}.",
                )
            )
        elif not (value is None or isinstance(value, str | int)) or (
            isinstance(value, str) and "\r" in value
        ):
            found.append(
                (
                    name,
                    "value_unusable",
                    f"{name}: a value is a string (a decimal too), a whole number or null.",
                )
            )
    return found


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
