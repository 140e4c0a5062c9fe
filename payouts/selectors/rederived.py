"""
Payouts derived again from the inputs a run kept, and what is stored beside them.

The same engine runs on the same inputs, never on a new query: for a statement, for the
trace of a line, for verification, for the difference between two runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from kamcomp.columns import EXACT
from kamcomp.refusal import Refusal
from kamcomp.trace import RecordingTrace
from payouts.choices import LedgerAccount
from payouts.engine.case_inputs import BALANCES
from payouts.engine.evaluation import evaluate
from payouts.engine.formats import RUNNABLE_FORMATS
from payouts.engine.kept import inputs_from_bytes
from payouts.engine.payout_rows import NULL, PayeeRows, Rows, payout_rows
from payouts.models import Payout, PayoutLine, RunChunk
from payouts.selectors.inputs.rows import account_of
from plans.engine.inputs import Inputs, payee_inputs
from plans.engine.plan import Plan
from teams.models import StrategicAccount

PAYOUT_FIELDS = ("currency", "due", "posted_before", "amount", "carried", "target_incentive", "closing")
LINE_FIELDS = (
    "kind", "leaf", "pay_element", "account", "metric", "target", "actual", "attainment", "payout_ratio", "weight",
    "amount",
)  # fmt: skip


def words_of_figures() -> Iterator[tuple[str, str]]:
    """Yield what differences call figures, accounts and balances, for the catalogue of translations."""
    words = {*PAYOUT_FIELDS, *LINE_FIELDS, *BALANCES, *(account.value for account in LedgerAccount)}
    yield from ((word, "payouts/selectors/rederived.py") for word in sorted(words))


class FormatNotRunnable(Refusal):
    """A run was computed with an engine format that this version cannot run."""


class InputsNotKept(Refusal):
    """A chunk has no kept inputs, so nothing of it can be derived again."""


@dataclass(frozen=True)
class Kept:
    """The plan and the inputs a chunk kept."""

    plan: Plan
    inputs: Inputs

    def of_payee(self, employee_id: str) -> Inputs | None:
        """Return one payee's own inputs, or None if the chunk holds no such payee."""
        if employee_id not in self.inputs.payees:
            return None
        return payee_inputs(self.inputs, employee_id)


@dataclass(frozen=True)
class FieldDifference:
    """A field of a payout (line 0) or of a line whose stored value is not the derived one."""

    line: int
    leaf: str
    field: str
    stored: str
    derived: str


@dataclass(frozen=True)
class Explanation:
    """A payout explained: the trace as a tree of steps, and where it differs from what is stored (nowhere)."""

    steps: list[dict[str, Any]]
    differences: tuple[FieldDifference, ...]

    @property
    def equal(self) -> bool:
        """Tell whether the derived figures are exactly the stored ones."""
        return not self.differences


def chunk_kept(*, chunk: RunChunk) -> Kept:
    """
    Return the plan and inputs a chunk kept.

    :raises FormatNotRunnable: if its run was computed with a format this version cannot run.
    :raises InputsNotKept: if the chunk is not done.
    :raises KeptInputsUnreadable: if the kept bytes are damaged.
    """
    if chunk.run.engine_format not in RUNNABLE_FORMATS:
        raise FormatNotRunnable(
            "Run %(run)s was computed with engine format %(engine_format)s; this version runs %(names)s.",
            run=chunk.run,
            engine_format=chunk.run.engine_format,
            names=", ".join(map(str, RUNNABLE_FORMATS)),
        )
    if not chunk.inputs:
        raise InputsNotKept(
            "Chunk %(number)s of run %(run)s keeps no inputs: it is %(status)s.",
            number=chunk.number,
            run=chunk.run,
            status=chunk.status,
        )
    return Kept(*inputs_from_bytes(bytes(chunk.inputs)))


@lru_cache(maxsize=4)
def kept_of_chunk(chunk_id: int) -> Kept:
    """Return what a done chunk kept; a done chunk never changes, so a few are remembered."""
    return chunk_kept(chunk=RunChunk.objects.select_related("run__period").get(pk=chunk_id))


