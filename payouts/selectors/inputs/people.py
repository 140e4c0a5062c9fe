"""
Stretches of days on which a stint's pay facts are constant: employment, package, dedication.

Days without an employment, or with one that has ended, are not worked and earn nothing.
Worked days without a package are a named problem where the plan pays a share of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, islice, pairwise, repeat
from operator import attrgetter, le
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from django.db import connection

from kamcomp.columns import as_column
from kamcomp.money import CONTEXT
from kamcomp.sentences import Sentence
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow, days_of, decimals, made, parted, uuid_array
from plans.engine.inputs import Spans
from teams.choices import EmploymentStatus, PackageStatus

Held = TypeVar("Held")
Key = TypeVar("Key")
ZERO, ONE = Decimal(0), Decimal(1)
_BEGINS, _HELD = attrgetter("begins"), attrgetter("held")
WORKING = (EmploymentStatus.ACTIVE, EmploymentStatus.NOTICE, EmploymentStatus.LEAVE)

_OF_PEOPLE = (
    "person_id = ANY((SELECT %(people)s::uuid[])::uuid[]) AND valid && daterange(%(since)s, %(until)s)"
)
# Those who are alike come as one row, with a column of whom it says so (see rows.py).
EMPLOYMENTS = f"""
    SELECT lower(valid)::text, upper(valid)::text, fte::text, status, array_agg(person_id)::text
      FROM teams_employment WHERE {_OF_PEOPLE} GROUP BY valid, fte, status
"""
PACKAGES = f"""
    SELECT lower(valid)::text, upper(valid)::text, currency, array_agg(person_id)::text,
           array_agg(variable_target)::text, array_agg(base_salary)::text
      FROM teams_paypackage WHERE {_OF_PEOPLE} AND status = '{PackageStatus.APPROVED}' GROUP BY valid, currency
"""
MEMBERSHIPS = f"""
    SELECT lower(valid)::text, upper(valid)::text, dedication::text, array_agg(person_id)::text,
           array_agg(account_id)::text
      FROM teams_membership WHERE {_OF_PEOPLE} GROUP BY valid, dedication
"""


class Job(NamedTuple):
    """How a person is employed over some days."""

    fte: Decimal
    on_leave: bool
    working: bool


class Promise(NamedTuple):
    """What a package promises a year, in its own currency."""

    variable_target: Decimal
    base_salary: Decimal
    currency: str


class Stretch(NamedTuple, Generic[Held]):
    """What holds on the days [begins, ends); an open end is the end of time."""

    begins: date
    ends: date
    held: Held


Timeline = Sequence[Stretch[Held]]
"""What holds on which days: stretches that do not overlap, the earliest first."""


def _on(line: Timeline[Held] | None, day: date) -> Held | None:
    """Return what holds on a day."""
    return next((held for begins, ends, held in line or () if begins <= day < ends), None)


def _edges(line: Timeline[Any] | None, since: date, until: date) -> Iterator[date]:
    """Yield the days strictly inside [since, until) on which something begins or ends."""
    for begins, ends, _held in line or ():
        yield from (day for day in (begins, ends) if since < day < until)


@dataclass(frozen=True)
class PeopleFacts:
    """The dated facts of a chunk's people, by person; dedication by person and account."""

    jobs: dict[str, Timeline[Job]]
    promises: dict[str, Timeline[Promise]]
    dedications: dict[tuple[str, str], Timeline[Decimal]]

    @property
    def currencies(self) -> set[str]:
        """Return the currencies of all packages."""
        stretches = chain.from_iterable(self.promises.values())
        return {promise.currency for promise in map(_HELD, stretches)}


def people_facts(*, stints: Sequence[StintRow], reads: PlanReads, since: date, until: date) -> PeopleFacts:
    """Return employments, packages and, where the plan scales by it, dedication: one query each."""
    people = uuid_array({stint.person_id for stint in stints})
    said: dict[str, Any] = {"people": people, "since": since, "until": until}
    jobs: Timelines[str, Job] = Timelines()
    promises: Timelines[str, Promise] = Timelines()
    dedications: Timelines[tuple[str, str], Decimal] = Timelines()
    with connection.cursor() as cursor:
        cursor.execute(EMPLOYMENTS, said)
        for begins, ends, fte, status, whose in cursor.fetchall():
            jobs.add(parted(whose), begins, ends, repeat(_job(fte, status)))
        if reads.needs_package:
            cursor.execute(PACKAGES, said)
            for begins, ends, currency, whose, targets, bases in cursor.fetchall():
                promised = made(Promise, decimals(targets), decimals(bases), repeat(currency))
                promises.add(parted(whose), begins, ends, promised)
        if reads.needs_dedication:
            cursor.execute(MEMBERSHIPS, said)
            for begins, ends, share, whose, accounts in cursor.fetchall():
                keys = list(zip(parted(whose), parted(accounts), strict=True))
                dedications.add(keys, begins, ends, repeat(Decimal(share)))
    return PeopleFacts(jobs=jobs.lines(), promises=promises.lines(), dedications=dedications.lines())


