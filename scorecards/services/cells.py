"""
Cells of the scorecard matrix set by hand or pasted: targets, and results of external metrics.

They go the way of a file: the rows of an import, with its checks, its second person for rows about oneself, and its
undo. Who saw another figure than the one that stands is told, and nothing is written.
How to: docs/how-to/work-with-scorecards.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.services import import_commit, import_undo
from kamcomp.refusal import Refusal
from scorecards.choices import MetricSource, Unit, Window
from scorecards.models import Metric, Result, Target
from scorecards.selectors.matrix import Subject
from scorecards.services.scorecards import KEEPERS
from teams.models import AccountNode, Person, Segment

TARGETS, RESULTS = "targets", "metric_results"


class PeriodClosed(Refusal):
    """The scorecards of a locked period are corrected by an adjustment in an open one."""


class MetricComputed(Refusal):
    """The results of a computed metric come from facts."""


class NothingChanged(Refusal):
    """No cell differs from what stands."""


@dataclass(frozen=True, kw_only=True)
class CellSet:
    """A cell as somebody wants it, and the figure that stood there when they began."""

    subject: Subject
    metric: str
    value: Decimal
    seen: Decimal | None
    currency: str = ""


class CellsChangedMeanwhile(Refusal):
    """Somebody else changed some of the cells since; carries them with what stands now."""

    def __init__(self, clashes: Sequence[tuple[CellSet, Decimal | None]]) -> None:
        self.clashes = clashes
        super().__init__("%(count)s cells were changed by somebody else meanwhile.", count=len(clashes))


@act
def targets_set(*, period: Period, cells: Sequence[CellSet], by: User, at: datetime) -> ImportBatch:
    """
    Agree on targets of a period; a revised one keeps its history.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises PeriodClosed: if the period is locked.
    :raises CellsChangedMeanwhile: if another figure stands than the one seen.
    :raises ImportRejected, SecondPersonNeeded: as importing the same rows does.
    """
    _check(period=period, cells=cells, by=by, at=at)
    agreed = Target.objects.current().filter(days=period.days)  # type: ignore[attr-defined]
    _clashes(cells, _standing(agreed, cells))
    first, last = period.span.since, period.span.last
    header = ("metric_code", "account_code", "employee_id", "segment", "from", "to", "target", "currency")
    rows = [
        (cell.metric, *_subject_codes(cell.subject, codes), first, last, f"{cell.value:f}", cell.currency)
        for codes in [_codes(cells)]
        for cell in cells
    ]
    return _committed(TARGETS, header, rows, period=period, by=by, at=at)


@act
def results_set(*, period: Period, cells: Sequence[CellSet], by: User, at: datetime) -> ImportBatch:
    """
    Set results of external metrics in a period; a restated one keeps its history.

    :raises MetricComputed: if a metric is computed from facts, naming it.
    :raises RoleMissing, PeriodClosed, CellsChangedMeanwhile: as `targets_set` does.
    """
    _check(period=period, cells=cells, by=by, at=at)
    computed = Metric.objects.filter(code__in={cell.metric for cell in cells}).exclude(
        source=MetricSource.EXTERNAL
    )
    if (one := computed.first()) is not None:
        raise MetricComputed(
            "%(one)s is computed from facts: import the facts, and its result follows.", one=one.name
        )
    believed = Result.objects.current().filter(period=period, window=Window.PERIOD)
    _clashes(cells, _standing(believed, cells))
    header = (
        "metric_code", "account_code", "employee_id", "segment", "period", "calendar", "target", "actual",
        "currency", "as_of",
    )  # fmt: skip
    rows = [
        (
            cell.metric, *_subject_codes(cell.subject, codes), period.code, period.calendar.code, "",
            f"{cell.value:f}", cell.currency, at.date(),
        )
        for codes in [_codes(cells)]
        for cell in cells
    ]  # fmt: skip
    return _committed(RESULTS, header, rows, period=period, by=by, at=at)


@act
def cells_undo(*, batch_id: UUID, by: User, at: datetime) -> ImportBatch:
    """
    Take back what one saving of cells wrote.

    :raises BatchUnknown, NotCommitted, PeriodUsedIt, ChangedSince: as undoing an import does.
    """
    return import_undo(batch_id=batch_id, by=by, at=at)


def _check(*, period: Period, cells: Sequence[CellSet], by: User, at: datetime) -> None:
    role_check(user=by, roles=KEEPERS, on=at.date(), act="Filling in scorecards")
    # Two who fill in the same period follow each other.
    now = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
    if now.status == PeriodStatus.LOCKED:
        raise PeriodClosed(
            "%(period)s is locked: correct it by an adjustment in the open period.", period=period.code
        )
    if not cells:
        raise NothingChanged("No cell differs from what stands: nothing to save.")


def _standing(rows: QuerySet[Any], cells: Sequence[CellSet]) -> dict[tuple[Subject, str], Decimal | None]:
    codes = {cell.metric for cell in cells}
    found = rows.filter(metric__code__in=codes).select_related("metric")
    return {((row.node_id, row.person_id, row.segment_id), row.metric.code): row.value for row in found}


def _clashes(cells: Sequence[CellSet], standing: Mapping[tuple[Subject, str], Decimal | None]) -> None:
    found = [
        (cell, standing.get((cell.subject, cell.metric)))
        for cell in cells
        if standing.get((cell.subject, cell.metric)) != cell.seen
    ]
    if found:
        raise CellsChangedMeanwhile(found)


def _codes(cells: Sequence[CellSet]) -> dict[UUID, str]:
    nodes, people, segments = (
        [part for part in parts if part] for parts in zip(*(cell.subject for cell in cells), strict=True)
    )
    return (
        dict(AccountNode.objects.filter(pk__in=nodes).values_list("pk", "code"))
        | dict(Person.objects.filter(pk__in=people).values_list("pk", "employee_id"))
        | dict(Segment.objects.filter(pk__in=segments).values_list("pk", "code"))
    )


def _subject_codes(subject: Subject, codes: Mapping[UUID, str]) -> tuple[str, str, str]:
    node, person, segment = (codes.get(part, "") if part else "" for part in subject)
    return node, person, segment


def _committed(
    kind: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    period: Period,
    by: User,
    at: datetime,
) -> ImportBatch:
    # When it was typed makes each saving a file of its own, also where it goes back to figures of an earlier one.
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*header, "typed_at"])
    writer.writerows([*row, at.isoformat()] for row in rows)
    preview = import_commit(
        kind=kind,
        content=text.getvalue().encode(),
        filename=f"scorecards-{period.code}-{kind}.csv",
        mapping={"kind": kind, "ignore": ["typed_at"]},
        by=by,
        at=at,
    )
    assert preview.batch is not None
    return preview.batch


def currency_for(*, metric: Metric, standing: str, usual: str) -> str:
    """Return the currency a figure of a metric is in: that of what stands, else the usual one; none unless money."""
    return (standing or usual) if metric.unit == Unit.MONEY else ""
