"""
Case files: reading a calculation from a file.

A case is one JSON document. In a file, its plan may be the name of another file beside
it, so that several cases can share one plan; the calculator always gets the whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kamcomp.documents import DocumentUnreadable, document_of
from kamcomp.refusal import Refusal


class CaseFileUnreadable(Refusal):
    """A case file, or the plan file it names, is not there or is not JSON."""


def case_read(*, path: Path) -> dict[str, Any]:
    """
    Return the case document of a file, with its plan in place of the name of the plan's file.

    :raises CaseFileUnreadable: naming the file, and the line where it is not JSON.
    """
    document = _json(path)
    if not isinstance(document, dict):
        raise CaseFileUnreadable(f"{path}: a case is a JSON object.")
    if isinstance(document.get("plan"), str):
        document["plan"] = _json(path.parent / document["plan"])
    return document


def _json(path: Path) -> Any:
    try:
        return document_of(path.read_bytes())
    except OSError as error:
        raise CaseFileUnreadable(f"{path}: {error.strerror}.") from error
    except DocumentUnreadable as error:
        raise CaseFileUnreadable(f"{path} {error}.") from error