def _job(fte: str, status: str) -> Job:
    return Job(Decimal(fte), status == EmploymentStatus.LEAVE, status in WORKING)


class Timelines(Generic[Key, Held]):
    """What holds by whom it is of, gathered stretch by stretch."""

    def __init__(self) -> None:
        self.known: list[tuple[Sequence[Key], Sequence[tuple[Stretch[Held]]]]] = []

    def add(self, keys: Sequence[Key], begins: str | None, ends: str | None, held: Iterable[Held]) -> None:
        """Add stretches of the same days; they are in ISO form, None where they are open."""
        day = days_of([begins], [ends])
        first = date.min if begins is None else day[begins]
        last = date.max if ends is None else day[ends]
        stretches = made(Stretch, repeat(first), repeat(last), held)
        self.known.append((keys, list(zip(islice(stretches, len(keys))))))

    def lines(self) -> dict[Key, Timeline[Held]]:
        """Return everybody's stretches, the earliest first."""
        lines: dict[Key, Timeline[Held]] = {}
        for keys, alone in self.known:
            lines.update(zip(keys, alone, strict=True))
        if len(lines) < sum(len(keys) for keys, _alone in self.known):
            gathered: dict[Key, list[Stretch[Held]]] = {key: [] for key in lines}
            for keys, alone in self.known:
                for key, (stretch,) in zip(keys, alone, strict=True):
                    gathered[key].append(stretch)
            lines |= {key: sorted(line, key=_BEGINS) for key, line in gathered.items() if len(line) > 1}
        return lines


