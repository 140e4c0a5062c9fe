"""
Results and targets as columns of subjects: a team's once, with an index a stint.

A stored target counts for a window when its days are the window's; or, for a metric that
adds up, when the targets in force lie end to end over exactly those days; or, for one that
does not add up (a ratio, a level), when one target's days hold the whole window. Nothing
else is a target: it is missing, and the node's policy decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from kamcomp.policy.models import PolicySetting
from payouts.selectors.inputs.added import added_rows
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.reads import KeyRead, PlanReads
from payouts.selectors.inputs.rows import Conversion, StintRow, days_of, decimals, made, parted, uuid_array
from plans.engine.conventions import Level
from plans.engine.inputs import Ints, ResultKey, Results, Stated
from scorecards.choices import Aggregation, ResultStatus, TargetStatus
from scorecards.models import Metric
from teams.models import AccountNode

ZERO, ONE = Decimal(0), Decimal(1)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
STATE_OF = {
    str(ResultStatus.PROVISIONAL): FINAL,
    str(ResultStatus.FINAL): FINAL,
    str(ResultStatus.RESTATED): FINAL,
    str(ResultStatus.MISSING): MISSING,
    str(ResultStatus.INSUFFICIENT): int(RowState.INSUFFICIENT_SAMPLE),
}
IN_FORCE = (TargetStatus.ISSUED, TargetStatus.ACCEPTED, TargetStatus.DISPUTED, TargetStatus.REVISED)

_CURRENCY = attrgetter("currency")

_BELIEVED = """
    f.recorded_at <= %(known_at)s AND (f.superseded_at IS NULL OR f.superseded_at > %(known_at)s)
       AND f.metric_id = ANY((SELECT %(metrics)s::uuid[])::uuid[])
"""
# Rows that are alike but for whose they are and how much come as one, with columns of those (see rows.py).
_RESULTS = """
    SELECT f.metric_id::text, f."window", g.code, f.currency, f.status, f.value IS NOT NULL,
           f.numerator IS NULL OR f.denominator IS NULL, array_agg(f.{of}_id)::text,
           array_agg(trim_scale(coalesce(f.numerator, f.value)))::text, array_agg(trim_scale(f.denominator))::text
      FROM scorecards_result f LEFT JOIN teams_segment g ON g.id = f.segment_id
     WHERE f.{of}_id = ANY((SELECT %(subjects)s::uuid[])::uuid[]) AND f.period_id = %(period)s
       AND f."window" = ANY(%(windows)s) AND {believed}
     GROUP BY f.metric_id, f."window", g.code, f.currency, f.status, f.value IS NOT NULL,
              f.numerator IS NULL OR f.denominator IS NULL
"""
_TARGETS = """
    SELECT f.metric_id::text, g.code, lower(f.days)::text, coalesce(upper(f.days), '9999-12-31')::text, f.currency,
           array_agg(f.{of}_id)::text, array_agg(trim_scale(f.value))::text
      FROM scorecards_target f LEFT JOIN teams_segment g ON g.id = f.segment_id
     WHERE f.{of}_id = ANY((SELECT %(subjects)s::uuid[])::uuid[]) AND lower(f.days) < %(until)s
       AND coalesce(upper(f.days), '9999-12-31') > %(since)s AND f.status = ANY(%(in_force)s) AND {believed}
     GROUP BY f.metric_id, g.code, f.days, f.currency
"""


SubjectId = str
"""Whose result: a node's or a person's id, and behind a slash the segment's code where it is of one."""


class StoredResult(NamedTuple):
    """A result as stored."""

    numerator: Decimal
    denominator: Decimal | None
    state: int
    currency: str


class StoredTarget(NamedTuple):
    """A target as stored: over which days, how much, in which currency."""

    since: date
    until: date
    value: Decimal
    currency: str


NO_RESULT = StoredResult(ZERO, None, MISSING, "")


