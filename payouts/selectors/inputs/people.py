"""
Stretches of days on which a stint's pay facts are constant: employment, package, dedication.

Days without an employment, or with one that has ended, are not worked and earn nothing.
Worked days without a package are a named problem where the plan pays a share of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from django.db import connection

from kamcomp.columns import as_column
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow, uuid_array
from plans.engine.inputs import Spans
from teams.choices import EmploymentStatus, PackageStatus

Held = TypeVar("Held")
Key = TypeVar("Key")
ZERO, ONE = Decimal(0), Decimal(1)
WORKING = (EmploymentStatus.ACTIVE, EmploymentStatus.NOTICE, EmploymentStatus.LEAVE)

_OF_PEOPLE = (
    "person_id = ANY((SELECT %(people)s::uuid[])::uuid[]) AND valid && daterange(%(since)s, %(until)s)"
)
EMPLOYMENTS = f"""
    SELECT person_id::text, lower(valid), upper(valid), fte, status FROM teams_employment WHERE {_OF_PEOPLE}
"""
PACKAGES = f"""
    SELECT person_id::text, lower(valid), upper(valid), variable_target, base_salary, currency
      FROM teams_paypackage WHERE {_OF_PEOPLE} AND status = '{PackageStatus.APPROVED}'
"""
MEMBERSHIPS = f"""
    SELECT person_id::text, account_id::text, lower(valid), upper(valid), dedication
      FROM teams_membership WHERE {_OF_PEOPLE}
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


class Timeline(Generic[Held]):
    """What holds on which days: half-open stretches that do not overlap."""

    __slots__ = ("_stretches",)

    def __init__(self, begins: date | None, ends: date | None, held: Held) -> None:
        self._stretches: list[tuple[date, date, Held]] = [(begins or date.min, ends or date.max, held)]

    def hold(self, begins: date | None, ends: date | None, held: Held) -> None:
        """Add a stretch of days; an open end is the end of time."""
        self._stretches.append((begins or date.min, ends or date.max, held))
        self._stretches.sort(key=lambda stretch: stretch[0])

    def throughout(self, since: date, until: date) -> Held | None:
        """Return what holds on every day of [since, until), if it is the only thing that ever does."""
        if len(self._stretches) == 1:
            begins, ends, held = self._stretches[0]
            if begins <= since and until <= ends:
                return held
        return None

    def on(self, day: date) -> Held | None:
        """Return what holds on a day."""
        if len(self._stretches) == 1:
            begins, ends, held = self._stretches[0]
            return held if begins <= day < ends else None
        place = bisect_right(self._stretches, day, key=lambda stretch: stretch[0]) - 1
        if place < 0 or self._stretches[place][1] <= day:
            return None
        return self._stretches[place][2]

    def edges(self, since: date, until: date) -> Iterable[date]:
        """Return the days strictly inside [since, until) on which something begins or ends."""
        for begins, ends, _held in self._stretches:
            yield from (day for day in (begins, ends) if since < day < until)

    def changes(self, since: date, until: date) -> bool:
        """Tell whether something begins or ends strictly inside [since, until)."""
        return any(since < begins < until or since < ends < until for begins, ends, _held in self._stretches)

    def all_held(self) -> Iterable[Held]:
        """Return everything that holds on some day."""
        return (held for _since, _until, held in self._stretches)


@dataclass(frozen=True)
class PeopleFacts:
    """The dated facts of a chunk's people, by person; dedication by person and account."""

    jobs: dict[str, Timeline[Job]]
    promises: dict[str, Timeline[Promise]]
    dedications: dict[tuple[str, str], Timeline[Decimal]]

    @property
    def currencies(self) -> set[str]:
        """Return the currencies of all packages."""
        return {held.currency for line in self.promises.values() for held in line.all_held()}


