"""
What an import found, said by line (the header is line 1), column, value and reason.

Findings are gathered, never thrown one by one: the person who made the file sees all
of them at once. One that blocks rejects its row; the others only inform.
"""

from dataclasses import dataclass

from kamcomp.approvals.choices import Severity
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from kamcomp.sentences import ours

SHOWN = 80
"""Characters of a value that a finding repeats; a file may carry very long cells."""


@dataclass(frozen=True)
class RowFinding:
    """One thing found in a file; line 0 is the file as a whole."""

    line: int
    column: str
    value: str
    reason: str
    severity: Severity = Severity.BLOCKS
    rule: str = "import_row"

    def __str__(self) -> str:
        return str(self.said)

    @property
    def said(self) -> Sentence:
        """Return the finding with its place and its value, for pages to word."""
        return Sentence(
            "%(place)s%(column)s:%(value)s %(reason)s",
            place=Sentence("line %(line)s", line=self.line) if self.line else Word("file"),
            column=f", {self.column}" if self.column else "",
            value=f" {shown(self.value)!r}" if self.value else "",
            reason=ours(self.reason),
        )


class FileUnreadable(Refusal):
    """A file is not what its kind needs: encoding, archive, header. Carries the findings."""

    def __init__(self, findings: list[RowFinding]) -> None:
        self.findings = findings
        super().__init__(Listing((finding.said for finding in findings[:20]), "; "))


def unreadable(reason: str, *, line: int = 0, column: str = "", value: str = "") -> FileUnreadable:
    """Return the refusal of a whole file for one reason."""
    return FileUnreadable([RowFinding(line=line, column=column, value=value, reason=reason)])


def shown(value: str) -> str:
    """Return a value short enough to repeat in a message."""
    return value if len(value) <= SHOWN else f"{value[:SHOWN]}..."
