"""
What a replay starts from: the locked periods that paid somebody's people, and the inputs their runs kept.

The kept inputs are taken as they are wherever they hold all that the other plan reads. Where it
reads more (another metric, a longer window), they are read once more from the facts that were
known when the run read them; which of the two it was is said with the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.columns import as_column
from kamcomp.refusal import Refusal, Word
from payouts.choices import ChunkStatus, RunStatus
from payouts.engine.payout_rows import PayeeProblem
from payouts.models import Run, RunChunk
from payouts.selectors.inputs import chunk_inputs
from payouts.selectors.inputs.reads import KeyRead, PlanReads, plan_reads
from payouts.selectors.inputs.rows import uuid_array
from payouts.selectors.rederived import chunk_kept
from plans.engine.inputs import Balances, Inputs, held_columns
from plans.engine.plan import Plan
from plans.models import PlanVersion

MOST_PERIODS = 24
BALANCES = ("posted", "carried", "excess", "bank", "draw", "recoverable")


class NothingToReplay(Refusal):
    """No locked period paid these people: there is no past to replay."""


class ReplayInAnotherCurrency(Refusal):
    """The past was paid in another currency than the plan's, and amounts of two currencies do not compare."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One chunk of a locked run: the plan version that paid it, and its inputs for the other plan."""

    chunk: RunChunk
    paid_by: PlanVersion
    inputs: Inputs
    read_anew: bool
    problems: tuple[PayeeProblem, ...] = ()


def locked_runs(*, calendar: FiscalCalendar, plans: Iterable[str], periods: int | Sequence[str]) -> list[Run]:
    """
    Return the locked runs that paid people of these plans, oldest first: of named periods, or the last so many.

    :raises NothingToReplay: if there is none, or a named period has none.
    """
    found = Run.objects.filter(
        calendar=calendar,
        is_current=True,
        status=RunStatus.LOCKED,
        chunks__plan_version__plan__code__in=plans,
    ).distinct()
    rows = list(found.select_related("period", "calendar").order_by("-period__days"))
    if isinstance(periods, int):
        chosen = rows[: min(periods, MOST_PERIODS)]
    else:
        chosen = [run for run in rows if run.period.code in periods]
        lacking = sorted(set(periods) - {run.period.code for run in chosen})
        if lacking:
            raise NothingToReplay(
                "%(lacking)s: no locked run of this calendar paid these people; locked ones are: %(names)s.",
                lacking=", ".join(lacking),
                names=", ".join(run.period.code for run in reversed(rows)) or Word("none yet"),
            )
    if not chosen:
        raise NothingToReplay(
            "No locked period paid anybody by %(names)s: a first plan without history is "
            "simulated instead, or replayed on the people of another plan.",
            names=", ".join(sorted(plans)),
        )
    return chosen[::-1]


def sources_of(*, run: Run, version: PlanVersion, plan: Plan, plans: Sequence[str]) -> Iterator[Source]:
    """
    Yield the chunks of a run that paid people of these plans, with their inputs for `plan`.

    :raises ReplayInAnotherCurrency: if one was paid in another currency.
    :raises FormatNotRunnable: if the run was computed with a format this version cannot run.
    """
    chunks = (
        RunChunk.objects.filter(run=run, status=ChunkStatus.DONE, plan_version__plan__code__in=plans)
        .select_related("run__period__calendar", "plan_version__plan__account__node")
        .order_by("plan_version__plan__code", "number")
    )
    for chunk in chunks:
        paid_by = chunk.plan_version
        if paid_by.currency != plan.currency:
            raise ReplayInAnotherCurrency(
                "%(paid_by)s paid %(period)s in %(currency)s, and the plan to replay pays in "
                "%(plan_currency)s: leave the people of that plan out.",
                paid_by=paid_by,
                period=run.period,
                currency=paid_by.currency,
                plan_currency=plan.currency,
            )
        kept = chunk_kept(chunk=chunk)
        if holds_all(kept=plan_reads(kept.plan), asked=plan_reads(plan)):
            yield Source(chunk=chunk, paid_by=paid_by, inputs=kept.inputs, read_anew=False)
        else:
            yield _read_anew(chunk=chunk, version=version, paid_by=paid_by, kept=kept.inputs)


def holds_all(*, kept: PlanReads, asked: PlanReads) -> bool:
    """Tell whether inputs that were read for one plan hold everything that another plan reads."""
    if asked == kept:
        return True
    known = {read.key: read for read in kept.keys}
    credits = (
        asked.credit_windows == kept.credit_windows
        and asked.manager_credits == kept.manager_credits
        and asked.credit_bases <= kept.credit_bases
        and asked.events == kept.events
    )
    return (
        all(read.key in known and _read_enough(known[read.key], read) for read in asked.keys)
        and set(asked.ratings) <= set(kept.ratings)
        and set(asked.milestones) <= set(kept.milestones)
        and (credits or not asked.credit_windows)
        and asked.owed == kept.owed
        and asked.windows <= kept.windows
        and asked.years == kept.years
        and asked.counts_periods == kept.counts_periods
        and (kept.needs_package or not asked.needs_package)
        and (kept.needs_dedication or not asked.needs_dedication)
    )


def _read_enough(kept: KeyRead, asked: KeyRead) -> bool:
    carried = not asked.carries or (kept.carries and kept.rule == asked.rule)
    return carried and (kept.needs_target or not asked.needs_target) and asked.years <= kept.years


def _read_anew(*, chunk: RunChunk, version: PlanVersion, paid_by: PlanVersion, kept: Inputs) -> Source:
    """Read a chunk's inputs for the other plan, of the facts its run knew, with the balances its run kept."""
    stand_in = PlanVersion(
        plan=paid_by.plan, number=version.number, document=version.document, digest=version.digest,
        currency=version.currency, valid=paid_by.valid,
    )  # fmt: skip
    made = chunk_inputs(
        version=stand_in,
        period=chunk.run.period,
        assignments=uuid_array(chunk.assignments),
        known_at=chunk.run.known_at,
    )
    problems = tuple(PayeeProblem(each.employee_id, each.code, each.message) for each in made.problems)
    return Source(
        chunk=chunk,
        paid_by=paid_by,
        inputs=_with_balances_of(made.inputs, kept),
        read_anew=True,
        problems=problems,
    )


def _with_balances_of(inputs: Inputs, kept: Inputs) -> Inputs:
    places = {payee: place for place, payee in enumerate(kept.payees)}
    columns: dict[str, list[Decimal]] = {name: [] for name in BALANCES}
    held: list[Mapping[str, Decimal]] = []
    for place, payee in enumerate(inputs.payees):
        source, at = (kept, places[payee]) if payee in places else (inputs, place)
        for name in BALANCES:
            columns[name].append(getattr(source.balances, name)[at])
        held.append(source.balances.held_named(at))
    balances = {name: as_column(values) for name, values in columns.items()}
    return replace(inputs, balances=Balances(**balances, held=held_columns(held)))
