"""
Files of targets: what was agreed for a metric, a subject and a span of days.

Rules: docs/reference/files.md; DOMAIN's row on Target.
"""

from collections.abc import Sequence
from typing import Any

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet, spans_of
from kamcomp.imports.values import CurrencyCode, Day, Identifier, Text, money
from kamcomp.sentences import Sentence, Word
from scorecards.choices import Unit
from scorecards.intake.references import fact_load, metrics
from scorecards.models import Metric, Target
from teams.intake.references import OWN, nodes, people, segments

SUBJECT = ("metric_id", "node_id", "person_id", "segment_id")


def prepare_targets(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a targets file loads: a target a metric, subject and span; a revised one keeps its history."""
    named, spans = metrics(sheet), spans_of(sheet)
    check_currency(sheet, named, "target")
    sheet.days = list(spans)
    for row, issued in enumerate(sheet["issued_on"]):
        span = spans[row]
        if issued and span and issued > span.since:
            sheet.inform(
                row,
                "issued_on",
                Sentence("is after the target's first day %(since)s", since=span.since),
                rule="target_late",
            )
    columns: dict[str, Any] = {
        "metric_id": [metric.pk if metric else None for metric in named],
        "node_id": nodes(sheet),
        "person_id": people(sheet, "employee_id"),
        "segment_id": segments(sheet),
        "days": spans,
        "value": sheet["target"],
        "currency": [currency or "" for currency in sheet["currency"]],
    }
    load = fact_load(sheet, Target, (*SUBJECT, "days"), columns, "issued_on", "method", "note")
    load.ids = [uuid7() for _ in load.rows]
    return [load]


def check_currency(sheet: Sheet, named: Sequence[Metric | None], amount: str) -> None:
    """Reject amounts of money without a currency, and figures that are not money with one."""
    for row, (metric, currency, value) in enumerate(
        zip(named, sheet["currency"], sheet[amount], strict=True)
    ):
        if metric is None or value is None:
            continue
        if metric.unit == Unit.MONEY and not currency:
            sheet.reject(
                row,
                "currency",
                Sentence("is empty, and %(metric)s is money: say which currency", metric=metric.code),
            )
        elif metric.unit != Unit.MONEY and currency:
            unit = Word(str(metric.get_unit_display()).lower())
            sheet.reject(
                row,
                "currency",
                Sentence(
                    "has no meaning here: %(metric)s is measured in %(unit)s; leave it empty",
                    metric=metric.code,
                    unit=unit,
                ),
            )


TARGETS = Kind(
    name="targets",
    title="Targets",
    order=110,
    columns=(
        Column("metric_code", Identifier(20)),
        Column("account_code", Identifier(), filled=False, note="the account the target is for, or"),
        Column("employee_id", Identifier(), filled=False, note="the person"),
        optional("segment", Identifier(), note="a segment_code, for a target of one segment"),
        Column("from", Day()),
        Column("to", Day(), note="last day, included"),
        Column("target", money(), note="a percentage as a ratio: 0.95"),
        optional("currency", CurrencyCode(), note="for metrics in money, and only for those"),
        optional("issued_on", Day(), note="before the first day, or the preview says so"),
        optional("method", Text(60), default=""),
        optional("note", Text(500, lines=True), default=""),
    ),
    key=("metric_code", "account_code", "employee_id", "segment", "from", "to"),
    prepare=prepare_targets,
    one_of=(("account_code", "employee_id"),),
    span=("from", "to"),
    span_key=("metric_code", "account_code", "employee_id", "segment"),
    totals=("target",),
    about=OWN,
    rules=(
        "A target is for an account or for a person, never both.",
        "A target that stands already for the same span with another figure is revised: the old one is kept.",
    ),
)
