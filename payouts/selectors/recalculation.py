"""
Locked periods computed again on the facts known now, beside what was paid.

The same inputs are read and the same engine runs as in a run; only the balances a payee
brings are those of then: what the run kept, or, where the payee's period before has been
computed again too, what that one closes with. So a late fact of the first quarter moves
the first quarter's amount once, and not every later one as well. What a payout recovered of a
claim was due, and went towards the claim: it stays recovered, and both sides are compared as
they are before it. Nothing is written.
Rule: docs/reference/formulas.md, "Corrections".
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from kamcomp import money
from kamcomp.columns import as_column
from payouts.choices import LineKind
from payouts.engine.kept import in_order, inputs_to_bytes
from payouts.engine.payout_rows import PayeeRows
from payouts.models import Payout, PayoutLine, Run
from payouts.selectors.input_changes import PAID_NOW, PAID_THEN, input_changes
from payouts.selectors.inputs import ChunkInputs, chunk_inputs
from payouts.selectors.inputs.reach import version_reach
from payouts.selectors.inputs.rows import uuid_array
from payouts.selectors.rederived import Kept, chunk_kept, kept_rows
from payouts.selectors.runs import period_assignments
from plans.engine.inputs import Balances, Inputs, held_columns, payee_inputs
from plans.engine.plan import Plan
from plans.models import Assignment, PlanVersion

ZERO = Decimal(0)
OF_THE_YEAR = "posted"
AS_THEN = ("posted", "carried", "excess", "bank", "draw")
RECOVERED = Q(kind=LineKind.TERMS, leaf="clawback")
"""The line of a payout that took something towards a claim; its amount is below zero."""
REASONS_SHOWN = 3


@dataclass(frozen=True)
class Brought:
    """What a payee's last period computed again closes with: of which version and fiscal year, and the balances."""

    version_id: UUID
    fiscal_year: int
    balances: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class Recalculated:
    """
    One payee of a locked run, computed again.

    `due` is what would be paid on the facts known now, `paid` what was, both before anything is
    recovered of a claim; `alone` what changed of what leaves owe that count the period alone, where
    others of the plan accumulate. `payout` is None for somebody whom the run did not pay, `line` the
    number of the line that changed most.
    `reasons` name the facts that changed; `inputs` are the canonical inputs of the recalculation.
    """

    person_id: UUID
    employee_id: str
    payout: Payout | None
    due: Decimal
    paid: Decimal
    alone: Decimal
    line: int | None
    reasons: tuple[str, ...]
    inputs: bytes | None


@dataclass
class Recalculation:
    """
    A calendar's locked runs computed again, one after the other in the order of their periods.

    `problems` are people who could not be computed again; they are told and not corrected.
    """

    known_at: datetime
    brought: dict[tuple[UUID, str], Brought] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def version_again(self, *, run: Run, version: PlanVersion) -> tuple[list[Kept], Iterator[Recalculated]]:
        """
        Return what a plan version's people are computed from now, and each of them computed again.

        Whoever the run paid and nobody would pay now is among them, with nothing due.
        """
        then = _kept_then(run=run, version=version)
        made = [
            self._as_then(each, then=then, run=run, version=version)
            for each in _made(run, version, self.known_at)
        ]
        return [Kept(each.plan, each.inputs) for each in made], self._compared(run, version, made, then)

    def _as_then(self, made: ChunkInputs, *, then: _Then, run: Run, version: PlanVersion) -> ChunkInputs:
        """Return inputs whose payees bring what they brought then, or what the period before closes with now."""
        inputs = in_order(made.inputs)
        columns: dict[str, list[Decimal]] = {name: [] for name in AS_THEN}
        held: list[Mapping[str, Decimal]] = []
        for place, payee in enumerate(inputs.payees):
            old = then.balances.get(payee)
            chain = self.brought.get((version.plan_id, payee))
            for name in AS_THEN:
                amount = getattr(inputs.balances, name)[place] if old is None else old[name]
                if chain is not None:
                    same_year = (chain.version_id, chain.fiscal_year) == (version.pk, run.period.fiscal_year)
                    amount = chain.balances.get(name, ZERO) if name != OF_THE_YEAR or same_year else ZERO
                columns[name].append(amount)
            now = inputs.balances.held_named(place) if old is None else old
            held.append(now if chain is None else chain.balances)
        balances = Balances(
            **{name: as_column(values) for name, values in columns.items()},
            recoverable=as_column([ZERO] * len(inputs.payees)),
            held=held_columns(held),
        )
        return replace(made, inputs=replace(inputs, balances=balances))

    def _compared(
        self, run: Run, version: PlanVersion, made: Sequence[ChunkInputs], then: _Then
    ) -> Iterator[Recalculated]:
        paid, recovered = _paid_then(run=run, version=version), _recovered_then(run=run, version=version)
        troubled: set[str] = set()
        for part in made:
            now = Kept(part.plan, part.inputs)
            rows = kept_rows(kept=now)
            for employee_id, words in [
                *((each.employee_id, each.message) for each in part.problems),
                *((each.payee, each.message) for each in rows.problems),
            ]:
                troubled.add(employee_id)
                self.problems.append(f"{employee_id}, {version}, {run.period}: {words}")
            for payee in rows.payees:
                self._bring(payee, run=run, version=version)
                payout = paid.pop(payee.payee, None)
                yield _against(
                    payee,
                    person_id=UUID(part.people[payee.payee]),
                    payout=payout,
                    paid=_paid(payout, recovered),
                    now=now,
                    then=then,
                )
        for employee_id, payout in sorted(paid.items()):
            if employee_id not in troubled:
                self.brought.pop((version.plan_id, employee_id), None)
                yield _nothing_due(employee_id, payout, paid=_paid(payout, recovered))

    def _bring(self, payee: PayeeRows, *, run: Run, version: PlanVersion) -> None:
        fields = payee.payout.split("\t")
        balances = {name: Decimal(amount) for name, amount in json.loads(fields[6]).items()}
        balances["carried"] = Decimal(fields[4])
        self.brought[version.plan_id, payee.payee] = Brought(version.pk, run.period.fiscal_year, balances)


