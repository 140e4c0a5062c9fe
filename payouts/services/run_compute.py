"""
The computation of one chunk, from its assignments to the text that is copied: nothing is written here.

Reading, computing and formatting stand apart from storing, so that a worker can compute one
chunk while another is being copied.
Rules: docs/reference/runs.md, "Chunks".
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from threading import Lock

import numpy as np

from kamcomp.ids import uuid7_texts
from kamcomp.trace import texts_remembered
from payouts.copying import ComputedChunk
from payouts.engine.kept import inputs_to_bytes
from payouts.engine.payee_digests import payee_digests
from payouts.engine.payout_rows import PayeeRows, Rows, payout_rows
from payouts.models import RunChunk
from payouts.selectors.inputs import ChunkInputs, chunk_inputs
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.unchanged import Unchanged, chunk_with_inputs, engine_digest, unchanged_payouts
from plans.engine.inputs import Inputs, rows_of

_COLLECTOR = Lock()
_resting, _was_on = 0, False


def chunk_compute(*, chunk_id: int) -> ComputedChunk:
    """
    Return what a chunk comes to: COPY texts, problems, kept inputs and digests.

    Nothing depends on the moment, the worker or the chunk's size.
    """
    with no_garbage_collection(), texts_remembered():
        return _computed(chunk_id)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """
    Let no collector walk a chunk's hundred thousand rows again and again while they are made.

    A third of a chunk's time went there; what is made holds no cycles, and goes when it is let go.
    """
    global _resting, _was_on
    with _COLLECTOR:
        if not _resting:
            _was_on = gc.isenabled()
            gc.disable()
        _resting += 1
    try:
        yield
    finally:
        with _COLLECTOR:
            _resting -= 1
            if not _resting and _was_on:
                gc.enable()


def _computed(chunk_id: int) -> ComputedChunk:
    chunk = (
        RunChunk.objects.select_related("run__period", "plan_version__plan")
        .defer("inputs", "assignments")
        .get(pk=chunk_id)
    )
    made = chunk_inputs(
        version=chunk.plan_version,
        period=chunk.run.period,
        assignments=chunk.pk,
        known_at=chunk.run.known_at,
    )
    digests = payee_digests(inputs=made.inputs, plan_digest=chunk.plan_version.digest)
    by_payee = dict(zip(made.inputs.payees, digests, strict=True))
    same = _unchanged(chunk, made, by_payee)
    own = without_payees(made.inputs, same) if same else made.inputs
    rows = payout_rows(plan=made.plan, inputs=own, accounts=made.accounts, account_of=account_of)
    return computed_chunk(chunk=chunk, made=made, rows=rows, inputs=by_payee, same=same)


def _unchanged(chunk: RunChunk, made: ChunkInputs, digests: Mapping[str, bytes]) -> dict[str, Unchanged]:
    """Return the payouts that the run takes over from the one it is based on, by employee id."""
    if chunk.run.based_on_id is None:
        return {}
    return unchanged_payouts(
        based_on=chunk.run.based_on_id,
        version_id=chunk.plan_version_id,
        people=made.people,
        digests=digests,
    )


def without_payees(inputs: Inputs, payees: Collection[str]) -> Inputs:
    """Return the inputs of everybody else."""
    others = [place for place, payee in enumerate(inputs.payees) if payee not in payees]
    stay = np.zeros(len(inputs.payees), dtype=bool)
    stay[others] = True
    return rows_of(inputs, np.flatnonzero(stay[inputs.payee]), payees_too=others)


def computed_chunk(
    *, chunk: RunChunk, made: ChunkInputs, rows: Rows, inputs: Mapping[str, bytes],
    same: Mapping[str, Unchanged],
) -> ComputedChunk:  # fmt: skip
    """Return a chunk's rows and inputs as they are stored: computed ones, and the `same` as in the run before."""
    input_digests = sorted(inputs.values())
    label = plan_label(chunk)
    computed_digests = [payee.digest(plan=label) for payee in rows.payees]
    ids = uuid7_texts(len(rows.payees) + len(same))
    payout_text, line_text = copy_texts(
        chunk=chunk, rows=rows.payees, people=made.people, inputs=inputs, results=computed_digests, ids=ids
    )
    result_digests = sorted([*computed_digests, *(each.result_digest for each in same.values())])
    kept_by = chunk_with_inputs(found=same, digests=input_digests) if same else None
    found = [(problem.employee_id, problem.code, problem.message) for problem in made.problems]
    found += [(problem.payee, problem.code, problem.message) for problem in rows.problems]
    return ComputedChunk(
        payout_text=payout_text,
        line_text=line_text,
        payouts=len(rows.payees) + len(same),
        lines=sum(len(payee.lines) for payee in rows.payees),
        accounts=frozenset(made.accounts.values()),
        problems=[(made.people.get(employee), code, message) for employee, code, message in found],
        inputs=None if kept_by is not None else inputs_to_bytes(plan=made.plan, inputs=made.inputs),
        inputs_of=kept_by,
        engine_digest=engine_digest(),
        taken_over=list(
            zip(ids[len(rows.payees) :], (each.payout_id for each in same.values()), strict=True)
        ),
        input_digest=digest_of(input_digests),
        result_digest=digest_of(result_digests),
        payee_input_digests=input_digests,
        payee_result_digests=result_digests,
    )


def copy_texts(
    *, chunk: RunChunk, rows: Sequence[PayeeRows], people: Mapping[str, str], inputs: Mapping[str, bytes],
    results: Sequence[bytes], ids: Sequence[str],
) -> tuple[str, str]:  # fmt: skip
    """Return the COPY texts of payouts and of lines, in the order of the payees; their ids are the first of `ids`."""
    period, ids = str(chunk.run.period_id), ids[: len(rows)]
    head = f"\t{chunk.run_id}\t{chunk.pk}\t{period}\t"
    version = f"\t{chunk.plan_version_id}\t"
    payouts = [
        # What COPY reads as \\x is the \x that begins bytes.
        f"{payout_id}{head}{people[payee.payee]}{version}{payee.payout}"
        f"\t{inputs[payee.payee].hex()}\t\\\\x{result.hex()}\n"
        for payout_id, payee, result in zip(ids, rows, results, strict=True)
    ]
    counts = [len(payee.lines) for payee in rows]
    numbered = [f"\t{number}\t{period}\t" for number in range(1, 1 + max(counts, default=0))]
    numbers = [numbered[:count] for count in range(1 + len(numbered))]
    # In pieces, a column at a time: joining all of them once costs half of making each line.
    lines = ["\n"] * (4 * sum(counts))
    lines[0::4] = chain.from_iterable(map(repeat, ids, counts))
    lines[1::4] = chain.from_iterable(map(numbers.__getitem__, counts))
    lines[2::4] = chain.from_iterable(payee.lines for payee in rows)
    return "".join(payouts), "".join(lines)


def plan_label(chunk: RunChunk) -> str:
    """Return how a digest names the plan: its code and the version's number."""
    return f"{chunk.plan_version.plan.code} v{chunk.plan_version.number}"


def digest_of(digests: Sequence[bytes]) -> str:
    """Return the SHA-256 over digests in sorted order, in hexadecimal: the same for any order of payees."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
