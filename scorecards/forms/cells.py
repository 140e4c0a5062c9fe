"""What people type or paste into the scorecard matrix, read as they wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.amounts import AmountUnreadable, decimal_sign_of, figure_read
from kamcomp.pages.figures import number_text
from kamcomp.pages.tables import FilterForm
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from scorecards.choices import MetricSource, MetricStatus, Unit
from scorecards.models import Metric
from scorecards.selectors.matrix import Matrix, MatrixCell, MatrixRow, matrix_periods
from scorecards.services.cells import CellSet, currency_for
from teams.choices import Perspective

CELL, WAS = "cell", "was"
TARGETS, RESULTS = "targets", "results"
SHARES = (Unit.PERCENT, Unit.POINTS)
MOST_DECIMALS = {TARGETS: 6, RESULTS: 10}
Place = tuple[str, str]
"""The slug of a row and the code of a metric."""


class MatrixFilter(FilterForm):
    """The period, and one perspective of the four."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    perspective = forms.ChoiceField(label=_("Perspective"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = list(dict.fromkeys(matrix_periods().values_list("code", flat=True)))
        self.fields["period"].choices = [("", __("Current")), *((code, code) for code in codes)]  # type: ignore[attr-defined]
        words = [(value, __(label)) for value, label in Perspective.choices]
        self.fields["perspective"].choices = [("", __("All")), *words]  # type: ignore[attr-defined]


