"""
What a metric is, and its value from ingredients.

A metric is data: a formula of signed sums over sums, in which ingredients stand by
name. Its value carries the numerator and the denominator it was made from, the size of
its sample and its state; a value that cannot be had is a state with a reason, never a
zero. Rule: docs/reference/metrics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kamcomp.money import CONTEXT
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.trace import NO_TRACE, Trace, decimal_text
from scorecards.engine.facts import ONE, ZERO
from scorecards.engine.ingredients.values import Ingredients


class IngredientMissing(Refusal):
    """A metric was asked for without one of the ingredients it is made from."""


class MetricState(StrEnum):
    """Whether a metric has a value, and if not, of what kind the reason is."""

    FINAL = "final"
    MISSING = "missing"
    INSUFFICIENT_SAMPLE = "insufficient_sample"
    NOT_MEASURABLE = "not_measurable"


Terms = tuple[tuple[int, str], ...]
"""Signed, whole multiples of ingredients that are added up."""


@dataclass(frozen=True, slots=True)
class Formula:
    """(numerator / denominator) less another formula; without a denominator, the sum itself."""

    numerator: Terms
    denominator: Terms = ()
    less: Formula | None = None

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Return the names the formula reads, each once, in its order."""
        own = [name for _, name in (*self.numerator, *self.denominator)]
        return tuple(dict.fromkeys((*own, *(self.less.ingredients if self.less else ()))))

    def __str__(self) -> str:
        text = _terms_text(self.numerator)
        if self.denominator:
            text = f"{_bracketed(self.numerator)} / {_bracketed(self.denominator)}"
        return text if self.less is None else f"{text} - {_bracketed_text(self.less)}"


