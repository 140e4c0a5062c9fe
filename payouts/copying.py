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

PAYOUT_COLUMNS = (
    "id", "run_id", "chunk_id", "period_id", "person_id", "plan_version_id", "currency", "due", "posted_before",
    "amount", "carried", "target_incentive", "closing", "input_digest",
)  # fmt: skip
LINE_COLUMNS = (
    "payout_id", "number", "period_id", "kind", "leaf", "pay_element", "account_id", "metric", "target", "actual",
    "attainment", "payout_ratio", "weight", "amount",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ComputedChunk:
    """
    What a chunk came to, ready to be stored: two COPY texts, problems, kept inputs, digests.

    `problems` are (person id or None, code, sentence); `accounts` the account ids that lines
    name; ids are text. Digests of payees are 32 bytes each, in any order.
    """

    payout_text: str
    line_text: str
    payouts: int
    lines: int
    accounts: frozenset[str]
    problems: Sequence[tuple[str | None, str, str]]
    inputs: bytes
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
