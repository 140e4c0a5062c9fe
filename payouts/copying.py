"""
Computed rows on their way into the tables: COPY text, made by plain string formatting.

COPY is the fastest way PostgreSQL takes rows; the text of a row is also what its digest is
taken of (its ids apart), so what is stored, what is checked and what is compared is one text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from payouts.selectors.inputs.rows import uuid_array

PAYOUT_COLUMNS = (
    "id", "run_id", "chunk_id", "period_id", "person_id", "plan_version_id", "currency", "due", "posted_before",
    "amount", "carried", "target_incentive", "closing", "input_digest", "result_digest",
)  # fmt: skip
LINE_COLUMNS = (
    "payout_id", "number", "period_id", "kind", "leaf", "pay_element", "account_id", "metric", "target", "actual",
    "attainment", "payout_ratio", "weight", "amount",
)  # fmt: skip

_SAME_PAYOUT = ", ".join(PAYOUT_COLUMNS[3:])
_SAME_LINE = ", ".join(LINE_COLUMNS[1:])
TAKE_PAYOUTS = f"""
    INSERT INTO payouts_payout (id, run_id, chunk_id, {_SAME_PAYOUT})
    SELECT taken.new_id, %(run)s, %(chunk)s, {_SAME_PAYOUT}
      FROM unnest(%(new)s::uuid[], %(old)s::uuid[]) AS taken (new_id, old_id)
      JOIN payouts_payout o ON o.id = taken.old_id
     ORDER BY taken.new_id
"""
TAKE_LINES = f"""
    INSERT INTO payouts_payoutline (payout_id, {_SAME_LINE})
    SELECT taken.new_id, {_SAME_LINE}
      FROM unnest(%(new)s::uuid[], %(old)s::uuid[]) AS taken (new_id, old_id)
      JOIN payouts_payoutline l ON l.payout_id = taken.old_id
       AND l.period_id = (SELECT r.period_id FROM payouts_run r WHERE r.id = %(run)s)
     ORDER BY taken.new_id, l.number
"""


@dataclass(frozen=True, kw_only=True)
class ComputedChunk:
    """
    What a chunk came to, ready to be stored: two COPY texts, problems, kept inputs, digests.

    `problems` are (person id or None, code, sentence); `accounts` the account ids that lines
    name; ids are text. Digests of payees are 32 bytes each, in any order. `taken_over` are
    payouts of an earlier run that come out the same, new and old id; `payouts` counts them
    too, `lines` does not. `inputs` is None where they are those that the chunk `inputs_of` keeps.
    """

    payout_text: str
    line_text: str
    payouts: int
    lines: int
    accounts: frozenset[str]
    problems: Sequence[tuple[str | None, str, str]]
    inputs: bytes | None
    inputs_of: int | None
    engine_digest: str
    taken_over: Sequence[tuple[str, str]]
    input_digest: str
    result_digest: str
    payee_input_digests: Sequence[bytes]
    payee_result_digests: Sequence[bytes]


def copy_rows(*, cursor: Any, computed: ComputedChunk) -> None:
    """Copy a chunk's payouts and lines into their tables, in the transaction that is open."""
    for table, columns, text in (
        ("payouts_payout", PAYOUT_COLUMNS, computed.payout_text),
        ("payouts_payoutline", LINE_COLUMNS, computed.line_text),
    ):
        rows = text.encode()
        # In one piece: between pieces the thread that copies would wait for the one that computes.
        cursor.copy_expert(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN", BytesIO(rows), size=len(rows) + 1
        )


def take_over_rows(*, cursor: Any, computed: ComputedChunk, run_id: UUID, chunk_id: int) -> int:
    """
    Copy the payouts that come out the same, and their lines, from an earlier run; return how many payouts were found.

    Within the database, in the transaction that is open: nothing of them is read or sent.
    """
    if not computed.taken_over:
        return 0
    said = {
        "new": uuid_array(new for new, _old in computed.taken_over),
        "old": uuid_array(old for _new, old in computed.taken_over),
        "run": run_id, "chunk": chunk_id,
    }  # fmt: skip
    cursor.execute(TAKE_PAYOUTS, said)
    found = int(cursor.rowcount)
    cursor.execute(TAKE_LINES, said)
    return found
