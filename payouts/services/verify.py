"""
Verification: every line of a run derived again from its kept inputs, and compared with what is stored.

A cent changed behind the system's back is named by person, plan, line and amount; so is a
digest, a total or a posting that does not follow from the inputs. Nothing of it is changed.
Rules: docs/reference/runs.md, "Verification".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from kamcomp.audit.context import act, audit_act
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from kamcomp.sentences import Numeral, Sentence, Word
from payouts.choices import ChunkStatus, RunStatus
from payouts.engine.payee_digests import payee_digests
from payouts.models import Payout, PayoutLine, Run, RunChunk
from payouts.selectors.named import run_named
from payouts.selectors.rederived import FieldDifference, Kept, chunk_kept, kept_rows, payee_differences
from payouts.services.run_compute import digest_of, plan_label
from payouts.services.verify_ledger import verify_ledger
from payouts.services.verify_pools import verify_pools
from plans.engine.document import plan_digest, plan_from_document

ZERO = Decimal(0)
DIGESTS = {"input": Word("input digest"), "result": Word("result digest")}
DERIVED, STORED = Word("derived but not stored"), Word("stored but not derived")
VERIFIERS = [Role.FINANCE, Role.COMP_ADMIN, Role.AUDITOR]


@dataclass(frozen=True)
class VerifyFinding:
    """One thing that does not follow from the kept inputs: a stable code and a sentence naming the place."""

    code: str
    sentence: str


@dataclass
class Verification:
    """What was verified, and every finding; a run without findings is exactly what its inputs say."""

    run: Run
    payouts: int = 0
    lines: int = 0
    findings: list[VerifyFinding] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Tell whether everything stored follows from the kept inputs."""
        return not self.findings

    def find(self, code: str, sentence: str) -> None:
        """Note a finding."""
        self.findings.append(VerifyFinding(code, sentence))


def verify_period(*, period: Period) -> Verification:
    """Verify the current run of a period: in a locked period, what was paid."""
    return verify_run(run=run_named(period=period))


@act
def run_verify(*, run: Run, by: User | None, at: datetime) -> Verification:
    """
    Verify a run and leave an entry of what came of it: the proof of the control of reproducibility.

    :raises RoleMissing: if `by` keeps none of the books.
    """
    if by is not None:
        role_check(user=by, roles=VERIFIERS, on=at.date(), act="Verifying a run")
    verification = verify_run(run=run)
    audit_act(
        subject_table=Run._meta.db_table,
        subject_id=run.pk,
        detail={
            "payouts": verification.payouts,
            "lines": verification.lines,
            "findings": len(verification.findings),
            "results": run.result_digest,
        },
    )
    return verification


def verify_run(*, run: Run) -> Verification:
    """
    Derive every payout and line of a run again from its kept inputs, and compare.

    Compared are payouts, lines, the digests of people, chunks and run, the totals and, once
    locked, the ledger. Chunks are taken one at a time, so memory does not grow with people.
    """
    verification = Verification(run=run)
    inputs: list[bytes] = []
    results: list[bytes] = []
    chunks = run.chunks.select_related("run__period", "plan_version__plan").order_by("number").defer("inputs")
    for chunk in chunks.iterator(chunk_size=1):
        if chunk.status != ChunkStatus.DONE:
            sentence = Sentence(
                "Chunk %(number)s is %(status)s.",
                number=chunk.number,
                status=Word(chunk.get_status_display().lower()),
            )
            verification.find("chunk_not_done", sentence)
            continue
        made = _verify_chunk(chunk, verification)
        inputs += made[0]
        results += made[1]
    _verify_run_figures(verification, inputs, results)
    verify_pools(run=run, find=verification.find)
    if run.status == RunStatus.LOCKED:
        verify_ledger(run=run, find=verification.find)
    return verification


def _verify_chunk(chunk: RunChunk, verification: Verification) -> tuple[list[bytes], list[bytes]]:
    """Verify one chunk; return its payees' input and result digests as derived."""
    try:
        kept = chunk_kept(chunk=chunk)
    except Refusal as refusal:
        verification.find(
            "inputs_unreadable", Sentence("Chunk %(number)s: %(why)s", number=chunk.number, why=refusal)
        )
        return [], []
    if plan_digest(kept.plan) != plan_digest(plan_from_document(chunk.plan_version.document)):
        verification.find(
            "plan_differs",
            Sentence(
                "Chunk %(number)s kept another plan than %(plan)s as published.",
                number=chunk.number,
                plan=plan_label(chunk),
            ),
        )
    input_digests = payee_digests(inputs=kept.inputs, plan_digest=chunk.plan_version.digest)
    rows = kept_rows(kept=kept)
    results = [payee.digest(plan=plan_label(chunk)) for payee in rows.payees]
    _verify_digests(chunk, verification, input_digests, results)
    by_payee = dict(zip(kept.inputs.payees, input_digests, strict=True))
    _verify_rows(chunk, kept, {payee.payee: payee for payee in rows.payees}, by_payee, verification)
    return input_digests, results


def _verify_digests(
    chunk: RunChunk, verification: Verification, inputs: list[bytes], results: list[bytes]
) -> None:
    for name, derived in (("input", inputs), ("result", results)):
        stored = getattr(chunk, f"{name}_digest")
        parts = bytes(getattr(chunk, f"{name}_digests") or b"")
        if stored != digest_of(derived) or parts != b"".join(sorted(derived)):
            verification.find(
                f"{name}_digest_differs",
                Sentence(
                    "Chunk %(number)s (%(plan)s): the %(digest)s stored is %(stored)s..., derived %(derived)s...",
                    number=chunk.number,
                    plan=plan_label(chunk),
                    digest=DIGESTS[name],
                    stored=stored[:16],
                    derived=digest_of(derived)[:16],
                ),
            )


