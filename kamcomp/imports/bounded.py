"""
A workbook is read in a process of its own, with bounds on memory, time and files.

An archive that passed every check may still be built to cost its reader dear. Here it can only end a process that
holds no secret, no connection and no right to write a file; the upload is then refused with one sentence. The
process gets the bytes on its standard input and answers the table, or the refusal, as JSON.
Rules: docs/reference/files.md, "What a file may be".
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kamcomp.approvals.choices import Severity
from kamcomp.imports.files import RawTable
from kamcomp.imports.findings import FileUnreadable, RowFinding, unreadable
from kamcomp.sentences import Word, said_again, sentence_document

PROJECT = Path(__file__).resolve().parents[2]
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 60
PATIENCE_SECONDS = 180
OPEN_FILES = 64
BOUNDS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: OPEN_FILES,
}
TOO_COSTLY = Word("takes more memory or time to read than a spreadsheet of its size may: save it as CSV")


def read_bounded(content: bytes, *, most_rows: int) -> RawTable:
    """
    Return the table on the first sheet of a workbook, read by a bounded process.

    :raises FileUnreadable: if the workbook cannot be read, or costs more than it may.
    """
    question = json.dumps({"most_rows": most_rows}).encode() + b"\n" + content
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__], input=question, capture_output=True, cwd=PROJECT, env=_environment(),
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise unreadable(TOO_COSTLY) from None
    if done.returncode != 0:
        raise unreadable(TOO_COSTLY)
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise FileUnreadable([_finding(each) for each in answer["refused"]])
    table = RawTable(**answer["table"])
    table.findings = [_finding(each) for each in answer["table"]["findings"]]
    table.form = said_again(answer["table"]["form"])
    return table


def _environment() -> dict[str, str]:
    """Return what a Python needs to start, and none of our addresses, passwords and keys."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV", "SYSTEMROOT") if name in os.environ}
    # Libraries for numbers would reserve memory for each core.
    return {**kept, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _finding(said: dict[str, Any]) -> RowFinding:
    reason = said_again(said["reason"])
    return RowFinding(**{**said, "reason": reason, "severity": Severity(said["severity"])})


def _told(finding: RowFinding) -> dict[str, Any]:
    return {**asdict(finding), "reason": sentence_document(finding.reason)}


def _table(table: RawTable) -> dict[str, Any]:
    findings = [_told(finding) for finding in table.findings]
    return {**vars(table), "findings": findings, "form": sentence_document(table.form)}


def main() -> int:
    """Read a workbook from standard input, within bounds, and answer on standard output."""
    for bound, most in BOUNDS.items():
        _bounded(bound, most)
    from kamcomp.imports.workbooks import parse_workbook

    question = sys.stdin.buffer.readline()
    content = sys.stdin.buffer.read()
    answer: dict[str, Any]
    try:
        answer = {"table": _table(parse_workbook(content, most_rows=json.loads(question)["most_rows"]))}
    except FileUnreadable as refusal:
        answer = {"refused": [_told(finding) for finding in refusal.findings]}
    except MemoryError:
        return 1
    sys.stdout.write(json.dumps(answer))
    return 0


def _bounded(bound: int, most: int) -> None:
    _soft, hard = resource.getrlimit(bound)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    try:
        resource.setrlimit(bound, (most, most))
    except (ValueError, OSError):
        # Not every system bounds everything (macOS no address space); the others and the patience still hold.
        return


if __name__ == "__main__":
    sys.exit(main())
