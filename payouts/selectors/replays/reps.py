"""
What a plan takes from the commission of regional representatives: locked periods as paid, and without the plan.

A representative is whoever a plan with commissions paid and the plan in question does not. Without that plan its people
would hold no direct or split credit of an invoice line, and the others' credits of the line would make up the whole
again, in the proportion they have. Everything else stays as their run kept it, and the engine is the one that pays.
Rule: docs/reference/formulas.md, "Replays", "Regional representatives".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Q

from kamcomp import money
from kamcomp.columns import as_column
from kamcomp.sentences import Sentence
from payouts.choices import ChunkStatus, RunStatus
from payouts.engine.crediting import MANAGERS, OWN
from payouts.engine.replay import Closed, Replayed, inputs_brought, period_replayed
from payouts.models import Payout, Run, RunChunk
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.rederived import chunk_kept
from payouts.selectors.replays.past import paid_by_plans
from payouts.selectors.replays.replaying import PersonReplayed, PlanReplayed, problem_told
from payouts.selectors.replays.sources import NothingToReplay
from plans.engine.inputs import Credits
from plans.models import Assignment, PlanVersion
from scorecards.models import Credit, Transaction
from teams.models import Person

ONE, ZERO = Decimal(1), Decimal(0)
MONTHS = 12
"""How far back the proof looks, from the end of the last locked period that paid commission."""


def reps_replayed(*, version: PlanVersion) -> PlanReplayed:
    """
    Return what representatives were paid in the last twelve locked months, and would have been without the plan.

    Of each person `paid` is with the plan, as it was paid, and `replayed` is without it. Plans of another currency
    than the version's, and lines that are credited to the plan's people alone, are named among the problems.

    :raises NothingToReplay: if no locked period paid anybody a commission.
    :raises FormatNotRunnable: if a run was computed with a format this version cannot run.
    """
    chunks = _chunks(version)
    runs = list({chunk.run_id: chunk.run for chunk in chunks}.values())
    found = PlanReplayed(runs=runs)
    before: dict[str, Closed] = {}
    for run in runs:
        mine = [chunk for chunk in chunks if chunk.run_id == run.pk]
        before |= _period(found, run=run, version=version, chunks=mine, before=before)
    if not found.people:
        raise NothingToReplay(
            "Nobody beside %(plan)s was paid a commission in %(currency)s in a locked period: there is no "
            "representative whom it could harm.",
            plan=version.plan,
            currency=version.currency,
        )
    return found


def _chunks(version: PlanVersion) -> list[RunChunk]:
    """Return the chunks of the last locked months that paid commissions by other plans, in the order of periods."""
    rows = RunChunk.objects.filter(
        run__is_current=True, run__status=RunStatus.LOCKED, status=ChunkStatus.DONE,
        plan_version__document__has_key="commissions",
    ).exclude(Q(plan_version__document__commissions=[]) | Q(plan_version__plan=version.plan_id))  # fmt: skip
    last = rows.order_by("-run__period__days__endswith").values_list("run__period__days", flat=True).first()
    if last is None:
        return []
    since: date = last.upper - relativedelta(months=MONTHS)
    chosen = rows.filter(run__period__days__startswith__gte=since)
    ordered = chosen.order_by("run__period__days", "run__calendar_id", "plan_version__plan__code", "number")
    return list(ordered.select_related("run__period__calendar", "plan_version__plan"))


def _period(
    found: PlanReplayed,
    *,
    run: Run,
    version: PlanVersion,
    chunks: Sequence[RunChunk],
    before: Mapping[str, Closed],
) -> dict[str, Closed]:
    own = _people_of(version, run)
    names = set(Person.objects.filter(pk__in=own).values_list("employee_id", flat=True))
    taken = _taken(own, run)
    ids = dict(Payout.objects.filter(run=run).values_list("person__employee_id", "person_id"))
    closed: dict[str, Closed] = {}
    for chunk in chunks:
        paid_by = chunk.plan_version
        if paid_by.currency != version.currency:
            why = Sentence(
                "pays in %(currency)s, and amounts of two currencies do not compare.",
                currency=paid_by.currency,
            )
            found.problems.append(problem_told(who=paid_by.plan.name, run=run, why=why))
            continue
        kept = chunk_kept(chunk=chunk)
        credits = credits_without(credits=kept.inputs.credits, taken=taken, people=names)
        inputs = inputs_brought(
            inputs=replace(kept.inputs, credits=credits), before=before, fiscal_year=run.period.fiscal_year,
            version=str(paid_by.pk),
        )  # fmt: skip
        label = f"{run.period.code} {paid_by.plan.code}"
        made = period_replayed(plan=kept.plan, inputs=inputs, label=label, account_of=account_of)
        found.problems += [problem_told(who=each.payee, run=run, why=each.message) for each in made.problems]
        reps = [each for each in made.payees if each.payee in ids and each.payee not in names]
        closed |= _added(found, reps=reps, run=run, paid_by=paid_by, ids=ids)
    whole = _alone(taken, run)
    if whole:
        found.problems.append(
            Sentence(
                "%(period)s: invoice lines credited to the people of %(plan)s alone: %(lines)s. Whose they would be "
                "without it, nobody has said.",
                period=run.period,
                plan=version.plan.name,
                lines=whole,
            )
        )
    return closed


def _added(
    found: PlanReplayed,
    *,
    reps: Sequence[Replayed],
    run: Run,
    paid_by: PlanVersion,
    ids: Mapping[str, UUID],
) -> dict[str, Closed]:
    """Lay what representatives would be paid beside what a plan paid them; return what they close the period with."""
    code = run.period.code
    paid, closings = paid_by_plans(run=run, plans=[paid_by.plan.code])
    found.plans.add(paid_by.plan.code)
    closed = {}
    for rep in reps:
        person = found.people.setdefault(ids[rep.payee], PersonReplayed(employee_id=rep.payee))
        was, replayed = person.periods.get(code, (ZERO, ZERO))
        person.periods[code] = (was + paid.get(rep.payee, ZERO), replayed + rep.amount)
        person.target += rep.target
        found.digests.append(rep.digest)
        closed[rep.payee] = Closed(
            fiscal_year=run.period.fiscal_year, version=str(paid_by.pk),
            paid=closings.get((rep.payee, paid_by.pk), {}), replayed=rep.closing,
        )  # fmt: skip
    return closed


def _people_of(version: PlanVersion, run: Run) -> set[UUID]:
    """Return whom the plan has in a run's period; before it has anybody, whom it is for now."""
    rows = Assignment.objects.filter(plan_id=version.plan_id)
    then = set(rows.filter(valid__overlap=run.period.days).values_list("person_id", flat=True))
    return then or set(rows.values_list("person_id", flat=True))