def people_facts(*, stints: Sequence[StintRow], reads: PlanReads, since: date, until: date) -> PeopleFacts:
    """Return employments, packages and, where the plan scales by it, dedication: one query each."""
    people = uuid_array({stint.person_id for stint in stints})
    said: dict[str, Any] = {"people": people, "since": since, "until": until}
    jobs: dict[str, Timeline[Job]] = {}
    promises: dict[str, Timeline[Promise]] = {}
    dedications: dict[tuple[str, str], Timeline[Decimal]] = {}
    alike: dict[Any, Job] = {}
    with connection.cursor() as cursor:
        cursor.execute(EMPLOYMENTS, said)
        for person, begins, ends, fte, status in cursor.fetchall():
            # Nearly everybody is employed alike; a figure that is the same object is written once later.
            job = alike.get((fte, status))
            if job is None:
                job = alike[fte, status] = Job(fte, status == EmploymentStatus.LEAVE, status in WORKING)
            _hold(jobs, person, begins, ends, job)
        if reads.needs_package:
            cursor.execute(PACKAGES, said)
            for person, begins, ends, *promised in cursor.fetchall():
                _hold(promises, person, begins, ends, Promise(*promised))
        if reads.needs_dedication:
            cursor.execute(MEMBERSHIPS, said)
            for person, account, begins, ends, dedication in cursor.fetchall():
                _hold(dedications, (person, account), begins, ends, dedication)
    return PeopleFacts(jobs=jobs, promises=promises, dedications=dedications)


def _hold(
    lines: dict[Key, Timeline[Held]], key: Key, begins: date | None, ends: date | None, held: Held
) -> None:
    known = lines.get(key)
    if known is None:
        lines[key] = Timeline(begins, ends, held)
    else:
        known.hold(begins, ends, held)


def stint_spans(
    *, stints: Sequence[StintRow], facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> Spans:
    """
    Return the spans of a chunk's stints, in plan currency, each cut where a fact changes.

    Money is per year and is the package's amount times the assignment's share. A person
    without any employment in reach, without a package on a worked day, or with a package in
    a currency that has no rate, is noted as a problem.
    """
    made: list[tuple[Any, ...]] = []
    for row, stint in enumerate(stints):
        plain = _plain_span(row, stint, facts, reads, conversion)
        if plain is not None:
            made.append(plain)
            continue
        if stint.person_id not in facts.jobs:
            conversion.problems.note(
                employee_id=stint.employee_id,
                code="employment_missing",
                message=f"{stint.employee_id} has no employment between {stint.since} and {stint.until}: "
                "add it, or end the assignment.",
            )
            continue
        for since, until in _cuts(stint, facts):
            span = _span(row, stint, since, until, facts, reads, conversion)
            if span is not None:
                made.append(span)
    columns = list(zip(*made, strict=True)) or [()] * 8
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


def _plain_span(
    row: int, stint: StintRow, facts: PeopleFacts, reads: PlanReads, conversion: Conversion
) -> tuple[Any, ...] | None:
    """Return the one span of a stint over which nothing changes, as nearly all are; None for the others."""
    line, since, until = facts.jobs.get(stint.person_id), stint.since, stint.until
    job = None if line is None else line.throughout(since, until)
    if job is None or not job.working or facts.dedications:
        return None
    if not reads.needs_package:
        return row, since.toordinal(), until.toordinal(), ZERO, ZERO, job.fte, ONE, job.on_leave
    promises = facts.promises.get(stint.person_id)
    promise = None if promises is None else promises.throughout(since, until)
    if promise is None or promise.currency != conversion.currency:
        return None
    target = CONTEXT.multiply(promise.variable_target, stint.share)
    base = CONTEXT.multiply(promise.base_salary, stint.share)
    return row, since.toordinal(), until.toordinal(), target, base, job.fte, ONE, job.on_leave


def _cuts(stint: StintRow, facts: PeopleFacts) -> Sequence[tuple[date, date]]:
    since, until = stint.since, stint.until
    lines: list[Timeline[Any]] = []
    for line in (facts.jobs.get(stint.person_id), facts.promises.get(stint.person_id)):
        if line is not None and line.changes(since, until):
            lines.append(line)
    if facts.dedications and stint.account_id is not None:
        dedicated = facts.dedications.get((stint.person_id, stint.account_id))
        if dedicated is not None and dedicated.changes(since, until):
            lines.append(dedicated)
    if not lines:
        return ((since, until),)
    return list(
        pairwise(sorted({since, until, *(day for line in lines for day in line.edges(since, until))}))
    )


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
    job = facts.jobs[stint.person_id].on(since)
    if job is None or not job.working:
        return None
    target, base = ZERO, ZERO
    if reads.needs_package:
        line = facts.promises.get(stint.person_id)
        promise = line.on(since) if line is not None else None
        if promise is None:
            conversion.problems.note(
                employee_id=stint.employee_id,
                code="package_missing",
                message=f"{stint.employee_id} has no approved pay package on {since}: add it, or end the assignment.",
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
    return line.on(day) or ZERO