@dataclass(frozen=True, slots=True)
class MetricRule:
    """
    One metric of the library, in one reading.

    `code` is M01 to M27 for a metric's first reading and `M06.net_promoter` for another
    one. `unit` is money, ratio, ratio_points (a difference of ratios), index, count,
    days or turns; ratios and their differences are 1 for 100 %. `whole` names an
    ingredient that must be exactly 1. `otherwise` is the reading that still tells
    something where the denominator is not above zero.
    """

    code: str
    name: str
    perspective: str
    unit: str
    direction: str
    levels: frozenset[str]
    aggregation: str
    formula: Formula
    source: str
    edge: str = ""
    sample: str | None = None
    minimum_sample: int = 0
    hidden_below_minimum: bool = False
    whole: str | None = None
    otherwise: str | None = None

    @property
    def metric(self) -> str:
        """Return the metric's own code, without the reading: M06 of M06.net_promoter."""
        return self.code.partition(".")[0]

    @property
    def reading(self) -> str:
        """Return the reading's name, empty for the metric's first reading."""
        return self.code.partition(".")[2]

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Return the names of everything the metric is made from."""
        extra = [name for name in (self.sample, self.whole) if name is not None]
        return tuple(dict.fromkeys((*self.formula.ingredients, *extra)))


@dataclass(frozen=True, slots=True)
class MetricResult:
    """
    A metric's value for a subject and window, or the reason why there is none.

    `numerator` over `denominator` is the value; a sum and a difference of two ratios have
    no denominator, and their numerator is the value. `sample` is the number of answers or raters where the metric has a
    minimum. `value` is unrounded, to 34 digits.
    """

    code: str
    unit: str
    state: MetricState
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    sample: int | None = None
    reason: str = ""


def metric_result(
    *,
    rule: MetricRule,
    ingredients: Ingredients,
    minimum_sample: int | None = None,
    trace: Trace = NO_TRACE,
) -> MetricResult:
    """
    Return a metric's value from its ingredients.

    `minimum_sample` replaces the library's. Units as the rule's; ratios are 1 for
    100 %. Nothing is rounded; a quotient carries 34 digits.
    Source: docs/reference/metrics.md, and the rule's own code there.

    :raises IngredientMissing: if an ingredient is neither known nor absent with a reason.
    """
    missing = [n for n in rule.ingredients if n not in ingredients.values and n not in ingredients.absent]
    if missing:
        raise IngredientMissing(
            "%(rule)s %(name)s needs %(missing)s; give the facts it is measured from, or the figure.",
            rule=rule.code,
            name=Word(rule.name),
            missing=", ".join(missing),
        )
    with trace.within(f"{rule.code} {rule.name}"):
        result = _result(rule, ingredients, rule.minimum_sample if minimum_sample is None else minimum_sample)
        _trace_result(rule, ingredients, result, trace)
    return result


def _result(rule: MetricRule, ingredients: Ingredients, minimum: int) -> MetricResult:
    for name in rule.ingredients:
        if name in ingredients.absent:
            return MetricResult(rule.code, rule.unit, MetricState.MISSING, reason=ingredients.absent[name])
    values = ingredients.values
    sample = None if rule.sample is None else int(values[rule.sample])
    if sample is not None and sample < max(minimum, 1):
        return _too_small(rule, values, sample, minimum)
    if rule.whole is not None and values[rule.whole] != ONE:
        reason: str = Sentence(
            "%(whole)s sums to %(total)s, not to 1; correct the weights",
            whole=rule.whole,
            total=decimal_text(values[rule.whole]),
        )
        return MetricResult(rule.code, rule.unit, MetricState.NOT_MEASURABLE, reason=reason)
    return _measured(rule, values, sample)


def _measured(rule: MetricRule, values: Mapping[str, Decimal], sample: int | None) -> MetricResult:
    part: Formula | None = rule.formula
    while part is not None:
        below = _sum(part.denominator, values)
        if part.denominator and below <= 0:
            reason: str = Sentence(
                "%(terms)s is %(below)s, not above zero",
                terms=_terms_text(part.denominator),
                below=decimal_text(below),
            )
            if rule.otherwise is not None:
                reason = Sentence("%(reason)s; read %(metric)s instead", reason=reason, metric=rule.otherwise)
            return MetricResult(
                rule.code, rule.unit, MetricState.NOT_MEASURABLE, sample=sample, reason=reason
            )
        part = part.less
    value, numerator, denominator = _value(rule.formula, values), None, None
    if rule.formula.less is None:
        numerator = _sum(rule.formula.numerator, values)
        denominator = _sum(rule.formula.denominator, values) if rule.formula.denominator else None
    return MetricResult(
        rule.code,
        rule.unit,
        MetricState.FINAL,
        value=value,
        numerator=value if numerator is None else numerator,
        denominator=denominator,
        sample=sample,
    )


def _too_small(rule: MetricRule, values: Mapping[str, Decimal], sample: int, minimum: int) -> MetricResult:
    if sample == 0:
        reason: str = Sentence("no answers (%(sample)s is 0)", sample=rule.sample)
        return MetricResult(rule.code, rule.unit, MetricState.MISSING, sample=0, reason=reason)
    reason = Sentence(
        "%(name)s is %(sample)s, fewer than the %(minimum)s it takes",
        name=rule.sample,
        sample=sample,
        minimum=minimum,
    )
    seen = {} if rule.hidden_below_minimum else {
        "numerator": _sum(rule.formula.numerator, values),
        "denominator": _sum(rule.formula.denominator, values),
    }  # fmt: skip
    return MetricResult(
        rule.code, rule.unit, MetricState.INSUFFICIENT_SAMPLE, sample=sample, reason=reason, **seen
    )


def _value(formula: Formula, values: Mapping[str, Decimal]) -> Decimal:
    value = _sum(formula.numerator, values)
    if formula.denominator:
        value = CONTEXT.divide(value, _sum(formula.denominator, values))
    return value if formula.less is None else CONTEXT.subtract(value, _value(formula.less, values))


def _sum(terms: Terms, values: Mapping[str, Decimal]) -> Decimal:
    total = ZERO
    for times, name in terms:
        total = CONTEXT.add(total, CONTEXT.multiply(Decimal(times), values[name]))
    return total


def _trace_result(rule: MetricRule, ingredients: Ingredients, result: MetricResult, trace: Trace) -> None:
    if not trace.recording:
        return
    hidden = rule.hidden_below_minimum and result.state is MetricState.INSUFFICIENT_SAMPLE
    used = {} if hidden else {n: ingredients.values[n] for n in rule.ingredients if n in ingredients.values}
    because = str(rule.formula) if result.value is not None else f"{result.state}: {result.reason}"
    trace.step(rule.code, result.value, unit=rule.unit, because=because, inputs=used)


def _terms_text(terms: Terms) -> str:
    text = ""
    for times, name in terms:
        sign = (" - " if times < 0 else " + ") if text else ("-" if times < 0 else "")
        text += f"{sign}{'' if abs(times) == 1 else f'{abs(times)} x '}{name}"
    return text


def _bracketed(terms: Terms) -> str:
    return _terms_text(terms) if len(terms) == 1 else f"({_terms_text(terms)})"


def _bracketed_text(formula: Formula) -> str:
    return str(formula) if formula.denominator or len(formula.numerator) == 1 else f"({formula})"
