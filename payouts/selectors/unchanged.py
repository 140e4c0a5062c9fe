"""
Payouts of an earlier run that a new one need not compute: same person, version, inputs and engine.

What a payee is computed from is one digest, and kept beside the payout. Where the earlier
run of the period has the same digest, made by the same source of the engine, its rows are
what computing would give, and are copied instead.
Rules: docs/reference/runs.md, "What has not changed".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from payouts.choices import ChunkStatus
from payouts.models import Run, RunChunk
from payouts.selectors.inputs.rows import uuid_array

ENGINE = ("kamcomp.columns", "kamcomp.money", "payouts.engine", "plans.engine", "scorecards.engine")

SAME_ENGINE = """
    SELECT o.person_id::text, o.id::text, o.input_digest, o.result_digest, o.chunk_id
      FROM payouts_payout o JOIN payouts_runchunk c ON c.id = o.chunk_id AND c.engine_digest = %(engine)s
     WHERE o.run_id = %(run)s AND o.plan_version_id = %(version)s AND o.result_digest IS NOT NULL
       AND o.person_id = ANY((SELECT %(people)s::uuid[])::uuid[])
"""


class Unchanged(NamedTuple):
    """A payout that comes out as it did: its id, the digest of its figures, and the chunk it was computed in."""

    payout_id: str
    result_digest: bytes
    chunk_id: int


@lru_cache(maxsize=1)
def engine_digest() -> str:
    """
    Return the SHA-256 of the engine's source, in hexadecimal; "" where the source is not there to be read.

    Another release computes everything again, even where nobody thought of a new format.
    """
    digest, found = hashlib.sha256(), 0
    for name in ENGINE:
        package, _dot, module = name.rpartition(".")
        place = files(name) if package != "kamcomp" else files(package)
        for part in sorted(place.iterdir(), key=lambda part: part.name):
            if part.name.endswith(".py") and (package != "kamcomp" or part.name == f"{module}.py"):
                digest.update(f"{name}/{part.name}\n".encode() + part.read_bytes())
                found += 1
    return digest.hexdigest() if found >= len(ENGINE) else ""


def run_to_build_on(*, period_id: UUID, engine_format: int) -> Run | None:
    """Return the period's latest run that ended with figures, if it was computed with this format."""
    ended = Run.objects.filter(period_id=period_id, finished_at__isnull=False).exclude(result_digest="")
    last = ended.order_by("-number").first()
    return last if last is not None and last.engine_format == engine_format else None


def unchanged_payouts(
    *, based_on: UUID, version_id: UUID, people: Mapping[str, str], digests: Mapping[str, bytes]
) -> dict[str, Unchanged]:
    """
    Return the payouts of a run on a version whose payee's inputs are the same, by employee id.

    `people` maps employee ids to person ids, `digests` to what each is computed from now. One query.
    """
    engine = engine_digest()
    if not engine:
        return {}
    said: dict[str, Any] = {
        "run": based_on,
        "version": version_id,
        "engine": engine,
        "people": uuid_array(people[employee] for employee in digests),
    }
    with connection.cursor() as cursor:
        cursor.execute(SAME_ENGINE, said)
        before = {
            person: (inputs, Unchanged(payout_id, bytes(result), chunk_id))
            for person, payout_id, inputs, result, chunk_id in cursor.fetchall()
        }
    found = {}
    for employee, digest in digests.items():
        known = before.get(people[employee])
        if known is not None and known[0] == digest.hex():
            found[employee] = known[1]
    return found


def chunk_with_inputs(*, found: Mapping[str, Unchanged], digests: Sequence[bytes]) -> int | None:
    """Return the chunk that all unchanged payees were computed in, if it kept exactly these payees' inputs."""
    chunks = {each.chunk_id for each in found.values()}
    if len(chunks) != 1 or len(found) != len(digests):
        return None
    same = RunChunk.objects.filter(
        pk=chunks.pop(), status=ChunkStatus.DONE, input_digests=b"".join(sorted(digests))
    )
    return same.values_list("pk", flat=True).first()
