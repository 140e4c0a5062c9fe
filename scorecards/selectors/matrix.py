"""
The scorecards of a period side by side: subjects by metrics, each cell with target, result, attainment and source.

A subject is an account, one segment of it, or a person. A metric is a column when somebody has a target for it in the
period, or when its results come in files. A cell that has a target and no result is missing, never zero.
Rule: docs/reference/metrics.md, "Scorecards".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from scorecards.catalogue import PRESET
from scorecards.choices import MetricSource, MetricStatus, Window
from scorecards.models import Metric, Result, Target
from scorecards.selectors.scorecard import attainment_of
from teams.choices import Perspective, Seat
from teams.models import Membership, StrategicAccount

Subject = tuple[UUID | None, UUID | None, UUID | None]
"""Node, person and segment of a row; one of the first two is None."""


@dataclass(frozen=True, kw_only=True)
class MatrixCell:
    """One subject and metric; `missing` says that a target waits for its result."""

    metric: Metric
    target: Decimal | None = None
    result: Decimal | None = None
    attainment: Decimal | None = None
    currency: str = ""
    because: str = ""
    status: str = ""
    source: str = ""

    @property
    def missing(self) -> bool:
        """Tell whether a target waits for its result."""
        return self.target is not None and self.result is None

    @property
    def file(self) -> str:
        """Return the file a result came in; "" for one computed from facts."""
        return "" if self.metric.source == MetricSource.COMPUTED else self.source

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self.target is None and self.result is None and not self.status


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """One subject with its cells, in the order of the columns."""

    key: Subject
    code: str
    name: str
    segment: str = ""
    kam: str = ""
    currency: str = ""
    cells: Sequence[MatrixCell] = ()

    @property
    def words(self) -> str:
        """Return how the row is called: the account, and the segment where it is one of it."""
        return f"{self.name}, {self.segment}" if self.segment else self.name

    @property
    def slug(self) -> str:
        """Return the row's key as fields carry it."""
        return "_".join(str(part) if part else "" for part in self.key)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The rows and columns of a period."""

    period: Period
    metrics: Sequence[Metric]
    rows: Sequence[MatrixRow]
    due_on: Mapping[UUID, date] = field(default_factory=dict)

    @property
    def is_filled(self) -> bool:
        """Tell whether there is a target or a result at all."""
        return any(not cell.empty for row in self.rows for cell in row.cells)

    @property
    def missing(self) -> int:
        """Return how many targets wait for their result."""
        return sum(cell.missing for row in self.rows for cell in row.cells)

    def cell(self, *, key: Subject, metric_id: UUID) -> MatrixCell | None:
        """Return one cell, None where there is no such row or column."""
        for row in self.rows:
            if row.key == key:
                return next((cell for cell in row.cells if cell.metric.pk == metric_id), None)
        return None


def matrix_periods() -> QuerySet[Period]:
    """Return the periods that have begun, and the next ones, newest first."""
    return Period.objects.select_related("calendar").order_by("-days")


def matrix_period(*, code: str) -> Period | None:
    """Return the period of a code; without one the newest that has begun, or else the first."""
    periods = matrix_periods()
    if code:
        return periods.filter(code=code).first()
    begun = periods.exclude(status__in=[PeriodStatus.FUTURE, PeriodStatus.OPEN])
    waiting = begun.exclude(status=PeriodStatus.LOCKED).first()
    return waiting or begun.first() or periods.filter(status=PeriodStatus.OPEN).last() or periods.last()


def matrix(*, period: Period, viewer: Viewer, perspective: str = "") -> Matrix:
    """Return the scorecards of a period as far as a viewer may see them; eight queries, however many rows."""
    targets = _targets(period, viewer)
    results = _results(period, viewer)
    metrics = _columns(targets, results, perspective)
    subjects = _subjects(period, viewer, targets, results)
    agreed = {(_key(target), target.metric_id): target for target in targets}
    achieved = {(_key(result), result.metric_id): result for result in results}
    rows = [
        replace(
            subject,
            cells=[
                _cell(metric, agreed.get((key, metric.pk)), achieved.get((key, metric.pk)))
                for metric in metrics
            ],
        )
        for key, subject in subjects.items()
    ]
    last = period.span.last
    due = {metric.pk: last + timedelta(days=metric.latency_days) for metric in metrics if last}
    return Matrix(period=period, metrics=metrics, rows=rows, due_on=due)


def _targets(period: Period, viewer: Viewer) -> list[Target]:
    rows = visible(Target.objects.current(), to=viewer).filter(days=period.days)  # type: ignore[attr-defined]
    return list(rows.select_related("metric", "node", "person__details", "segment", "batch"))


def _results(period: Period, viewer: Viewer) -> list[Result]:
    rows = visible(Result.objects.current(), to=viewer)
    rows = rows.filter(period=period, window=Window.PERIOD)
    return list(rows.select_related("metric", "node", "person__details", "segment", "batch"))


def _columns(targets: Iterable[Target], results: Iterable[Result], perspective: str) -> list[Metric]:
    found = {target.metric_id: target.metric for target in targets}
    found |= {
        result.metric_id: result.metric
        for result in results
        if result.metric.source == MetricSource.EXTERNAL and result.metric_id not in found
    }
    external = Metric.objects.filter(source=MetricSource.EXTERNAL, status=MetricStatus.APPROVED)
    found |= {metric.pk: metric for metric in external}
    if not found:
        # A period nobody has agreed on yet starts with what was agreed before, or with the four perspectives.
        agreed = Metric.objects.filter(targets__superseded_at=None, targets__isnull=False).distinct()
        usual = agreed or Metric.objects.filter(
            code__in=[code for codes in PRESET.values() for code in codes]
        )
        found = {metric.pk: metric for metric in usual}
    order = list(Perspective.values)
    shown = [metric for metric in found.values() if perspective in ("", metric.perspective)]
    return sorted(shown, key=lambda metric: (order.index(metric.perspective), metric.code))


def _subjects(
    period: Period, viewer: Viewer, targets: Iterable[Target], results: Iterable[Result]
) -> dict[Subject, MatrixRow]:
    accounts = visible(StrategicAccount.objects.select_related("node"), to=viewer)
    active = accounts.filter(programme_start__lt=period.days.upper).filter(
        Q(programme_end=None) | Q(programme_end__gt=period.days.lower)
    )
    kams = _kams(period)
    found: dict[Subject, MatrixRow] = {}
    for account in active:
        key: Subject = (account.node_id, None, None)
        found[key] = MatrixRow(
            key=key,
            code=account.node.code,
            name=account.node.name,
            kam=kams.get(account.pk, ""),
            currency=account.plan_currency,
        )
    external = [each for each in results if each.metric.source == MetricSource.EXTERNAL]
    facts: list[Target | Result] = [*targets, *external]
    for fact in facts:
        if _key(fact) not in found:
            found[_key(fact)] = _other(fact)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].name, pair[1].segment)))


def _other(fact: Target | Result) -> MatrixRow:
    details = getattr(fact.person, "details", None) if fact.person else None
    return MatrixRow(
        key=_key(fact),
        code=fact.node.code if fact.node else str(getattr(fact.person, "employee_id", "")),
        name=fact.node.name if fact.node else str(details or fact.person),
        segment=fact.segment.name if fact.segment else "",
        currency=fact.node.currency if fact.node else "",
    )


def _kams(period: Period) -> dict[UUID, str]:
    last = period.span.last
    seats = Membership.objects.filter(seat=Seat.KAM, valid__contains=last).select_related("person__details")
    return {seat.account_id: str(getattr(seat.person, "details", seat.person)) for seat in seats}


def _key(fact: Target | Result) -> Subject:
    return (fact.node_id, fact.person_id, fact.segment_id)


def _cell(metric: Metric, target: Target | None, result: Result | None) -> MatrixCell:
    agreed = None if target is None else target.value
    achieved = None if result is None else result.value
    attainment, because = attainment_of(metric=metric, target=agreed, result=achieved)
    return MatrixCell(
        metric=metric,
        target=agreed,
        result=achieved,
        attainment=attainment,
        currency=(target.currency if target else "") or (result.currency if result else ""),
        because=because or (result.note if result is not None else ""),
        status="" if result is None else str(result.get_status_display()),
        source=_source(metric, result),
    )


def _source(metric: Metric, result: Result | None) -> str:
    if result is not None and result.batch is not None:
        return result.batch.filename
    return str(metric.get_source_display())
