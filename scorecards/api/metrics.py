"""What is measured, what was agreed, what was achieved."""

from kamcomp.api import filters as by
from kamcomp.api.fields import choice, day, first_day, last_day, moment, ratio, ref, text, whole
from kamcomp.api.resources import Expand, Resource, register
from scorecards.choices import (
    Aggregation,
    Direction,
    Level,
    MetricSource,
    MetricStatus,
    ResultStatus,
    TargetStatus,
    Unit,
)
from scorecards.models import Metric, Result, Target
from teams.choices import Perspective

SUBJECTS = (
    by.by_id("node", "node", "node_id", code="node__code"),
    by.by_id("person", "per", "person_id", code="person__employee_id"),
    by.by_id("metric", "met", "metric_id", code="metric__code"),
)
METRICS = Resource(
    name="metrics",
    noun="metric",
    prefix="met",
    model=Metric,
    about="The metric library.",
    fields=(
        ref("id", "met", "pk"),
        text("external_id", "code"),
        text("name"),
        choice("perspective", Perspective),
        choice("unit", Unit),
        choice("direction", Direction),
        choice("level", Level),
        choice("aggregation", Aggregation),
        choice("source", MetricSource),
        whole("latency_days"),
        choice("status", MetricStatus),
    ),
    filters=(
        by.by_choice("perspective", Perspective),
        by.by_choice("source", MetricSource),
        by.by_choice("status", MetricStatus),
    ),
    orders={"external_id": "code"},
    external="code",
    changed="audit",
)
TARGETS = Resource(
    name="targets",
    noun="target",
    prefix="tgt",
    model=Target,
    about="What was agreed for a metric, a subject and a span of days; a revised one keeps its history.",
    fields=(
        ref("id", "tgt", "pk"),
        ref("metric_id", "met"),
        text("metric_code", "metric__code"),
        ref("node_id", "node"),
        ref("person_id", "per"),
        ref("segment_id", "seg"),
        first_day("first_day", "days"),
        last_day("last_day", "days"),
        ratio("value", about="In the metric's unit; `currency` says which money."),
        text("currency"),
        choice("status", TargetStatus),
        day("issued_on"),
        text("note"),
        moment("recorded_at"),
        moment("superseded_at", about="Until when it was believed; null: still."),
    ),
    filters=(*SUBJECTS, by.by_choice("status", TargetStatus)),
    orders={"recorded_at": "recorded_at"},
    dated="days",
    fact=True,
    changed="recorded_at",
    kind="targets",
    expands=(
        Expand(name="node", resource="nodes", source="node_id"),
        Expand(name="person", resource="people", source="person_id"),
    ),
)
RESULTS = Resource(
    name="results",
    noun="result",
    prefix="res",
    model=Result,
    about="What was achieved on a metric by a subject in a period; a restated one is a new row.",
    fields=(
        ref("id", "res", "pk"),
        ref("metric_id", "met"),
        text("metric_code", "metric__code"),
        ref("period_id", "prd"),
        text("period_code", "period__code"),
        text("window"),
        ref("node_id", "node"),
        ref("person_id", "per"),
        ref("segment_id", "seg"),
        ratio("value", about="In the metric's unit; null: missing, and `note` says why."),
        ratio("numerator", about="Of a ratio: what is added up over subjects."),
        ratio("denominator", about="Of a ratio: what is added up over subjects."),
        text("currency"),
        whole("sample"),
        choice("status", ResultStatus),
        text("note"),
        day("as_of"),
        moment("recorded_at"),
        moment("superseded_at", about="Until when it was believed; null: still."),
    ),
    filters=(
        *SUBJECTS,
        by.by_id("period", "prd", "period_id", code="period__code"),
        by.by_choice("status", ResultStatus),
        by.by_text("window"),
    ),
    orders={"recorded_at": "recorded_at"},
    fact=True,
    changed="recorded_at",
    kind="metric_results",
    expands=(
        Expand(name="node", resource="nodes", source="node_id"),
        Expand(name="person", resource="people", source="person_id"),
        Expand(name="period", resource="periods", source="period_id"),
    ),
)

register(METRICS, TARGETS, RESULTS)