@dataclass(frozen=True)
class Measured:
    """The stored results and targets that a chunk reads, by metric and window, or by metric, and by subject."""

    results: Mapping[tuple[str, str], Mapping[SubjectId, StoredResult]]
    targets: Mapping[str, Mapping[SubjectId, list[StoredTarget]]]
    adding: frozenset[str]

    @property
    def currencies(self) -> set[str]:
        """Return every currency a result or target is in."""
        found = {
            currency for results in self.results.values() for currency in map(_CURRENCY, results.values())
        }
        for of_metric in self.targets.values():
            found.update(map(_CURRENCY, chain.from_iterable(of_metric.values())))
        return found


@dataclass(frozen=True)
class Subjects:
    """The subjects of a key, each once, and which one each stint reads (-1: none)."""

    names: list[str]
    ids: list[SubjectId]
    index: Ints


def company_node(*, reads: PlanReads, on: date) -> str | None:
    """
    Return the node that stands for the company, if the plan reads a result of the company or a region.

    The policy setting `company.node` names it by its code. Without it such a result is missing.
    """
    if not any(read.key.level in (Level.COMPANY, Level.REGION) for read in reads.keys):
        return None
    setting = PolicySetting.objects.filter(key="company.node", valid__contains=on).first()
    if setting is None:
        return None
    found = AccountNode.objects.filter(code=setting.value).values_list("pk", flat=True).first()
    return None if found is None else str(found)


def measured(
    *, stints: Sequence[StintRow], reads: PlanReads, period: Period, company: str | None, known_at: datetime,
    days: tuple[date, date], years_since: date | None = None,
) -> Measured:  # fmt: skip
    """
    Return the results of a period, and the targets on `days`, that a plan reads for these stints.

    External metrics over longer windows are added up; one over several years begins on `years_since`.
    A handful of queries, whatever the number of people: people's and nodes' apart.
    """
    metrics = {
        str(pk): (code, aggregation)
        for pk, code, aggregation in Metric.objects.filter(
            code__in={read.key.metric for read in reads.keys}
        ).values_list("pk", "code", "aggregation")
    }
    people = {stint.person_id for stint in stints}
    nodes = {stint.node_id for stint in stints if stint.node_id} | ({company} if company else set())
    results: dict[tuple[str, str], dict[SubjectId, StoredResult]] = defaultdict(dict)
    targets: dict[str, dict[SubjectId, list[StoredTarget]]] = defaultdict(lambda: defaultdict(list))
    own = [read for read in reads.keys if read.key.level == Level.INDIVIDUAL]
    others = [read for read in reads.keys if read.key.level != Level.INDIVIDUAL]
    for of, some, ids in (("person", own, people), ("node", others, nodes)):
        codes = {read.key.metric for read in some}
        said = {
            "metrics": uuid_array(pk for pk, (code, _adds) in metrics.items() if code in codes),
            "subjects": uuid_array(ids),
            "period": period.pk,
            "windows": sorted({str(read.key.window) for read in some}),
            "known_at": known_at,
            "in_force": [str(status) for status in IN_FORCE],
            "since": days[0],
            "until": days[1],
        }
        if codes and ids:
            whose = Q(**{f"{of}_id__in": ids})
            keys = [read.key for read in some]
            for row in added_rows(
                keys=keys, subject=whose, period=period, years_since=years_since, known_at=known_at
            ):
                node, person, segment = row.subject
                results[row.code, row.window][_named(node or person or "", segment)] = _stored(*row.figures)
            _read_results(of, said, metrics, results)
        codes = {read.key.metric for read in some if read.needs_target}
        said["metrics"] = uuid_array(pk for pk, (code, _adds) in metrics.items() if code in codes)
        if codes and ids:
            _read_targets(of, said, metrics, targets)
    adding = frozenset(code for code, aggregation in metrics.values() if aggregation == Aggregation.SUM)
    return Measured(results=results, targets=targets, adding=adding)