class MetricFilter(FilterForm):
    """Metrics of a perspective, from a source, in a state."""

    perspective = forms.ChoiceField(label=_("Perspective"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (("perspective", Perspective), ("source", MetricSource), ("status", MetricStatus)):
            shown = [(value, __(str(label))) for value, label in words.choices]
            self.fields[name].choices = [("", __("All")), *shown]  # type: ignore[attr-defined]

    def filtered(self, rows: Any) -> Any:
        """Return the metrics chosen."""
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        return rows.filter(**chosen)


class BlockUnplaced(Refusal):
    """A pasted line or column belongs to nobody here."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One cell that differs: its row and metric, what stood when it was opened, what is wanted."""

    row: MatrixRow
    metric: Metric
    before: Decimal | None
    wanted: Decimal
    cell: MatrixCell


@dataclass
class CellsTyped:
    """A sheet as it was sent: texts by place, the changes they make, and what cannot be read."""

    texts: dict[Place, str] = field(default_factory=dict)
    was: dict[Place, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)

    def sets(self) -> list[CellSet]:
        """Return the cells to set, each with the figure that was seen."""
        return [
            CellSet(
                subject=change.row.key,
                metric=change.metric.code,
                value=change.wanted,
                seen=change.before,
                currency=currency_for(
                    metric=change.metric, standing=change.cell.currency, usual=change.row.currency
                ),
            )
            for change in self.changes
        ]


def editable(*, matrix: Matrix, what: str) -> list[Metric]:
    """Return the metrics whose cells can be filled in: every one for targets, external ones for results."""
    return [metric for metric in matrix.metrics if what == TARGETS or metric.source == MetricSource.EXTERNAL]


def value_of(cell: MatrixCell, what: str) -> Decimal | None:
    """Return the figure of a cell that is filled in."""
    return cell.target if what == TARGETS else cell.result


def shown(value: Decimal | None, metric: Metric) -> str:
    """Return a figure as its field shows it: shares as percentages, without the sign."""
    if value is None:
        return ""
    return number_text(value.scaleb(2) if metric.unit in SHARES else value)


def cells_typed(*, post: QueryDict, matrix: Matrix, what: str) -> CellsTyped:
    """Return what a sent sheet says, a pasted block laid over it."""
    found = CellsTyped()
    rows = {row.slug: row for row in matrix.rows}
    metrics = {metric.code: metric for metric in editable(matrix=matrix, what=what)}
    for key, text in post.items():
        word, _sign, place = key.partition("~")
        slug, _sign, code = place.partition("~")
        if word in (CELL, WAS) and slug in rows and code in metrics:
            (found.texts if word == CELL else found.was)[(slug, code)] = str(text).strip()
    found.texts |= block_placed(text=post.get("block", ""), rows=matrix.rows, metrics=list(metrics.values()))
    sign = decimal_sign_of(found.texts.values())
    for (slug, code), text in found.texts.items():
        _read(found, rows[slug], metrics[code], text, what=what, sign=sign)
    return found


def _read(found: CellsTyped, row: MatrixRow, metric: Metric, text: str, *, what: str, sign: str) -> None:
    place = (row.slug, metric.code)
    cell = next(each for each in row.cells if each.metric.pk == metric.pk)
    was = found.was.get(place)
    before = value_of(cell, what) if was is None else (Decimal(was) if was else None)
    if text == shown(before, metric):
        return
    if not text:
        found.errors[place] = __("A figure that stands is revised, not emptied.")
        return
    try:
        wanted = figure_read(text, as_share=metric.unit in SHARES, decimal_sign=sign)
    except AmountUnreadable as refusal:
        found.errors[place] = worded(refusal)
        return
    if -int(wanted.as_tuple().exponent) > MOST_DECIMALS[what]:
        found.errors[place] = __("At most %(count)s decimals fit.") % {"count": MOST_DECIMALS[what]}
    elif wanted != before:
        found.changes.append(Change(row=row, metric=metric, before=before, wanted=wanted, cell=cell))


def block_placed(*, text: str, rows: Sequence[MatrixRow], metrics: Sequence[Metric]) -> dict[Place, str]:
    """
    Return the cells of a block copied from a spreadsheet, by place.

    A first line with metrics and a first column with accounts are read by their codes or names; without them the
    block is laid on the sheet from its first cell.

    :raises BlockUnplaced: naming the line or column that has no place here.
    """
    lines = [line.split("\t") for line in text.replace("\r", "").split("\n") if line.strip()]
    if not lines:
        return {}
    by_metric = {word.casefold(): metric for metric in metrics for word in (metric.code, metric.name)}
    by_row = {word.casefold(): row for row in reversed(rows) for word in (row.code, row.name, row.words)}
    headed = any(cell.strip().casefold() in by_metric for cell in lines[0])
    body = lines[1:] if headed else lines
    named = any(line[0].strip().casefold() in by_row for line in body)
    columns = _columns(lines[0] if headed else None, by_metric, metrics, named=named, body=body)
    found: dict[Place, str] = {}
    for number, line in enumerate(body):
        row = _row(line, number, by_row, rows, named=named)
        for place, metric in columns.items():
            if place < len(line) and line[place].strip():
                found[(row.slug, metric.code)] = line[place].strip()
    return found


def _columns(
    header: Sequence[str] | None,
    by_metric: Mapping[str, Metric],
    metrics: Sequence[Metric],
    *,
    named: bool,
    body: Sequence[Sequence[str]],
) -> dict[int, Metric]:
    first = 1 if named else 0
    if header is None:
        wide = max(len(line) for line in body)
        if wide - first > len(metrics):
            raise BlockUnplaced(
                __("The block has %(wide)s columns of figures, and there are %(count)s metrics to fill in.")
                % {"wide": wide - first, "count": len(metrics)}
            )
        return {first + number: metric for number, metric in enumerate(metrics) if first + number < wide}
    found = {}
    for place, cell in enumerate(header):
        word = cell.strip().casefold()
        if place < first or not word:
            continue
        if word not in by_metric:
            raise BlockUnplaced(
                __("The column “%(name)s” is no metric that can be filled in here.") % {"name": cell.strip()}
            )
        found[place] = by_metric[word]
    return found


def _row(
    line: Sequence[str],
    number: int,
    by_row: Mapping[str, MatrixRow],
    rows: Sequence[MatrixRow],
    *,
    named: bool,
) -> MatrixRow:
    word = line[0].strip()
    if named and word.casefold() not in by_row:
        raise BlockUnplaced(__("The line “%(name)s” is no account of this period.") % {"name": word})
    if not named and number >= len(rows):
        raise BlockUnplaced(
            __("The block has more lines than the %(count)s rows here.") % {"count": len(rows)}
        )
    return by_row[word.casefold()] if named else rows[number]
