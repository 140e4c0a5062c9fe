"""
Files of results that no stored fact can give: metrics whose source is external.

A computed metric is refused by name: its result comes from facts, so that it can be
explained. An empty actual is a missing result with its reason, never a zero.
Rules: docs/reference/files.md; DOMAIN's row on MeasureResult.
"""

from collections.abc import Sequence
from typing import Any

from kamcomp.calendar.models import Period
from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Amount, CurrencyCode, Day, Identifier, Text, money
from kamcomp.sentences import Sentence
from kamcomp.spans import Span
from scorecards.choices import MetricSource, ResultStatus, Window
from scorecards.intake.figures import CALENDAR, PERIOD
from scorecards.intake.references import fact_load, ids_of, metrics, periods, spans
from scorecards.intake.targets import SUBJECT, check_currency
from scorecards.models import Metric, Result, Target
from teams.intake.references import OWN, nodes, people, segments

PARTS = ("numerator", "denominator", "sample")


def prepare_results(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a metric_results file loads: results, and the targets that stand beside them."""
    named, meant = metrics(sheet), periods(sheet)
    check_external(sheet, named)
    check_currency(sheet, named, "actual")
    for row, (actual, note) in enumerate(zip(sheet["actual"], sheet["note"], strict=True)):
        if actual is None and not note:
            sheet.reject(row, "actual", "is empty: a missing result says why in the column note")
    days = spans(meant)
    sheet.days = list(days)
    subject: dict[str, list[Any]] = {
        "metric_id": [metric.pk if metric else None for metric in named],
        "node_id": nodes(sheet),
        "person_id": people(sheet, "employee_id"),
        "segment_id": segments(sheet),
    }
    targets = target_load(sheet, subject, days)
    return [result_load(sheet, subject, meant), *targets]


def check_external(sheet: Sheet, named: Sequence[Metric | None]) -> None:
    """Reject results of metrics that are computed from facts."""
    for row, metric in enumerate(named):
        if metric is not None and metric.source != MetricSource.EXTERNAL:
            sheet.reject(
                row,
                "metric_code",
                Sentence(
                    "%(metric)s is computed from facts and takes no typed result: import the facts, or use an "
                    "external metric",
                    metric=metric.name,
                ),
                rule="metric_computed",
            )


def result_load(sheet: Sheet, subject: dict[str, list[Any]], meant: Sequence[Period | None]) -> Load:
    """
    Return the load of the results; a restated one is a new row, and says so.

    A file states the value alone: what an older row was made of, numerator, denominator and sample, is not its.
    """
    missing = [actual is None for actual in sheet["actual"]]
    columns: dict[str, Any] = subject | {
        "period_id": ids_of(meant),
        "window": [Window.PERIOD.value] * len(sheet),
        "value": sheet["actual"],
        "currency": [currency or "" for currency in sheet["currency"]],
        "note": [note or "" for note in sheet["note"]],
    }
    load = fact_load(sheet, Result, (*SUBJECT, "period_id", "window"), columns, "as_of")
    gone = [missing[row] for row in load.rows]
    nothing = dict.fromkeys(PARTS, [None] * len(gone))
    load.once = {
        "status": [ResultStatus.MISSING.value if out else ResultStatus.FINAL.value for out in gone],
        **nothing,
    }
    load.on_change = {
        "status": [ResultStatus.MISSING.value if out else ResultStatus.RESTATED.value for out in gone],
        **nothing,
    }
    return load


def target_load(sheet: Sheet, subject: dict[str, list[Any]], days: Sequence[Span | None]) -> list[Load]:
    """Return the load of the targets that the file states for the periods of its results."""
    rows = [row for row in sheet.accepted() if sheet["target"][row] is not None]
    if not rows:
        return []
    columns: dict[str, Any] = subject | {
        "days": days,
        "value": sheet["target"],
        "currency": [currency or "" for currency in sheet["currency"]],
    }
    return [
        Load(
            model=Target,
            key=(*SUBJECT, "days"),
            columns=picked(columns, rows, len(sheet)),
            rows=rows,
            ids=[uuid7() for _ in rows],
        )
    ]


METRIC_RESULTS = Kind(
    name="metric_results",
    title="Results of external metrics",
    order=200,
    columns=(
        PERIOD,
        Column("account_code", Identifier(), filled=False, note="the account measured, or"),
        Column("employee_id", Identifier(), filled=False, note="the person"),
        Column("metric_code", Identifier(20), note="a metric whose source is external"),
        may_be_empty("target", money()),
        may_be_empty("actual", Amount(digits=15, decimals=10), note="empty for missing: then note says why"),
        may_be_empty("currency", CurrencyCode(), note="for metrics in money, and only for those"),
        optional("as_of", Day()),
        optional("note", Text(500, lines=True), default=""),
        optional("segment", Identifier(), note="a segment_code"),
        CALENDAR,
    ),
    key=("period", "calendar", "account_code", "employee_id", "segment", "metric_code"),
    prepare=prepare_results,
    one_of=(("account_code", "employee_id"),),
    totals=("target", "actual"),
    about=OWN,
    rules=(
        "A metric that is computed from stored facts takes no typed result: it is refused by name.",
        "A missing result has an empty actual and a note that says why; it is never a zero.",
    ),
)
