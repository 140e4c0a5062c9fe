"""
A plan replayed over locked periods: person by person against what was paid, with pools and measures.

Each period begins with the balances its run kept, moved by what the replay of the periods before
closes differently. Nothing is written.
Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from kamcomp.sentences import Sentence
from payouts.engine.replay import Closed, PeriodReplayed, inputs_brought, period_replayed
from payouts.models import Run
from payouts.selectors.inputs.reads import plan_of
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.rederived import Kept
from payouts.selectors.replays.past import Past, PastPeriod, past_of
from payouts.selectors.replays.pools import PoolReplayed, pools_replayed
from payouts.selectors.replays.sources import Source
from plans.engine.inputs import Inputs
from plans.engine.plan import Plan
from plans.models import PlanVersion

ZERO = Decimal(0)
Amounts = tuple[Decimal, Decimal]
"""What was paid, and what the replay pays."""


@dataclass
class PersonReplayed:
    """One person over all periods: paid and replayed, by period and by leaf, and of which target."""

    employee_id: str
    account: str = ""
    target: Decimal = ZERO
    periods: dict[str, Amounts] = field(default_factory=dict)
    leaves: dict[str, Amounts] = field(default_factory=dict)
    problem: str = ""

    @property
    def paid(self) -> Decimal:
        """Return what was paid over all periods."""
        return sum((paid for paid, _replayed in self.periods.values()), ZERO)

    @property
    def replayed(self) -> Decimal:
        """Return what the replay pays over all periods."""
        return sum((replayed for _paid, replayed in self.periods.values()), ZERO)


@dataclass
class PlanReplayed:
    """What a plan comes to on the past, with the digests of what it was read from and of what came out."""

    runs: list[Run]
    people: dict[UUID, PersonReplayed] = field(default_factory=dict)
    pools: list[PoolReplayed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    read_anew: set[str] = field(default_factory=set)
    digests: list[bytes] = field(default_factory=list)
    plans: set[str] = field(default_factory=set)

    @property
    def input_digest(self) -> str:
        """Return the SHA-256 of which runs were read."""
        said = "\n".join(f"{run.period.code} {run.number} {run.input_digest}" for run in self.runs)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def result_digest(self) -> str:
        """Return the SHA-256 of all figures, the same in whatever order they were computed."""
        pools = (
            f"{each.account}\t{each.period}\t{each.replayed:f}".encode()
            for each in sorted(self.pools, key=lambda each: (each.account, each.period))
        )
        return hashlib.sha256(b"\n".join([*sorted(self.digests), *pools])).hexdigest()


def plan_replayed(
    *, version: PlanVersion, periods: int | Sequence[str], plans: Sequence[str]
) -> PlanReplayed:
    """
    Return a version's document replayed on locked periods for the people whom `plans` (codes) paid in them.

    Somebody whom several of the plans paid in a period is replayed once, on the inputs of the first that has them,
    and stands against the sum of what they paid.

    :raises NothingToReplay: if no locked period paid them.
    :raises ReplayInAnotherCurrency: if a period was paid in another currency than the plan's.
    """
    plan = plan_of(version.document)
    past = past_of(version=version, plan=plan, periods=periods, plans=plans)
    return past_replayed(past=past, version=version, plan=plan)


def past_replayed(*, past: Past, version: PlanVersion, plan: Plan) -> PlanReplayed:
    """Return a plan replayed on a past that was read for it, or for one that reads the same."""
    found = PlanReplayed(runs=[period.run for period in past.periods])
    before: dict[str, Closed] = {}
    for period in past.periods:
        before |= _period(found, period=period, version=version, plan=plan, before=before)
    return found


def _period(
    found: PlanReplayed,
    *,
    period: PastPeriod,
    version: PlanVersion,
    plan: Plan,
    before: Mapping[str, Closed],
) -> dict[str, Closed]:
    run, code, ids = period.run, period.run.period.code, period.ids
    done: dict[str, str] = {}
    closed: dict[str, Closed] = {}
    kept: list[Kept] = []
    for source in period.sources:
        inputs = inputs_brought(
            inputs=source.inputs, before=before, fiscal_year=run.period.fiscal_year,
            version=str(source.paid_by.pk),
        )  # fmt: skip
        kept.append(Kept(plan, inputs))
        if source.read_anew:
            found.read_anew.add(code)
        made = period_replayed(
            plan=plan, inputs=inputs, label=f"{code} {source.paid_by.plan.code}", account_of=account_of
        )
        accounts = _accounts_of(inputs)
        for payee in made.payees:
            if done.setdefault(payee.payee, source.paid_by.plan.code) != source.paid_by.plan.code:
                continue
            person = found.people.setdefault(ids[payee.payee], PersonReplayed(employee_id=payee.payee))
            person.account = person.account or accounts.get(payee.payee, "")
            person.target += payee.target
            was, replayed = person.periods.get(code, (period.paid.get(payee.payee, ZERO), ZERO))
            person.periods[code] = (was, replayed + payee.amount)
            _add(person.leaves, payee.by_leaf, place=1)
            found.digests.append(payee.digest)
            closed[payee.payee] = Closed(
                fiscal_year=run.period.fiscal_year, version=str(source.paid_by.pk),
                paid=period.closings.get((payee.payee, source.paid_by.pk), {}), replayed=payee.closing,
            )  # fmt: skip
        _note(found, run=run, source=source, made=made)
    _lines_paid(found, period=period)
    _left_out(found, run=run, paid=period.paid, ids=ids)
    pools, unfunded = pools_replayed(run=run, version=version, plan=plan, pools=period.pools, kept=kept)
    found.pools += pools
    found.problems += unfunded
    return closed


def _accounts_of(inputs: Inputs) -> dict[str, str]:
    """Return the code of the account of each payee's last stint, by employee id."""
    return {
        inputs.payees[int(payee)]: account_of(stint)
        for stint, payee in zip(inputs.stints, inputs.payee, strict=True)
    }