def kept_rows(*, kept: Kept, inputs: Inputs | None = None) -> Rows:
    """Return the rows derived from kept inputs (or from a part of them)."""
    own = inputs or kept.inputs
    accounts = account_ids(codes={account_of(stint) for stint in own.stints})
    return payout_rows(plan=kept.plan, inputs=own, accounts=accounts, account_of=account_of)


def account_ids(*, codes: Iterable[str]) -> dict[str, str]:
    """Return the ids of the programme's accounts of these codes, as lines name them."""
    rows = StrategicAccount.objects.filter(node__code__in=codes).values_list("node__code", "pk")
    return {code: str(account_id) for code, account_id in rows}


def payout_explain(*, payout: Payout) -> Explanation:
    """
    Return the trace of a payout, derived again from its kept inputs, and whether it equals what is stored.

    :raises InputsNotKept: if the payout's chunk kept nothing of this person.
    """
    kept = kept_of_chunk(payout.chunk_id)
    own = kept.of_payee(payout.person.employee_id)
    if own is None:
        raise InputsNotKept(
            "The chunk of %(employee_id)s's payout kept no inputs of theirs.",
            employee_id=payout.person.employee_id,
        )
    trace = RecordingTrace()
    evaluate(plan=kept.plan, inputs=own, numbers=EXACT, trace=trace)
    derived = kept_rows(kept=kept, inputs=own).payees
    lines = list(payout.lines.filter(period_id=payout.period_id).order_by("number"))
    differences = tuple(payee_differences(derived=derived[0], payout=payout, lines=lines)) if derived else ()
    return Explanation(steps=trace.tree(), differences=differences)


def payee_differences(
    *, derived: PayeeRows, payout: Payout, lines: list[PayoutLine]
) -> Iterator[FieldDifference]:
    """Yield every field of a stored payout and its lines that is not what was derived, amounts first to last."""
    yield from _differences(0, "", PAYOUT_FIELDS, derived.payout.split("\t"), _payout_stored(payout))
    kept = {line.number: line for line in lines}
    made = {number: text.split("\t") for number, text in enumerate(derived.lines, start=1)}
    for number in sorted(kept.keys() | made.keys()):
        stored, fields = kept.get(number), made.get(number)
        if stored is not None and fields is not None:
            yield from _differences(number, stored.leaf, LINE_FIELDS, fields, _line_stored(stored))
            continue
        leaf = stored.leaf if stored is not None else made[number][1]
        yield FieldDifference(
            number, leaf, "line", "stored" if stored else "none", "derived" if fields else "none"
        )


def _differences(
    line: int, leaf: str, fields: tuple[str, ...], derived: list[str], stored: list[Any]
) -> Iterator[FieldDifference]:
    for field, made, kept in zip(fields, derived, stored, strict=True):
        if not _same(made, kept):
            yield FieldDifference(line, leaf, field, _shown(kept), made)


def _same(derived: str, stored: Any) -> bool:
    if stored is None:
        return derived == NULL
    if derived == NULL:
        return False
    if isinstance(stored, Decimal):
        return Decimal(derived) == stored
    return derived == str(stored)


def _shown(stored: Any) -> str:
    return (
        NULL if stored is None else f"{stored.normalize():f}" if isinstance(stored, Decimal) else str(stored)
    )


def _payout_stored(payout: Payout) -> list[Any]:
    values = [getattr(payout, field) for field in PAYOUT_FIELDS[:-1]]
    return [*values, json.dumps(payout.closing, sort_keys=True)]


def _line_stored(line: PayoutLine) -> list[Any]:
    return [
        line.kind, line.leaf, line.pay_element, _id_text(line.account_id), line.metric, line.target, line.actual,
        line.attainment, line.payout_ratio, line.weight, line.amount,
    ]  # fmt: skip


def _id_text(account_id: UUID | None) -> str | None:
    return None if account_id is None else str(account_id)