def _read_results(
    of: str, said: Mapping[str, Any], metrics: Mapping[str, tuple[str, str]],
    results: dict[tuple[str, str], dict[SubjectId, StoredResult]],
) -> None:  # fmt: skip
    for metric, window, segment, currency, status, valued, whole, subjects, figures, denominators in _rows(
        _RESULTS, of, said
    ):
        known, names = results[metrics[metric][0], window], _all_named(subjects, segment)
        if STATE_OF[status] != FINAL or not valued:
            known.update(dict.fromkeys(names, _stored(None, None, None, currency, status)))
            continue
        below = repeat(None) if whole else decimals(denominators)
        stored = made(StoredResult, decimals(figures), below, repeat(FINAL), repeat(currency))
        known.update(zip(names, stored, strict=True))


def _read_targets(
    of: str, said: Mapping[str, Any], metrics: Mapping[str, tuple[str, str]],
    targets: dict[str, dict[SubjectId, list[StoredTarget]]],
) -> None:  # fmt: skip
    for metric, segment, since, until, currency, subjects, values in _rows(_TARGETS, of, said):
        known, names = targets[metrics[metric][0]], _all_named(subjects, segment)
        days = days_of([since], [until])
        stored = made(
            StoredTarget, repeat(days[since]), repeat(days[until]), decimals(values), repeat(currency)
        )
        if not known and len(set(names)) == len(names):
            known.update(zip(names, ([each] for each in stored), strict=True))
            continue
        for name, each in zip(names, stored, strict=True):
            known[name].append(each)


def _named(subject: str, segment: str | None) -> SubjectId:
    return f"{subject}/{segment}" if segment else subject


def _all_named(subjects: str, segment: str | None) -> list[SubjectId]:
    ids = parted(subjects)
    return [_named(each, segment) for each in ids] if segment else ids


