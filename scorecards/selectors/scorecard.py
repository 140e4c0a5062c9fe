"""
The balanced scorecard of a subject in a period: what was agreed, what was achieved, how much of it.

It has no weights: those are the plan's. A metric is on the card when it is in the preset
of its perspective, or when the subject has a target for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kamcomp.calendar.models import Period
from kamcomp.money import exactly
from scorecards.catalogue import PRESET
from scorecards.choices import Direction, Window
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
    """The lines of a subject in a period, in the order of the four perspectives."""

    subject: str
    period: str
    lines: tuple[ScorecardLine, ...]

    def of(self, perspective: str) -> tuple[ScorecardLine, ...]:
        """Return the lines of one perspective."""
        return tuple(line for line in self.lines if line.perspective == perspective)

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Return the perspectives without a target, which the card does not balance."""
        covered = {line.perspective for line in self.lines if line.target is not None}
        return tuple(value for value in Perspective.values if value not in covered)


def scorecard(*, subject: AccountNode | Person, period: Period) -> Scorecard:
    """Return the scorecard of an account (or a part of one) or of a person in a period, as believed now."""
    owner = {"node": subject} if isinstance(subject, AccountNode) else {"person": subject}
    whole = {**owner, "segment": None}
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
    preset = {code for codes in PRESET.values() for code in codes} if "node" in owner else set()
    shown = Metric.objects.filter(code__in=preset | targets.keys())
    order = list(Perspective.values)
    lines = [_line(metric, targets, results) for metric in shown]
    lines.sort(key=lambda line: (order.index(line.perspective), line.metric))
    return Scorecard(subject=str(subject), period=period.code, lines=tuple(lines))


def _line(metric: Metric, targets: Mapping[str, Target], results: Mapping[str, Result]) -> ScorecardLine:
    target, result = targets.get(metric.code), results.get(metric.code)
    agreed = None if target is None else target.value
    achieved = None if result is None else result.value
    attainment, because = _attainment(metric=metric, target=agreed, result=achieved)
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
def _attainment(
    *, metric: Metric, target: Decimal | None, result: Decimal | None
) -> tuple[Decimal | None, str]:
    if target is None:
        return None, "no target"
    if result is None:
        return None, ""
    if metric.direction == Direction.LOWER:
        return None, "less is better: a plan reads the value itself"
    if target <= 0:
        return None, "a target of zero or less has no attainment"
    return result / target, ""
