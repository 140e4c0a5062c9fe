"""
The metric library as rows: what a new installation knows.

The rules are in `scorecards.engine.library`; a row adds what a company may decide: the
smallest sample, how late its figures come, whether it is still in use.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scorecards.choices import Aggregation, Direction, Level, Unit
from scorecards.engine.library import LIBRARY, SUM
from scorecards.engine.metric import MetricRule
from teams.choices import Perspective

UNITS = {
    "money": Unit.MONEY,
    "ratio": Unit.PERCENT,
    "ratio_points": Unit.POINTS,
    "index": Unit.INDEX,
    "count": Unit.COUNT,
    "days": Unit.DAYS,
    "turns": Unit.TURNS,
}


PRESET: Mapping[Perspective, tuple[str, ...]] = {
    Perspective.FINANCIAL: ("M01", "M04"),
    Perspective.GROWTH: ("M22", "M23"),
    Perspective.CUSTOMER: ("M06",),
    Perspective.INTERNAL: ("M24", "M25", "M26"),
}
"""What an account's scorecard shows whether or not it has a target: the four perspectives, none forgotten."""


class CatalogueMetric(NamedTuple):
    """A metric as shipped."""

    code: str
    name: str
    perspective: Perspective
    unit: Unit
    direction: Direction
    level: Level
    aggregation: Aggregation


def catalogue_metrics() -> Iterator[CatalogueMetric]:
    """Yield every metric of the library in every reading, as rows of the metric table hold it."""
    for rule in LIBRARY.values():
        yield CatalogueMetric(
            code=rule.code,
            name=rule.name,
            perspective=Perspective(rule.perspective),
            unit=UNITS[rule.unit],
            direction=Direction(rule.direction),
            level=usual_level(rule),
            aggregation=Aggregation.SUM if rule.aggregation == SUM else Aggregation.RATIO_OF_SUMS,
        )


def usual_level(rule: MetricRule) -> Level:
    """Return the level a metric is mostly read at: the account where it can be, else the person."""
    return Level.ACCOUNT if Level.ACCOUNT in rule.levels else Level.PERSON
