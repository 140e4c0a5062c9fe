"""
One person's amounts of a run worked out again from the inputs the run kept, figure beside figure.

The same engine on the kept inputs, never a new query: each line, the payout, the digest of the
person's inputs, and whether the digest of what comes out is one of those the run's digest is
made of. A pool is derived again from its own kept inputs. Nothing is written.
Rules: docs/reference/runs.md, "Verification".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kamcomp.refusal import Refusal
from kamcomp.sentences import Sentence
from payouts.engine.payee_digests import payee_digests
from payouts.models import Allocation, Payout, PayoutLine
from payouts.selectors.rederived import (
    LINE_FIELDS,
    PAYOUT_FIELDS,
    FieldDifference,
    kept_of_chunk,
    kept_rows,
    payee_differences,
)
from payouts.services.run_compute import plan_label
from payouts.services.verify_pools import pool_differences

DIGEST_BYTES = 32
AMOUNT_OF_PAYOUT, AMOUNT_OF_LINE = PAYOUT_FIELDS.index("amount"), LINE_FIELDS.index("amount")


@dataclass(frozen=True, kw_only=True)
class LineAgain:
    """A line as it is stored and as it comes out; None where one of them is not there."""

    number: int
    leaf: str
    account: str
    stored: Decimal | None
    derived: Decimal | None

    @property
    def equal(self) -> bool:
        """Tell whether both are the same amount."""
        return self.stored == self.derived


@dataclass(frozen=True, kw_only=True)
class PayoutAgain:
    """
    A payout as it is stored and as it comes out.

    `differences` holds every field that is not equal, amounts or not; `in_run` tells whether the
    run's digest is made of this very result; `problem` says why it cannot be worked out.
    """

    payout: Payout
    derived: Decimal | None
    lines: Sequence[LineAgain]
    input_digest: str
    result_digest: str
    in_run: bool
    differences: Sequence[FieldDifference]
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Tell whether every figure and both digests are what is stored."""
        return (
            not self.problem
            and not self.differences
            and self.in_run
            and self.input_digest == self.payout.input_digest
        )


@dataclass(frozen=True, kw_only=True)
class ShareAgain:
    """A pool share, and whatever of its pool does not follow from the pool's kept inputs and approval."""

    share: Allocation
    differences: Sequence[str]


def payout_reproduce(*, payout: Payout) -> PayoutAgain:
    """Return a payout worked out again; what stands in the way is said in `problem`, never raised."""
    try:
        kept = kept_of_chunk(payout.chunk_id)
    except Refusal as refusal:
        return _not_again(payout, refusal.said)
    own = kept.of_payee(payout.person.employee_id)
    if own is None:
        return _not_again(
            payout, Sentence("The run kept no inputs of %(person)s.", person=payout.person.employee_id)
        )
    (derived,) = kept_rows(kept=kept, inputs=own).payees
    lines = list(
        payout.lines.filter(period_id=payout.period_id).select_related("account__node").order_by("number")
    )
    chunk = payout.chunk
    result = derived.digest(plan=plan_label(chunk))
    (inputs,) = payee_digests(inputs=own, plan_digest=chunk.plan_version.digest)
    return PayoutAgain(
        payout=payout,
        derived=Decimal(derived.payout.split("\t")[AMOUNT_OF_PAYOUT]),
        lines=_lines(lines, [text.split("\t") for text in derived.lines]),
        input_digest=inputs.hex(),
        result_digest=result.hex(),
        in_run=result in _parts(bytes(chunk.result_digests or b"")),
        differences=tuple(payee_differences(derived=derived, payout=payout, lines=lines)),
    )


def share_reproduce(*, share: Allocation) -> ShareAgain:
    """Return a pool share with what of its pool does not come out again."""
    return ShareAgain(share=share, differences=[sentence for _code, sentence in pool_differences(share.pool)])


def _not_again(payout: Payout, problem: str) -> PayoutAgain:
    return PayoutAgain(
        payout=payout,
        derived=None,
        lines=(),
        input_digest="",
        result_digest="",
        in_run=False,
        differences=(),
        problem=problem,
    )


def _lines(stored: Sequence[PayoutLine], derived: Sequence[Sequence[str]]) -> list[LineAgain]:
    kept = {line.number: line for line in stored}
    made = dict(enumerate(derived, start=1))
    found = []
    for number in sorted(kept.keys() | made.keys()):
        line, fields = kept.get(number), made.get(number)
        found.append(
            LineAgain(
                number=number,
                leaf=line.leaf if line else made[number][LINE_FIELDS.index("leaf")],
                account=str(line.account) if line and line.account else "",
                stored=line.amount if line else None,
                derived=Decimal(fields[AMOUNT_OF_LINE]) if fields else None,
            )
        )
    return found


def _parts(digests: bytes) -> set[bytes]:
    return {digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES)}
