"""
The balanced scorecard of a subject in a period: what was agreed, what was achieved, how much of it.

It has no weights: those are the plan's. A card that was opened holds the metrics chosen for
it, and once final the figures written then; where none was opened, a metric is on the card
when it is in the preset of its perspective, or when the subject has a target for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamcomp.calendar.models import Period
from kamcomp.money import exactly
from scorecards import models
from scorecards.catalogue import PRESET
from scorecards.choices import Direction, ScorecardStatus, Window
from scorecards.models import Metric, Result, Target
from teams.choices import Perspective
from teams.models import AccountNode, Person


@dataclass(frozen=True)
class ScorecardLine:
    """
    One metric of a card.

    `attainment` is result over target, a ratio, full quotient; None where one of them is
    missing, the target is not positive, or less is better (`because` says which).
    """

    metric: str
    name: str
    perspective: str
    unit: str
    currency: str
    target: Decimal | None
    result: Decimal | None
    status: str
    attainment: Decimal | None
    because: str


@dataclass(frozen=True)
class Scorecard:
    """
    The lines of a subject in a period, in the order of the four perspectives.

    `status` is that of the card kept, "" where none was opened.
    """

    subject: str
    period: str
    lines: tuple[ScorecardLine, ...]
    status: str = ""

    def of(self, perspective: str) -> tuple[ScorecardLine, ...]:
        """Return the lines of one perspective."""
        return tuple(line for line in self.lines if line.perspective == perspective)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Return the perspectives without a target, which the card does not balance."""
        covered = {line.perspective for line in self.lines if line.target is not None}
        return tuple(value for value in Perspective.values if value not in covered)


def scorecard_of(*, subject: AccountNode | Person, period: Period) -> models.Scorecard | None:
    """Return the card that was opened for a subject in a period, if one was."""
    return models.Scorecard.objects.filter(period=period, **_owner(subject)).first()


def scorecards_kept(*, period: Period) -> list[models.Scorecard]:
    """Return the cards of a period, accounts first, by code and employee id."""
    cards = models.Scorecard.objects.filter(period=period).select_related("period", "node", "person")
    return list(cards.order_by("node__code", "person__employee_id").prefetch_related("lines__metric"))


def scorecard(*, subject: AccountNode | Person, period: Period) -> Scorecard:
    """Return the scorecard of an account, a part of one, or a person: as it was made final, else as believed now."""
    kept = scorecard_of(subject=subject, period=period)
    if kept is None:
        lines = _believed(subject=subject, period=period, chosen=None)
    elif kept.status == ScorecardStatus.FINAL:
        lines = [_written(line) for line in kept.lines.select_related("metric")]
    else:
        chosen = set(kept.lines.values_list("metric__code", flat=True))
        lines = _believed(subject=subject, period=period, chosen=chosen)
    order = list(Perspective.values)
    lines.sort(key=lambda line: (order.index(line.perspective), line.metric))
    status = "" if kept is None else kept.status
    return Scorecard(subject=str(subject), period=period.code, lines=tuple(lines), status=status)


def _owner(subject: AccountNode | Person) -> dict[str, Any]:
    return {"node": subject} if isinstance(subject, AccountNode) else {"person": subject}


def _believed(
    *, subject: AccountNode | Person, period: Period, chosen: set[str] | None
) -> list[ScorecardLine]:
    """Return the lines of the metrics chosen (None: those shown by themselves) on what is believed now."""
    whole = {**_owner(subject), "segment": None}
    targets = {
        target.metric.code: target
        for target in Target.objects.current().filter(days=period.days, **whole).select_related("metric")
    }
    results = {
        result.metric.code: result
        for result in Result.objects.current()
        .filter(period=period, window=Window.PERIOD, **whole)
        .select_related("metric")
    }
    if chosen is None:
        preset = {code for codes in PRESET.values() for code in codes} if "node" in whole else set()
        chosen = preset | targets.keys()
    return [_line(metric, targets, results) for metric in Metric.objects.filter(code__in=chosen)]


def _written(line: models.ScorecardLine) -> ScorecardLine:
    return ScorecardLine(
        metric=line.metric.code,
        name=line.metric.name,
        perspective=line.metric.perspective,
        unit=line.metric.unit,
        currency=line.currency,
        target=line.target,
        result=line.actual,
        status=line.state,
        attainment=line.attainment,
        because=line.because,
    )


def _line(metric: Metric, targets: Mapping[str, Target], results: Mapping[str, Result]) -> ScorecardLine:
    target, result = targets.get(metric.code), results.get(metric.code)
    agreed = None if target is None else target.value
    achieved = None if result is None else result.value
    attainment, because = attainment_of(metric=metric, target=agreed, result=achieved)
    return ScorecardLine(
        metric=metric.code,
        name=metric.name,
        perspective=metric.perspective,
        unit=metric.unit,
        currency=(target and target.currency) or (result and result.currency) or "",
        target=agreed,
        result=achieved,
        status="no result yet" if result is None else result.get_status_display(),
        attainment=attainment,
        because=because or ("" if result is None else result.note),
    )


@exactly
def attainment_of(
    *, metric: Metric, target: Decimal | None, result: Decimal | None
) -> tuple[Decimal | None, str]:
    """Return result over target as a full quotient, or None with the reason why there is none."""
    if target is None:
        return None, "no target"
    if result is None:
        return None, ""
    if metric.direction == Direction.LOWER:
        return None, "less is better: a plan reads the value itself"
    if target <= 0:
        return None, "a target of zero or less has no attainment"
    return result / target, ""
