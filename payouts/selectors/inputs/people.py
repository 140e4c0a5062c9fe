"""
Stretches of days on which a stint's pay facts are constant: employment, package, dedication.

Days without an employment, or with one that has ended, are not worked and earn nothing.
Worked days without a package are a named problem where the plan pays a share of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Generic, TypeVar
from uuid import UUID

import numpy as np

from kamcomp.columns import as_column
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow
from plans.engine.inputs import Spans
from teams.choices import EmploymentStatus, PackageStatus
from teams.models import Employment, Membership, PayPackage

Held = TypeVar("Held")
ZERO, ONE = Decimal(0), Decimal(1)
WORKING = (EmploymentStatus.ACTIVE, EmploymentStatus.NOTICE, EmploymentStatus.LEAVE)


@dataclass(frozen=True)
class Job:
    """How a person is employed over some days."""

    fte: Decimal
    on_leave: bool
    working: bool


@dataclass(frozen=True)
class Promise:
    """What a package promises a year, in its own currency."""

    variable_target: Decimal
    base_salary: Decimal
    currency: str


class Timeline(Generic[Held]):
    """What holds on which days: half-open stretches that do not overlap."""

    def __init__(self) -> None:
        self._stretches: list[tuple[date, date, Held]] = []

    def hold(self, valid: Any, held: Held) -> None:
        """Add a stretch of a date range; an open end is the end of time."""
        self._stretches.append((valid.lower or date.min, valid.upper or date.max, held))
        self._stretches.sort(key=lambda stretch: stretch[0])

    def on(self, day: date) -> Held | None:
        """Return what holds on a day."""
        place = bisect_right(self._stretches, day, key=lambda stretch: stretch[0]) - 1
        if place < 0 or self._stretches[place][1] <= day:
            return None
        return self._stretches[place][2]

    def edges(self, since: date, until: date) -> Iterable[date]:
        """Return the days strictly inside [since, until) on which something begins or ends."""
        for begins, ends, _held in self._stretches:
            yield from (day for day in (begins, ends) if since < day < until)


@dataclass(frozen=True)
class PeopleFacts:
    """The dated facts of a chunk's people, by person; dedication by person and account."""

    jobs: dict[UUID, Timeline[Job]]
    promises: dict[UUID, Timeline[Promise]]
    dedications: dict[tuple[UUID, UUID], Timeline[Decimal]]

    @property
    def currencies(self) -> set[str]:
        """Return the currencies of all packages."""
        return {held.currency for line in self.promises.values() for _since, _until, held in line._stretches}


def people_facts(*, stints: Sequence[StintRow], reads: PlanReads, since: date, until: date) -> PeopleFacts:
    """Return employments, packages and, where the plan scales by it, dedication: one query each."""
    people, days = {stint.person_id for stint in stints}, (since, until)
    jobs: dict[UUID, Timeline[Job]] = defaultdict(Timeline)
    employments = Employment.objects.filter(person_id__in=people, valid__overlap=days).order_by()
    for person, valid, fte, status in employments.values_list("person_id", "valid", "fte", "status"):
        jobs[person].hold(valid, Job(fte, status == EmploymentStatus.LEAVE, status in WORKING))
    promises: dict[UUID, Timeline[Promise]] = defaultdict(Timeline)
    if reads.needs_package:
        packages = PayPackage.objects.filter(
            person_id__in=people, valid__overlap=days, status=PackageStatus.APPROVED
        ).order_by()
        for person, valid, *promised in packages.values_list(
            "person_id", "valid", "variable_target", "base_salary", "currency"
        ):
            promises[person].hold(valid, Promise(*promised))
    dedications: dict[tuple[UUID, UUID], Timeline[Decimal]] = defaultdict(Timeline)
    if reads.needs_dedication:
        memberships = Membership.objects.filter(person_id__in=people, valid__overlap=days).order_by()
        for person, account, valid, dedication in memberships.values_list(
            "person_id", "account_id", "valid", "dedication"
        ):
            dedications[person, account].hold(valid, dedication)
    return PeopleFacts(jobs=jobs, promises=promises, dedications=dedications)


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
        if stint.person_id not in facts.jobs:
            conversion.problems.note(
                employee_id=stint.employee_id,
                code="employment_missing",
                message=f"{stint.employee_id} has no employment between {stint.since} and {stint.until}: "
                "add it, or end the assignment.",
            )
            continue
        for since, until in _cuts(stint, facts):
            made.extend(_span(row, stint, since, until, facts, reads, conversion))
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


def _cuts(stint: StintRow, facts: PeopleFacts) -> list[tuple[date, date]]:
    edges = {stint.since, stint.until}
    lines: list[Timeline[Any] | None] = [facts.jobs.get(stint.person_id), facts.promises.get(stint.person_id)]
    if stint.account_id is not None:
        lines.append(facts.dedications.get((stint.person_id, stint.account_id)))
    for line in lines:
        if line is not None:
            edges.update(line.edges(stint.since, stint.until))
    days = sorted(edges)
    return list(pairwise(days))


def _span(
    row: int,
    stint: StintRow,
    since: date,
    until: date,
    facts: PeopleFacts,
    reads: PlanReads,
    conversion: Conversion,
) -> Iterable[tuple[Any, ...]]:
    job = facts.jobs[stint.person_id].on(since)
    if job is None or not job.working:
        return
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
            return
        target = _promised(promise.variable_target, row, stint, promise, conversion)
        base = _promised(promise.base_salary, row, stint, promise, conversion)
    yield (
        row, since.toordinal(), until.toordinal(), target, base, job.fte, _dedication(stint, since, facts), job.on_leave
    )  # fmt: skip


def _promised(
    amount: Decimal, row: int, stint: StintRow, promise: Promise, conversion: Conversion
) -> Decimal:
    shared = CONTEXT.multiply(amount, stint.share)
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
