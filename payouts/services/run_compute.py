"""
The computation of one chunk, from its assignments to the text that is copied: nothing is written here.

Reading, computing and formatting stand apart from storing, so that a worker can compute one
chunk while another is being copied.
Rules: docs/reference/runs.md, "Chunks".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from kamcomp.ids import uuid7
from payouts.copying import ComputedChunk
from payouts.engine.kept import inputs_to_bytes
from payouts.engine.payee_digests import payee_digests
from payouts.engine.payout_rows import PayeeRows, Rows, payout_rows
from payouts.models import RunChunk
from payouts.selectors.inputs import ChunkInputs, chunk_inputs
from payouts.selectors.inputs.rows import account_of


def chunk_compute(*, chunk_id: int) -> ComputedChunk:
    """
    Return what a chunk comes to: COPY texts, problems, kept inputs and digests.

    Nothing depends on the moment, the worker or the chunk's size.
    """
    chunk = (
        RunChunk.objects.select_related("run__period", "plan_version__plan").defer("inputs").get(pk=chunk_id)
    )
    made = chunk_inputs(
        version=chunk.plan_version,
        period=chunk.run.period,
        assignment_ids=chunk.assignments,
        known_at=chunk.run.known_at,
    )
    accounts = {code: str(account_id) for code, account_id in made.accounts.items()}
    rows = payout_rows(plan=made.plan, inputs=made.inputs, accounts=accounts, account_of=account_of)
    return computed_chunk(chunk=chunk, made=made, rows=rows)


def computed_chunk(*, chunk: RunChunk, made: ChunkInputs, rows: Rows) -> ComputedChunk:
    """Return a chunk's rows and inputs as they are stored."""
    version = chunk.plan_version
    input_digests = payee_digests(inputs=made.inputs, plan_digest=version.digest)
    by_payee = dict(zip(made.inputs.payees, input_digests, strict=True))
    result_digests = [payee.digest(plan=plan_label(chunk)) for payee in rows.payees]
    payout_text, line_text = copy_texts(chunk=chunk, rows=rows.payees, people=made.people, inputs=by_payee)
    found = [(problem.employee_id, problem.code, problem.message) for problem in made.problems]
    found += [(problem.payee, problem.code, problem.message) for problem in rows.problems]
    return ComputedChunk(
        payout_text=payout_text,
        line_text=line_text,
        payouts=len(rows.payees),
        lines=sum(len(payee.lines) for payee in rows.payees),
        accounts=frozenset(made.accounts.values()),
        problems=[(made.people.get(employee), code, message) for employee, code, message in found],
        inputs=inputs_to_bytes(plan=made.plan, inputs=made.inputs),
        input_digest=digest_of(input_digests),
        result_digest=digest_of(result_digests),
        payee_input_digests=input_digests,
        payee_result_digests=result_digests,
    )


def copy_texts(
    *, chunk: RunChunk, rows: Sequence[PayeeRows], people: Mapping[str, UUID], inputs: Mapping[str, bytes]
) -> tuple[str, str]:
    """Return the COPY texts of payouts and of lines, in the order of the payees."""
    head = f"{chunk.run_id}\t{chunk.pk}\t{chunk.run.period_id}"
    version, period = str(chunk.plan_version_id), str(chunk.run.period_id)
    payouts: list[str] = []
    lines: list[str] = []
    for payee in rows:
        payout_id = str(uuid7())
        payouts.append(
            f"{payout_id}\t{head}\t{people[payee.payee]}\t{version}\t{payee.payout}"
            f"\t{inputs[payee.payee].hex()}\n"
        )
        lines.extend(
            f"{payout_id}\t{number}\t{period}\t{line}\n" for number, line in enumerate(payee.lines, start=1)
        )
    return "".join(payouts), "".join(lines)


def plan_label(chunk: RunChunk) -> str:
    """Return how a digest names the plan: its code and the version's number."""
    return f"{chunk.plan_version.plan.code} v{chunk.plan_version.number}"


def digest_of(digests: Sequence[bytes]) -> str:
    """Return the SHA-256 over digests in sorted order, in hexadecimal: the same for any order of payees."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