@dataclass(frozen=True)
class _Then:
    """What a run kept of a version's people: the chunks, and the balances each brought."""

    kept: Sequence[Kept]
    balances: Mapping[str, Mapping[str, Decimal]]

    def of(self, employee_id: str) -> Kept | None:
        return next((kept for kept in self.kept if employee_id in kept.inputs.payees), None)


def run_versions(*, run: Run) -> list[PlanVersion]:
    """Return the plan versions that a run paid by, or that would pay in its period now, by plan and number."""
    ids = {*run.chunks.values_list("plan_version_id", flat=True)}
    ids |= {*period_assignments(period=run.period).values_list("plan_version_id", flat=True)}
    versions = PlanVersion.objects.filter(pk__in=ids).select_related("plan")
    return list(versions.order_by("plan__code", "number"))


def paid_before_recovery(*, payout: Payout) -> Decimal:
    """Return what a payout paid before it recovered anything of a claim, settled."""
    lines = payout.lines.filter(RECOVERED, period_id=payout.period_id)
    taken = lines.aggregate(total=Sum("amount"))["total"] or ZERO
    return money.settle(payout.amount - taken, currency=payout.currency)


def _kept_then(*, run: Run, version: PlanVersion) -> _Then:
    chunks = run.chunks.filter(plan_version=version).select_related("run__period").order_by("number")
    kept = [_nothing_to_recover(chunk_kept(chunk=chunk)) for chunk in chunks]
    balances = {
        payee: {name: getattr(each.inputs.balances, name)[place] for name in AS_THEN}
        | each.inputs.balances.held_named(place)
        for each in kept
        for place, payee in enumerate(each.inputs.payees)
    }
    return _Then(kept, balances)


def _nothing_to_recover(kept: Kept) -> Kept:
    """Return what a chunk kept as if nobody had owed anything."""
    nothing = as_column([ZERO] * len(kept.inputs.payees))
    balances = replace(kept.inputs.balances, recoverable=nothing)
    return Kept(kept.plan, replace(kept.inputs, balances=balances))


def _made(run: Run, version: PlanVersion, known_at: datetime) -> Iterator[ChunkInputs]:
    """Yield the inputs of everybody on the version in the period, so many people at a time."""
    now = period_assignments(period=run.period).filter(plan_version=version)
    on_it = list(now.order_by("person__employee_id").values_list("person_id", flat=True).distinct())
    gone = Payout.objects.filter(run=run, plan_version=version).exclude(person__in=now.values("person"))
    yield from _made_of(run, version, known_at, on_it)
    left = gone.order_by("person__employee_id").values_list("person_id", flat=True)
    yield from _made_of(run, version, known_at, list(left), gone=True)