def _note(found: PlanReplayed, *, run: Run, source: Source, made: PeriodReplayed) -> None:
    for problem in (*source.problems, *made.problems):
        found.problems.append(problem_told(who=problem.payee, run=run, why=problem.message))


def problem_told(*, who: str, run: Run, why: str) -> str:
    """Return a sentence that names whom a replay leaves out, of which period, and why."""
    return Sentence("%(who)s, %(period)s: %(why)s", who=who, period=run.period, why=why)


def _lines_paid(found: PlanReplayed, *, period: PastPeriod) -> None:
    """Set the lines that were paid beside those that are replayed."""
    for person_id, leaf, amount in period.lines:
        person = found.people.get(person_id)
        if person is not None and period.run.period.code in person.periods:
            _add(person.leaves, {leaf: amount}, place=0)


def _left_out(found: PlanReplayed, *, run: Run, paid: Mapping[str, Decimal], ids: Mapping[str, UUID]) -> None:
    """Say who was paid and could not be replayed: they are in no total of the period."""
    code = run.period.code
    known = {line.partition(",")[0] for line in found.problems if f", {run.period}: " in line}
    for employee_id in sorted(paid):
        person = found.people.get(ids[employee_id])
        if (person is None or code not in person.periods) and employee_id not in known:
            why = Sentence("was paid, and nothing of theirs can be replayed.")
            found.problems.append(problem_told(who=employee_id, run=run, why=why))


def _add(leaves: dict[str, Amounts], amounts: Mapping[str, Decimal], *, place: int) -> None:
    for leaf, amount in amounts.items():
        paid, replayed = leaves.get(leaf, (ZERO, ZERO))
        leaves[leaf] = (paid + amount, replayed) if place == 0 else (paid, replayed + amount)


def sum_amounts(amounts: Iterable[Amounts]) -> Amounts:
    """Return the sums of what was paid and of what is replayed."""
    paid, replayed = ZERO, ZERO
    for was, now in amounts:
        paid, replayed = paid + was, replayed + now
    return paid, replayed
