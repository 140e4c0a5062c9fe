"""The last known reading, for nodes whose policy is to carry it: looked for in earlier periods, latest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from kamcomp.calendar.models import Period
from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reads import KeyRead, PlanReads
from payouts.selectors.inputs.results import Measured, SubjectId, measured, subjects_of, target_parts
from payouts.selectors.inputs.rows import StintRow
from plans.engine.inputs import ResultKey, Results, Stated
from scorecards.engine.attainment import attainment, readable
from scorecards.selectors.needs import window_days

ZERO, ONE = Decimal(0), Decimal(1)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
LOOK_BACK = 8


def with_carried(
    *, results: Mapping[ResultKey, Results], stints: Sequence[StintRow], reads: PlanReads, period: Period,
    company: Any, known_at: datetime,
) -> dict[ResultKey, Results]:  # fmt: skip
    """
    Return the results with the last known reading of each subject that has none now.

    At most eight earlier periods are looked at, and none unless a node carries and a
    subject lacks a result. A reading carried into an attainment is held against the target
    of its own window, as seen from its own period.
    """
    wanted = [read for read in reads.keys if read.carries and (results[read.key].state != FINAL).any()]
    if not wanted:
        return dict(results)
    carried: dict[ResultKey, dict[SubjectId, Decimal]] = {read.key: {} for read in wanted}
    some = replace(reads, keys=tuple(wanted))
    earlier = Period.objects.filter(calendar_id=period.calendar_id, days__startswith__lt=period.days.lower)
    for before in earlier.order_by("-days")[:LOOK_BACK]:
        windows = [window_days(period=before, window=read.key.window) for read in wanted]
        found = measured(
            stints=stints, reads=some, period=before, company=company, known_at=known_at,
            days=(min(each.since for each in windows), max(each.until for each in windows)),
        )  # fmt: skip
        for read in wanted:
            for subject in subjects_of(key=read.key, stints=stints, company=company).ids:
                value = _reading(read, subject, before, found)
                if value is not None:
                    carried[read.key].setdefault(subject, value)
    return dict(results) | {
        read.key: replace(
            results[read.key],
            carried=_stated(subjects_of(key=read.key, stints=stints, company=company).ids, carried[read.key]),
        )
        for read in wanted
    }


def _reading(read: KeyRead, subject: SubjectId, period: Period, found: Measured) -> Decimal | None:
    result = found.results.get((read.key.metric, read.key.window), {}).get(subject)
    if result is None or result.state != FINAL or result.denominator == 0:
        return None
    days = window_days(period=period, window=read.key.window)
    with localcontext(CONTEXT):
        actual = result.numerator / (ONE if result.denominator is None else result.denominator)
        if read.rule is None:
            return actual
        parts = target_parts(
            targets=found.targets.get(read.key.metric, {}).get(subject, ()),
            since=days.since,
            until=days.until,
            adds=read.key.metric in found.adding,
        )
        if not parts or len({part.currency for part in parts} | {result.currency}) > 1:
            return None
        achieved, agreed = as_column([actual]), as_column([sum((part.value for part in parts), ZERO)])
        if not readable(rule=read.rule, actual=achieved, target=agreed).all():
            return None
        return Decimal(attainment(rule=read.rule, actual=achieved, target=agreed)[0])


def _stated(subjects: Sequence[SubjectId], known: Mapping[SubjectId, Decimal]) -> Stated:
    return Stated(
        value=as_column([known.get(subject, ZERO) for subject in subjects]),
        state=np.array([FINAL if subject in known else MISSING for subject in subjects], dtype=np.int8),
    )