def stint_spans(
    *, stints: Sequence[StintRow], facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> Spans:
    """
    Return the spans of a chunk's stints, in plan currency, each cut where a fact changes.

    Money is per year and is the package's amount times the assignment's share. A person
    without any employment in reach, without a package on a worked day, or with a package in
    a currency that has no rate, is noted as a problem.
    """
    columns = _plain_columns(stints, facts, reads, conversion)
    if columns is None:
        columns = _cut_columns(stints, facts, reads, conversion)
    return Spans(
        row=np.array(columns[0], dtype=np.int64),
        since=np.array(columns[1], dtype=np.int64),
        until=np.array(columns[2], dtype=np.int64),
        target_incentive=as_column(columns[3]),
        base_salary=as_column(columns[4]),
        fte=as_column(columns[5]),
        dedication=as_column(columns[6]),
        on_leave=np.array(columns[7], dtype=bool),
    )


def _plain_columns(
    stints: Sequence[StintRow], facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> list[Sequence[Any]] | None:
    """Return the spans where nothing changes for anybody, column by column; None if it does, or a fact lacks."""
    lines = [facts.jobs.get(stint.person_id, ()) for stint in stints]
    promised = [facts.promises.get(stint.person_id, ()) for stint in stints]
    if (
        facts.dedications
        or not reads.needs_package
        or not stints
        or set(map(len, chain(lines, promised))) != {1}
    ):
        return None
    since, until = [stint.since for stint in stints], [stint.until for stint in stints]
    for known in (lines, promised):
        begins, ends, held = zip(*chain.from_iterable(known), strict=True)
        if not (all(map(le, begins, since)) and all(map(le, until, ends))):
            return None
        if known is lines:
            ftes, on_leave, working = zip(*held, strict=True)
    targets, bases, currencies = zip(*held, strict=True)
    if not all(working) or set(currencies) != {conversion.currency}:
        return None
    shares, times = [stint.share for stint in stints], CONTEXT.multiply
    return [
        range(len(stints)), list(map(date.toordinal, since)), list(map(date.toordinal, until)),
        list(map(times, targets, shares)), list(map(times, bases, shares)), ftes, [ONE] * len(stints), on_leave,
    ]  # fmt: skip


def _cut_columns(
    stints: Sequence[StintRow], facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> list[Sequence[Any]]:
    """Return the spans, cut where a fact of a stint changes, column by column."""
    spans: list[tuple[Any, ...]] = []
    for row, stint in enumerate(stints):
        plain = _plain_span(row, stint, facts, reads, conversion)
        if plain is not None:
            spans.append(plain)
            continue
        if stint.person_id not in facts.jobs:
            conversion.problems.note(
                employee_id=stint.employee_id,
                code="employment_missing",
                message=Sentence(
                    "%(employee_id)s has no employment between %(since)s and %(until)s: add it, or end the assignment.",
                    employee_id=stint.employee_id,
                    since=stint.since,
                    until=stint.until,
                ),
            )
            continue
        for since, until in _cuts(stint, facts):
            span = _span(row, stint, since, until, facts, reads, conversion)
            if span is not None:
                spans.append(span)
    return list(zip(*spans, strict=True)) or [()] * 8


def _plain_span(
    row: int, stint: StintRow, facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> tuple[Any, ...] | None:
    """Return the one span of a stint over which nothing changes, as nearly all are; None for the others."""
    line, person, since, until = (
        facts.jobs.get(stint.person_id, ()),
        stint.person_id,
        stint.since,
        stint.until,
    )
    if len(line) != 1 or facts.dedications:
        return None
    begins, ends, job = line[0]
    if begins > since or until > ends or not job.working:
        return None
    if not reads.needs_package:
        return row, since.toordinal(), until.toordinal(), ZERO, ZERO, job.fte, ONE, job.on_leave
    promised = facts.promises.get(person, ())
    if len(promised) != 1:
        return None
    begins, ends, (target, base, currency) = promised[0]
    if begins > since or until > ends or currency != conversion.currency:
        return None
    share, times = stint.share, CONTEXT.multiply
    return (
        row, since.toordinal(), until.toordinal(), times(target, share), times(base, share), job.fte, ONE, job.on_leave,
    )  # fmt: skip


def _cuts(stint: StintRow, facts: PeopleFacts) -> Sequence[tuple[date, date]]:
    since, until = stint.since, stint.until
    lines: list[Timeline[Any] | None] = [facts.jobs.get(stint.person_id), facts.promises.get(stint.person_id)]
    if facts.dedications and stint.account_id is not None:
        lines.append(facts.dedications.get((stint.person_id, stint.account_id)))
    inside = {day for line in lines for day in _edges(line, since, until)}
    return list(pairwise(sorted({since, until, *inside}))) if inside else ((since, until),)


def _span(
    row: int,
    stint: StintRow,
    since: date,
    until: date,
    facts: PeopleFacts,
    reads: PlanReads,
    conversion: Conversion,
) -> tuple[Any, ...] | None:
    """Return a span's figures; None for days that are not worked, or lack a package."""
    job = _on(facts.jobs[stint.person_id], since)
    if job is None or not job.working:
        return None
    target, base = ZERO, ZERO
    if reads.needs_package:
        promise = _on(facts.promises.get(stint.person_id), since)
        if promise is None:
            conversion.problems.note(
                employee_id=stint.employee_id,
                code="package_missing",
                message=Sentence(
                    "%(employee_id)s has no approved pay package on %(since)s: add it, or end the assignment.",
                    employee_id=stint.employee_id,
                    since=since,
                ),
            )
            return None
        target = _promised(promise.variable_target, row, stint, promise, conversion)
        base = _promised(promise.base_salary, row, stint, promise, conversion)
    dedication = _dedication(stint, since, facts) if facts.dedications else ONE
    return row, since.toordinal(), until.toordinal(), target, base, job.fte, dedication, job.on_leave


def _promised(
    amount: Decimal, row: int, stint: StintRow, promise: Promise, conversion: Conversion
) -> Decimal:
    shared = CONTEXT.multiply(amount, stint.share)
    if promise.currency == conversion.currency:
        return shared
    converted = conversion.of(shared, source=promise.currency, rows=[row])
    return ZERO if converted is None else converted


def _dedication(stint: StintRow, day: date, facts: PeopleFacts) -> Decimal:
    """Return the share of time on the account: 1 without a membership to read, 0 on days outside it."""
    line = (
        facts.dedications.get((stint.person_id, stint.account_id)) if stint.account_id is not None else None
    )
    if line is None:
        return ONE
    return _on(line, day) or ZERO
