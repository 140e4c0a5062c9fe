"""
Results and targets as columns of subjects: a team's once, with an index a stint.

A stored target counts for a window when its days are the window's; or, for a metric that
adds up, when the targets in force lie end to end over exactly those days; or, for one that
does not add up (a ratio, a level), when one target's days hold the whole window. Nothing
else is a target: it is missing, and the node's policy decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from kamcomp.policy.models import PolicySetting
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import KeyRead, PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow
from plans.engine.conventions import Level
from plans.engine.inputs import Ints, ResultKey, Results, Stated
from scorecards.choices import Aggregation, ResultStatus, TargetStatus
from scorecards.models import Metric, Result, Target
from teams.models import AccountNode

ZERO, ONE = Decimal(0), Decimal(1)
WIDE = Context(prec=70)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
STATE_OF = {
    ResultStatus.PROVISIONAL: RowState.FINAL,
    ResultStatus.FINAL: RowState.FINAL,
    ResultStatus.RESTATED: RowState.FINAL,
    ResultStatus.MISSING: RowState.MISSING,
    ResultStatus.INSUFFICIENT: RowState.INSUFFICIENT_SAMPLE,
}
IN_FORCE = (TargetStatus.ISSUED, TargetStatus.ACCEPTED, TargetStatus.DISPUTED, TargetStatus.REVISED)


class SubjectId(NamedTuple):
    """Whose result: a node's or a person's, of a segment or of the whole (None)."""

    node_id: UUID | None
    person_id: UUID | None
    segment: str | None


@dataclass(frozen=True)
class StoredResult:
    """A result as stored."""

    numerator: Decimal
    denominator: Decimal | None
    state: int
    currency: str


@dataclass(frozen=True)
class StoredTarget:
    """A target as stored: over which days, how much, in which currency."""

    since: date
    until: date
    value: Decimal
    currency: str


@dataclass(frozen=True)
class Measured:
    """The stored results and targets that a chunk reads, by metric, window and subject."""

    results: Mapping[tuple[str, str, SubjectId], StoredResult]
    targets: Mapping[tuple[str, SubjectId], list[StoredTarget]]
    adding: frozenset[str]

    @property
    def currencies(self) -> set[str]:
        """Return every currency a result or target is in."""
        return {each.currency for each in self.results.values()} | {
            each.currency for targets in self.targets.values() for each in targets
        }


@dataclass(frozen=True)
class Subjects:
    """The subjects of a key, each once, and which one each stint reads (-1: none)."""

    names: list[str]
    ids: list[SubjectId]
    index: Ints


def company_node(*, reads: PlanReads, on: date) -> UUID | None:
    """
    Return the node that stands for the company, if the plan reads a result of the company or a region.

    The policy setting `company.node` names it by its code. Without it such a result is missing.
    """
    if not any(read.key.level in (Level.COMPANY, Level.REGION) for read in reads.keys):
        return None
    setting = PolicySetting.objects.filter(key="company.node", valid__contains=on).first()
    return (
        None
        if setting is None
        else AccountNode.objects.filter(code=setting.value).values_list("pk", flat=True).first()
    )


def measured(
    *, stints: Sequence[StintRow], reads: PlanReads, period: Period, company: UUID | None, known_at: datetime
) -> Measured:
    """Return the results of a period and the targets that a plan reads for these stints: three queries."""
    codes = {read.key.metric for read in reads.keys}
    nodes = {stint.node_id for stint in stints if stint.node_id} | ({company} if company else set())
    subject = Q(node_id__in=nodes) | Q(person_id__in={stint.person_id for stint in stints})
    rows = (
        Result.objects.known_at(known_at)
        .filter(subject, period=period, metric__code__in=codes, window__in={read.key.window for read in reads.keys})
        .order_by()
        .values_list(
            "metric__code", "window", "node_id", "person_id", "segment__code",
            "numerator", "denominator", "value", "currency", "status",
        )
    )  # fmt: skip
    results = {
        (code, window, SubjectId(node, person, segment)): _stored(*figures)
        for code, window, node, person, segment, *figures in rows
    }
    return Measured(
        results=results,
        targets=_targets(
            codes={read.key.metric for read in reads.keys if read.needs_target},
            subject=subject,
            known_at=known_at,
        ),
        adding=frozenset(
            Metric.objects.filter(code__in=codes, aggregation=Aggregation.SUM).values_list("code", flat=True)
        ),
    )


def result_columns(
    *, reads: PlanReads, found: Measured, reach: Reach, company: UUID | None, conversion: Conversion
) -> dict[ResultKey, Results]:
    """Return the results a plan reads as columns of subjects, money in plan currency."""
    return {read.key: _columns(read, found, reach, reads.years, company, conversion) for read in reads.keys}


def _stored(
    numerator: Decimal | None, denominator: Decimal | None, value: Decimal | None, currency: str, status: str
) -> StoredResult:
    state = int(STATE_OF[ResultStatus(status)])
    if state != FINAL or value is None:
        return StoredResult(ZERO, None, state if state != FINAL else MISSING, currency)
    if numerator is None or denominator is None:
        return StoredResult(trimmed(value if numerator is None else numerator), None, FINAL, currency)
    return StoredResult(trimmed(numerator), trimmed(denominator), FINAL, currency)


def trimmed(figure: Decimal) -> Decimal:
    """Return a figure without the zeros its column adds behind the point; the value is the same."""
    short = figure.normalize(WIDE)
    return short.quantize(ONE, context=WIDE) if short == short.to_integral_value() else short


def _targets(
    *, codes: set[str], subject: Q, known_at: datetime
) -> dict[tuple[str, SubjectId], list[StoredTarget]]:
    targets: dict[tuple[str, SubjectId], list[StoredTarget]] = defaultdict(list)
    if not codes:
        return targets
    rows = (
        Target.objects.known_at(known_at)
        .filter(subject, metric__code__in=codes, status__in=IN_FORCE)
        .order_by("days", "pk")
        .values_list("metric__code", "node_id", "person_id", "segment__code", "days", "value", "currency")
    )
    for code, node, person, segment, days, value, currency in rows:
        targets[code, SubjectId(node, person, segment)].append(
            StoredTarget(days.lower, days.upper, trimmed(value), currency)
        )
    return targets


def _columns(
    read: KeyRead, found: Measured, reach: Reach, years: int, company: UUID | None, conversion: Conversion
) -> Results:
    whose = subjects_of(key=read.key, stints=conversion.stints, company=company)
    names, subjects, index = whose.names, whose.ids, whose.index
    results = [found.results.get((read.key.metric, read.key.window, subject)) for subject in subjects]
    numerators, states = [], []
    for place, result in enumerate(results):
        numerator, state = (result.numerator, result.state) if result else (ZERO, MISSING)
        if result and result.denominator is None:
            numerator = _converted(numerator, result.currency, index, place, conversion)
        numerators.append(numerator)
        states.append(state)
    ratios = any(result is not None and result.denominator is not None for result in results)
    denominators = [
        result.denominator if result and result.denominator is not None else ONE for result in results
    ]
    target = _target_column(read, subjects, index, found, reach, years, conversion)
    return Results(
        subjects=tuple(names),
        index=index,
        numerator=as_column(numerators),
        denominator=as_column(denominators) if ratios else None,
        state=np.array(states, dtype=np.int8),
        target=target,
        carried=None,
    )


def subjects_of(*, key: ResultKey, stints: Sequence[StintRow], company: UUID | None) -> Subjects:
    """Return whose results a key reads: the person's, the account's, the region's within the company, the company's."""
    names: list[str] = []
    ids: list[SubjectId] = []
    place: dict[SubjectId, int] = {}
    index = np.full(len(stints), -1, dtype=np.int64)
    for row, stint in enumerate(stints):
        subject, name = _subject(key, stint, company)
        if subject is None:
            continue
        if subject not in place:
            place[subject] = len(ids)
            ids.append(subject)
            names.append(name)
        index[row] = place[subject]
    return Subjects(names, ids, index)


def _subject(key: ResultKey, stint: StintRow, company: UUID | None) -> tuple[SubjectId | None, str]:
    segment = key.segment or None
    if key.level == Level.INDIVIDUAL:
        return SubjectId(None, stint.person_id, segment), stint.employee_id
    if key.level == Level.TEAM:
        return (
            None if stint.node_id is None else SubjectId(stint.node_id, None, segment)
        ), stint.account_code
    if company is None:
        return None, ""
    if key.level == Level.REGION:
        region = segment or stint.region or None
        return (None if region is None else SubjectId(company, None, region)), f"region {region}"
    return SubjectId(company, None, segment), "company"


def _target_column(
    read: KeyRead, subjects: Sequence[SubjectId], index: Ints, found: Measured, reach: Reach, years: int,
    conversion: Conversion,
) -> Stated | None:  # fmt: skip
    if not read.needs_target:
        return None
    days = reach.key_days(read.key, years=years)
    values, states = [], []
    for place, subject in enumerate(subjects):
        stored = found.targets.get((read.key.metric, subject), []) if days else []
        since, until = days or (date.max, date.max)
        parts = target_parts(targets=stored, since=since, until=until, adds=read.key.metric in found.adding)
        total = ZERO
        for part in parts:
            converted = _converted(part.value, part.currency, index, place, conversion)
            total = CONTEXT.add(total, converted)
        values.append(total)
        states.append(FINAL if parts else MISSING)
    return Stated(value=as_column(values), state=np.array(states, dtype=np.int8))


def target_parts(
    *, targets: Iterable[StoredTarget], since: date, until: date, adds: bool
) -> list[StoredTarget]:
    """
    Return the stored targets that together are the target of the days [since, until), or none.

    Exactly those days; or, where the metric adds up, targets that lie end to end over them;
    or, where it does not, the shortest one that holds them all.
    """
    targets = list(targets)
    exact = [target for target in targets if (target.since, target.until) == (since, until)]
    if exact:
        return exact[:1]
    if not adds:
        holding = [target for target in targets if target.since <= since and until <= target.until]
        return sorted(holding, key=lambda target: (target.until - target.since, target.since))[:1]
    inside = sorted(
        (t for t in targets if since <= t.since and t.until <= until), key=lambda t: (t.since, t.until)
    )
    return _end_to_end(inside, since, until)


def _end_to_end(targets: Sequence[StoredTarget], since: date, until: date) -> list[StoredTarget]:
    """Return the first row of targets, shortest first, that covers [since, until) without gap or overlap."""
    if since == until:
        return []
    for place, target in enumerate(targets):
        if target.since != since:
            continue
        if target.until == until:
            return [target]
        rest = _end_to_end(targets[place + 1 :], target.until, until)
        if rest:
            return [target, *rest]
    return []


def _converted(amount: Decimal, source: str, index: Ints, place: int, conversion: Conversion) -> Decimal:
    """Return an amount in plan currency, on behalf of every stint that reads the subject `place`."""
    if not source or source == conversion.currency:
        return amount
    converted = conversion.of(amount, source=source, rows=np.flatnonzero(index == place).tolist())
    return ZERO if converted is None else converted