def _verify_rows(
    chunk: RunChunk, kept: Kept, derived: dict[str, Any], inputs: dict[str, bytes], verification: Verification
) -> None:
    stored = {payout.person.employee_id: payout for payout in _payouts(chunk)}
    lines: dict[Any, list[PayoutLine]] = {}
    of_chunk = PayoutLine.objects.filter(payout__chunk=chunk, period_id=chunk.run.period_id)
    for line in of_chunk.order_by("payout_id", "number"):
        lines.setdefault(line.payout_id, []).append(line)
    verification.payouts += len(stored)
    verification.lines += sum(len(each) for each in lines.values())
    currency = kept.plan.currency
    for employee_id in sorted(stored.keys() | derived.keys()):
        payout, made = stored.get(employee_id), derived.get(employee_id)
        if payout is None or made is None:
            amount = Decimal(made.payout.split("\t")[3]) if made else payout.amount if payout else ZERO
            verification.find(
                "payout_missing" if payout is None else "payout_unexplained",
                Sentence(
                    "%(person)s, %(plan)s: a payout of %(amount)s %(currency)s is %(found)s.",
                    person=employee_id,
                    plan=plan_label(chunk),
                    amount=Numeral.plain(amount),
                    currency=currency,
                    found=DERIVED if payout is None else STORED,
                ),
            )
            continue
        for difference in payee_differences(derived=made, payout=payout, lines=lines.get(payout.pk, [])):
            sentence = _difference_sentence(employee_id, plan_label(chunk), difference, currency)
            verification.find("figure_differs", sentence)
        if payout.input_digest != inputs[employee_id].hex():
            verification.find(
                "input_digest_differs", _another(employee_id, plan_label(chunk), DIGESTS["input"])
            )
        own = made.digest(plan=plan_label(chunk))
        if payout.result_digest is not None and bytes(payout.result_digest) != own:
            verification.find(
                "result_digest_differs", _another(employee_id, plan_label(chunk), DIGESTS["result"])
            )


def _payouts(chunk: RunChunk) -> Iterator[Payout]:
    yield from Payout.objects.filter(chunk=chunk).select_related("person").order_by("person__employee_id")


def _another(employee_id: str, plan: str, digest: str) -> str:
    return Sentence(
        "%(person)s, %(plan)s: the %(digest)s stored is another.",
        person=employee_id,
        plan=plan,
        digest=digest,
    )


def _difference_sentence(employee_id: str, plan: str, difference: FieldDifference, currency: str) -> str:
    place = Sentence("%(person)s, %(plan)s, payout", person=employee_id, plan=plan)
    if difference.line:
        place = Sentence(
            "%(person)s, %(plan)s, line %(line)s (%(leaf)s)",
            person=employee_id,
            plan=plan,
            line=difference.line,
            leaf=difference.leaf,
        )
    if difference.field == "line":
        found = DERIVED if difference.stored == "none" else STORED
        return Sentence("%(place)s is %(found)s.", place=place, found=found)
    return Sentence(
        "%(place)s: %(field)s stored %(stored)s, derived %(derived)s%(off)s.",
        place=place,
        field=Word(difference.field),
        stored=_figure(difference.stored),
        derived=_figure(difference.derived),
        off=_off(difference, currency if difference.field == "amount" else ""),
    )


def _figure(text: str) -> str:
    try:
        return Numeral(text, number=Decimal(text))
    except ArithmeticError:
        return text


def _off(difference: FieldDifference, currency: str) -> str:
    try:
        off = Numeral.signed((Decimal(difference.stored) - Decimal(difference.derived)).normalize())
    except ArithmeticError:
        return ""
    if not currency:
        return Sentence(" (%(off)s)", off=off)
    return Sentence(" (%(off)s %(currency)s)", off=off, currency=currency)


def _verify_run_figures(verification: Verification, inputs: list[bytes], results: list[bytes]) -> None:
    run = verification.run
    for name, stored, derived in (
        ("input", run.input_digest, digest_of(inputs)),
        ("result", run.result_digest, digest_of(results)),
    ):
        if stored != derived:
            verification.find(
                f"run_{name}_digest_differs",
                Sentence(
                    "Run %(run)s: the %(digest)s stored is %(stored)s..., derived %(derived)s...",
                    run=run,
                    digest=DIGESTS[name],
                    stored=stored[:16] or Word("none"),
                    derived=derived[:16],
                ),
            )
    sums = Payout.objects.filter(run=run).values("currency").annotate(total=Sum("amount"))
    totals = {row["currency"]: row["total"] for row in sums}
    for currency in sorted(totals.keys() | run.totals.keys()):
        total, held = Decimal(run.totals.get(currency, "0")), totals.get(currency, ZERO)
        if total != held:
            verification.find(
                "total_differs",
                Sentence(
                    "Run %(run)s: the total stored is %(total)s %(currency)s, its payouts sum to %(held)s.",
                    run=run,
                    total=Numeral(str(total), number=total),
                    currency=currency,
                    held=Numeral.plain(held.normalize()),
                ),
            )
    people = Payout.objects.filter(run=run).aggregate(people=Count("person", distinct=True))["people"]
    if people != run.people:
        sentence = Sentence(
            "Run %(run)s: %(stored)s people stored, %(people)s have a payout.",
            run=run,
            stored=run.people,
            people=people,
        )
        verification.find("people_differ", sentence)