def _made_of(
    run: Run, version: PlanVersion, known_at: datetime, people: list[UUID], *, gone: bool = False
) -> Iterator[ChunkInputs]:
    """Yield the inputs of people in parts; of those who are gone from the version, by whatever assignment they had."""
    reach = version_reach(version=version, period=run.period)
    for start in range(0, len(people), settings.KAMCOMP_CHUNK_PEOPLE):
        some = people[start : start + settings.KAMCOMP_CHUNK_PEOPLE]
        assignments: QuerySet[Assignment] = Assignment.objects.filter(plan_version=version, person__in=some)
        if not gone:
            assignments = assignments.filter(valid__overlap=(reach.since, reach.until))
        yield chunk_inputs(
            version=version,
            period=run.period,
            assignments=uuid_array(assignments.values_list("pk", flat=True)),
            known_at=known_at,
        )


def _paid_then(*, run: Run, version: PlanVersion) -> dict[str, Payout]:
    payouts = Payout.objects.filter(run=run, plan_version=version).select_related("person")
    return {payout.person.employee_id: payout for payout in payouts}


def _recovered_then(*, run: Run, version: PlanVersion) -> dict[UUID, Decimal]:
    """Return what a run's payouts took towards claims, by payout id, above zero."""
    lines = PayoutLine.objects.filter(
        RECOVERED, payout__run=run, payout__plan_version=version, period_id=run.period_id
    )
    return {payout_id: -amount for payout_id, amount in lines.values_list("payout_id", "amount")}


def _against(
    payee: PayeeRows, *, person_id: UUID, payout: Payout | None, paid: Decimal, now: Kept, then: _Then
) -> Recalculated:
    due = Decimal(payee.payout.split("\t")[3])
    if due == paid:
        return Recalculated(
            person_id=person_id, employee_id=payee.payee, payout=payout, due=due, paid=paid,
            alone=ZERO, line=None, reasons=(), inputs=None,
        )  # fmt: skip
    kept = then.of(payee.payee)
    own = payee_inputs(now.inputs, payee.payee)
    reasons = () if kept is None else tuple(input_changes(employee_id=payee.payee, old=kept, new=now))
    return Recalculated(
        person_id=person_id,
        employee_id=payee.payee,
        payout=payout,
        due=due,
        paid=paid,
        alone=_alone_now(payee) - _alone_then(payout),
        line=None if payout is None else _line_moved_most(payee, payout),
        reasons=reasons or (PAID_NOW,),
        inputs=_canonical(now.plan, own),
    )


def _nothing_due(employee_id: str, payout: Payout, *, paid: Decimal) -> Recalculated:
    return Recalculated(
        person_id=payout.person_id,
        employee_id=employee_id,
        payout=payout,
        due=ZERO,
        paid=paid,
        alone=-_alone_then(payout),
        line=None,
        reasons=(PAID_THEN,),
        inputs=None,
    )


def _alone_now(payee: PayeeRows) -> Decimal:
    """Return what leaves that count a period alone owe a payee: what is due, but for what is due to date."""
    if not any(line.startswith(LineKind.LEAF) for line in payee.lines):
        return ZERO
    fields = payee.payout.split("\t")
    return Decimal(fields[1]) - Decimal(json.loads(fields[6]).get(OF_THE_YEAR, ZERO))


def _alone_then(payout: Payout | None) -> Decimal:
    """Return what leaves that count a period alone owed in a payout; somebody who had left was owed nothing."""
    if payout is None or not payout.lines.filter(period_id=payout.period_id, kind=LineKind.LEAF).exists():
        return ZERO
    to_date = Decimal(payout.closing.get(OF_THE_YEAR, ZERO))
    return money.settle(payout.due - to_date, currency=payout.currency)


def _paid(payout: Payout | None, recovered: Mapping[UUID, Decimal]) -> Decimal:
    if payout is None:
        return ZERO
    return money.settle(payout.amount + recovered.get(payout.pk, ZERO), currency=payout.currency)


def _canonical(plan: Plan, inputs: Inputs) -> bytes:
    return inputs_to_bytes(plan=plan, inputs=in_order(inputs))


def _line_moved_most(payee: PayeeRows, payout: Payout) -> int | None:
    """Return the number of the stored line whose amount moved most; the first of several."""
    due: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for text in payee.lines:
        fields = text.split("\t")
        due[fields[1], fields[3]] += Decimal(fields[-1])
    of_period = payout.lines.filter(period_id=payout.period_id).exclude(RECOVERED)
    lines: Iterable[PayoutLine] = of_period.order_by("number")
    moved: dict[int, Decimal] = {}
    for line in lines:
        key = (line.leaf, str(line.account_id) if line.account_id else "\\N")
        moved[line.number] = abs(due.pop(key, ZERO) - line.amount)
    return min(moved, key=lambda number: (-moved[number], number), default=None)
