"""
Results of external metrics over more than a period: those of its periods, added up.

A file states an external metric by period, and nobody measures it from facts; a goal or a
gate may still read it to date, over the year or over a rolling window. How it adds up is
the metric's own word. Rule: docs/reference/metrics.md, "Windows".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from kamcomp.calendar.models import Period
from kamcomp.money import CONTEXT
from plans.engine.conventions import Window
from plans.engine.inputs import ResultKey
from scorecards.choices import Aggregation, MetricSource, ResultStatus
from scorecards.engine.windows import rolling_of
from scorecards.models import Metric, Result

ONE = Decimal(1)
WIDE = Context(prec=70)
HAS_VALUE = (ResultStatus.PROVISIONAL, ResultStatus.FINAL, ResultStatus.RESTATED)


class ResultRow(NamedTuple):
    """A result as its table has it: of which metric, window and subject, its figures, its status."""

    code: str
    window: str
    node_id: UUID | None
    person_id: UUID | None
    segment: str | None
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    currency: str
    status: str

    @property
    def subject(self) -> tuple[str | None, str | None, str | None]:
        """Return the node's or the person's id, as text, and the segment's code."""
        node, person = (None if each is None else str(each) for each in (self.node_id, self.person_id))
        return node, person, self.segment

    @property
    def figures(self) -> tuple[Decimal | None, Decimal | None, Decimal | None, str, str]:
        """Return numerator, denominator and value, with the currency and the status."""
        return self.numerator, self.denominator, self.value, self.currency, self.status


def added_rows(
    *, keys: Iterable[ResultKey], subject: Q, period: Period, years_since: date | None, known_at: datetime
) -> list[ResultRow]:
    """
    Return the results of external metrics over the longer windows among `keys`, as seen from a period.

    Three queries where a plan reads such a result, else one, or none. A window over several
    years begins on `years_since`. Where its periods do not make a result, there is no row.
    """
    longer = {(key.metric, key.window) for key in keys if key.window != Window.PERIOD}
    external = Metric.objects.filter(source=MetricSource.EXTERNAL, code__in={code for code, _ in longer})
    adds = dict(external.values_list("code", "aggregation")) if longer else {}
    wanted = sorted((code, word) for code, word in longer if code in adds)
    if not wanted:
        return []
    windows = _window_periods(words={word for _, word in wanted}, period=period, years_since=years_since)
    rows: dict[tuple[str, UUID | None, UUID | None, str | None], dict[UUID, ResultRow]] = defaultdict(dict)
    for row, period_id in _period_rows(
        subject=subject,
        codes=set(adds),
        periods={one for ids in windows.values() for one in ids},
        at=known_at,
    ):
        rows[row.code, row.node_id, row.person_id, row.segment][period_id] = row
    found: list[ResultRow] = []
    for code, word in wanted:
        for (of, *_subject), by_period in rows.items():
            if of == code and windows[word]:
                parts = [by_period.get(one) for one in windows[word]]
                found += row_added(parts=parts, how=Aggregation(adds[code]), window=word)
    return found


def row_added(*, parts: Sequence[ResultRow | None], how: Aggregation, window: str) -> Iterator[ResultRow]:
    """
    Yield the results of periods as one over all of them; nothing where they do not make one.

    One that is missing makes none, as does a ratio of which only the quotient is known, or a
    second currency. An average counts each period as much as the other.
    """
    known = [part for part in parts if part is not None and part.status in HAS_VALUE]
    if not known or len(known) < len(parts) or len({part.currency for part in known}) > 1:
        return
    last = known[-1]._replace(window=window)
    if how is Aggregation.LAST:
        yield last
        return
    ratios = [part for part in known if part.denominator is not None]
    if (ratios and len(ratios) < len(known)) or (how is Aggregation.RATIO_OF_SUMS and not ratios):
        return
    with localcontext(CONTEXT):
        figures = [part.value if part.numerator is None else part.numerator for part in known]
        total = sum((figure for figure in figures if figure is not None), Decimal(0))
        whole = sum((part.denominator for part in known if part.denominator is not None), Decimal(0))
        if not ratios:
            whole = Decimal(len(known)) if how is Aggregation.AVERAGE else Decimal(1)
        if ratios or how is Aggregation.AVERAGE:
            value = total / whole if whole else Decimal(0)
            yield last._replace(numerator=total, denominator=whole, value=value)
        else:
            yield last._replace(numerator=None, denominator=None, value=total)


def _window_periods(*, words: set[str], period: Period, years_since: date | None) -> dict[str, list[UUID]]:
    """Return the periods of each window, the earliest first; none where the calendar has too few for it."""
    stored = list(Period.objects.filter(calendar_id=period.calendar_id).order_by("days"))
    upto = [each for each in stored if each.days.lower <= period.days.lower]
    chosen: dict[str, list[Period]] = {}
    for word in words:
        rolling = rolling_of(word=word)
        if rolling is not None:
            enough = len(upto) >= rolling.periods or rolling.or_fewer
            chosen[word] = upto[-rolling.periods :] if enough else []
        elif word == Window.MULTI_YEAR:
            chosen[word] = [each for each in upto if years_since and each.days.lower >= years_since]
        else:
            within = stored if word == Window.YEAR else upto
            chosen[word] = [each for each in within if each.fiscal_year == period.fiscal_year]
    return {word: [each.pk for each in periods] for word, periods in chosen.items()}


def _period_rows(
    *, subject: Q, codes: set[str], periods: set[UUID], at: datetime
) -> Iterator[tuple[ResultRow, UUID]]:
    rows = (
        Result.objects.known_at(at)
        .filter(subject, period_id__in=periods, window=Window.PERIOD, metric__code__in=codes)
        .order_by()
        .values_list(
            "metric__code", "window", "node_id", "person_id", "segment__code",
            "numerator", "denominator", "value", "currency", "status", "period_id",
        )
    )  # fmt: skip
    for *fields, period_id in rows:
        row = ResultRow._make(fields)
        yield (
            row._replace(
                numerator=_trimmed(row.numerator),
                denominator=_trimmed(row.denominator),
                value=_trimmed(row.value),
            ),
            period_id,
        )


def _trimmed(figure: Decimal | None) -> Decimal | None:
    """Return a figure without the zeros its column adds behind the point; the value is the same."""
    if figure is None:
        return None
    short = figure.normalize(WIDE)
    return short.quantize(ONE, context=WIDE) if short == short.to_integral_value() else short
