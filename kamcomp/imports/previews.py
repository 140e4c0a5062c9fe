"""
What an import would do, or has done: rows by fate, findings, changed cells, sums.

A preview is made by the very steps of a commit, taken back at the end, so that the two
cannot disagree; laws that the database holds are heard in a preview as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kamcomp.approvals.choices import Severity
from kamcomp.imports.findings import RowFinding
from kamcomp.imports.models import ImportBatch


@dataclass(frozen=True)
class CellChange:
    """A cell that the file changes: what stands, and what it becomes."""

    line: int
    column: str
    old: str
    new: str


@dataclass
class Preview:
    """The account of one file; `batch` is set once it is committed, `already` when it was before."""

    kind: str
    filename: str
    form: str = ""
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0
    ended: int = 0
    findings: list[RowFinding] = field(default_factory=list)
    changes: list[CellChange] = field(default_factory=list)
    totals: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    own: list[int] = field(default_factory=list)
    shown_rows: dict[int, dict[str, str]] = field(default_factory=dict)
    batch: ImportBatch | None = None
    already: ImportBatch | None = None

    @property
    def blocking(self) -> list[RowFinding]:
        """Return the findings that reject a row or the file."""
        return [finding for finding in self.findings if finding.severity == Severity.BLOCKS]

    @property
    def notes(self) -> list[RowFinding]:
        """Return the findings that only inform."""
        return [finding for finding in self.findings if finding.severity != Severity.BLOCKS]

    @property
    def accepted(self) -> bool:
        """Tell whether a commit would go through."""
        return not self.blocking

    def sentence(self) -> str:
        """Return the outcome in one sentence."""
        if self.already is not None:
            who = self.already.created_by or "the command line"
            return (
                f"Already imported on {self.already.committed_at:%Y-%m-%d %H:%M} by {who}: "
                f"the same file changes nothing."
            )
        counts = Counter(new=self.new, changed=self.changed, same=self.same, rejected=self.rejected)
        said = ", ".join(f"{count} {word}" for word, count in counts.items())
        return f"{self.rows} rows: {said}."