def _rows(query: str, of: str, said: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a query about people or about nodes."""
    with connection.cursor() as cursor:
        cursor.execute(query.format(of=of, believed=_BELIEVED), said)
        found: list[Any] = cursor.fetchall()
    return found


def result_columns(
    *, reads: PlanReads, found: Measured, reach: Reach, company: str | None, conversion: Conversion
) -> dict[ResultKey, Results]:
    """Return the results a plan reads as columns of subjects, money in plan currency."""
    whose: dict[tuple[str, str], Subjects] = {}
    columns = {}
    for read in reads.keys:
        level = (read.key.level, read.key.segment)
        if level not in whose:
            whose[level] = subjects_of(key=read.key, stints=conversion.stints, company=company)
        columns[read.key] = _columns(read, found, reach, reads.years, whose[level], conversion)
    return columns


def _stored(
    numerator: Decimal | None, denominator: Decimal | None, value: Decimal | None, currency: str, status: str
) -> StoredResult:
    state = STATE_OF[status]
    if state != FINAL or value is None:
        return StoredResult(ZERO, None, state if state != FINAL else MISSING, currency)
    if numerator is None or denominator is None:
        return StoredResult(value if numerator is None else numerator, None, FINAL, currency)
    return StoredResult(numerator, denominator, FINAL, currency)


def _columns(
    read: KeyRead, found: Measured, reach: Reach, years: int, whose: Subjects, conversion: Conversion
) -> Results:
    known = found.results.get((read.key.metric, read.key.window), {})
    stored = list(map(known.get, whose.ids, repeat(NO_RESULT)))
    numerators, denominators, states, currencies = zip(*stored, strict=True) if stored else ((), (), (), ())
    if set(currencies) - {"", conversion.currency}:
        numerators = tuple(
            _converted(each.numerator, each.currency, whose.index, place, conversion)
            if each.denominator is None
            else each.numerator
            for place, each in enumerate(stored)
        )
    ratios = any(each is not None for each in denominators)
    return Results(
        subjects=tuple(whose.names),
        index=whose.index,
        numerator=as_column(numerators),
        denominator=as_column([ONE if each is None else each for each in denominators]) if ratios else None,
        state=np.array(states, dtype=np.int8),
        target=_target_column(read, whose.ids, whose.index, found, reach, years, conversion),
        carried=None,
    )


def subjects_of(*, key: ResultKey, stints: Sequence[StintRow], company: str | None) -> Subjects:
    """Return whose results a key reads: the person's, the account's, the region's within the company, the company's."""
    reads, names = _read_by(key, stints, company)
    named = dict(zip(reads, names, strict=True))
    named.pop(None, None)
    place: dict[str | None, int] = dict(zip(named, range(len(named)), strict=True))
    place[None] = -1
    ids = [each for each in named if each is not None]
    if key.level == Level.REGION or key.segment:
        ids = [_subject(key, each, company) for each in ids]
    return Subjects(
        names=list(named.values()),
        ids=ids,
        index=np.array(list(map(place.__getitem__, reads)), dtype=np.int64),
    )


def _read_by(
    key: ResultKey, stints: Sequence[StintRow], company: str | None
) -> tuple[Sequence[str | None], Sequence[str]]:
    """Return for each stint whose result it reads (a person, a node, a region, the company) and their name."""
    if key.level == Level.INDIVIDUAL:
        return [stint.person_id for stint in stints], [stint.employee_id for stint in stints]
    if key.level == Level.TEAM:
        return [stint.node_id for stint in stints], [stint.account_code for stint in stints]
    if company is None:
        return [None] * len(stints), [""] * len(stints)
    if key.level == Level.REGION:
        regions = [key.segment or stint.region or None for stint in stints]
        return regions, [f"region {region}" for region in regions]
    return [company] * len(stints), ["company"] * len(stints)


def _subject(key: ResultKey, read: str, company: str | None) -> SubjectId:
    return _named(company or "", read) if key.level == Level.REGION else _named(read, key.segment)


def _target_column(
    read: KeyRead, subjects: Sequence[SubjectId], index: Ints, found: Measured, reach: Reach, years: int,
    conversion: Conversion,
) -> Stated | None:  # fmt: skip
    if not read.needs_target:
        return None
    days = reach.key_days(read.key, years=years)
    since, until = days or (date.max, date.max)
    of_metric = found.targets.get(read.key.metric, {}) if days else {}
    stored = list(map(of_metric.get, subjects))
    plain = _plain_targets(stored, since, until, conversion.currency)
    if plain is not None:
        return Stated(value=as_column(plain), state=np.full(len(plain), FINAL, dtype=np.int8))
    adds = read.key.metric in found.adding
    values, states = [], []
    for place, targets in enumerate(stored):
        parts = target_parts(targets=targets or (), since=since, until=until, adds=adds)
        total = ZERO
        for part in parts:
            converted = _converted(part.value, part.currency, index, place, conversion)
            total = CONTEXT.add(total, converted)
        values.append(total)
        states.append(FINAL if parts else MISSING)
    return Stated(value=as_column(values), state=np.array(states, dtype=np.int8))


def _plain_targets(
    stored: Sequence[Sequence[StoredTarget] | None], since: date, until: date, currency: str
) -> list[Decimal] | None:
    """Return the targets where everybody has exactly one, of just these days and in this currency; else None."""
    if not stored or None in stored or set(map(len, stored)) != {1}:  # type: ignore[arg-type]
        return None
    begins, ends, values, currencies = zip(*chain.from_iterable(stored), strict=True)  # type: ignore[arg-type]
    if set(begins) != {since} or set(ends) != {until} or set(currencies) - {"", currency}:
        return None
    return list(map(CONTEXT.add, repeat(ZERO), values))


def target_parts(
    *, targets: Sequence[StoredTarget], since: date, until: date, adds: bool
) -> list[StoredTarget]:
    """
    Return the stored targets that together are the target of the days [since, until), or none.

    Exactly those days; or, where the metric adds up, targets that lie end to end over them;
    or, where it does not, the shortest one that holds them all.
    """
    for target in targets:
        if target.since == since and target.until == until:
            return [target]
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