def _taken(people: set[UUID], run: Run) -> dict[str, Decimal]:
    """Return which part of each invoice line these people were credited, as the run knew it, by the line's name."""
    rows = Credit.objects.filter(
        Q(superseded_at=None) | Q(superseded_at__gt=run.known_at), person__in=people, credit_type__in=OWN,
        recorded_at__lte=run.known_at,
    )  # fmt: skip
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for source, source_id, line, share in rows.values_list("source", "source_id", "line", "share"):
        sums[f"{source}/{source_id}/{line}"] += share
    return dict(sums)


def _alone(taken: Mapping[str, Decimal], run: Run) -> int:
    """Return how many invoice lines of a period are credited to these people and nobody else."""
    names = {line for line, share in taken.items() if share >= ONE}
    days = run.period.days
    rows = Transaction.objects.current().filter(  # type: ignore[attr-defined]
        source_id__in={line.rsplit("/", 1)[0].partition("/")[2] for line in names},
        date__gte=days.lower, date__lt=days.upper,
    )  # fmt: skip
    keys = rows.values_list("source", "source_id", "line")
    return sum(f"{source}/{source_id}/{line}" in names for source, source_id, line in keys) if names else 0


def credits_without(*, credits: Credits, taken: Mapping[str, Decimal], people: Collection[str]) -> Credits:
    """
    Return credits as they would be had `people` taken none of their lines: the rest makes up the whole again.

    Only direct and split credits share a line; what stands beside them stays. What managers are given follows the
    credit it comes from. `taken` holds shares (1 is the whole line) by `source/id/line`, `people` employee ids.
    Pure.
    """
    if not len(credits.share):
        return credits
    shares = list(credits.share)
    for place, (name, kind) in enumerate(zip(credits.ids, credits.credit_type, strict=True)):
        if kind not in OWN and kind not in MANAGERS:
            continue
        line, person, *_rest = name.rsplit("/", 2 if kind in OWN else 4)
        part = taken.get(line, ZERO)
        if person in people:
            shares[place] = ZERO
        elif ZERO < part < ONE:
            shares[place] = money.CONTEXT.divide(shares[place], ONE - part)
    return replace(credits, share=as_column(shares))
