"""
Conditions on what one has seen: `If-None-Match` for reads, `If-Match` for writes.

The ETag of an answer is a digest of what the caller is shown, with the row's version before it where it has one: it
tells nobody anything about what they do not see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from kamcomp.api.problems import Problem


def etag_of(shown: Any, *, version: int | None = None) -> str:
    """Return the ETag of what is shown."""
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:24]
    return f'"{digest}"' if version is None else f'"v{version}-{digest}"'


def is_known(request: Request, etag: str) -> bool:
    """Tell whether the caller has exactly this already."""
    said = request.headers.get("If-None-Match", "")
    return said.strip() == "*" or etag in _tags(said)


def match_check(request: Request, *, etag: str, current: Mapping[str, Any]) -> None:
    """
    Check that the caller writes over what they have seen.

    :raises Problem: 428 if they do not say what they saw, 412 with what stands if it is another.
    """
    said = request.headers.get("If-Match")
    if said is None:
        raise Problem(
            428,
            code="precondition_required",
            detail="Say which state you change: send If-Match with the ETag you were given.",
        )
    if said.strip() != "*" and etag not in _tags(said):
        raise Problem(
            412,
            code="changed_meanwhile",
            detail="It is not what you have seen: look at `current`, and send its ETag.",
            headers={"ETag": etag},
            current=current,
        )


def _tags(said: str) -> set[str]:
    # What was compressed on its way is marked as weak; it is still the same state.
    return {part.strip().removeprefix("W/") for part in said.split(",")}
