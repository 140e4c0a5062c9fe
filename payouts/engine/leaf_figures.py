"""
The key figures a payout line shows beside its amount: metric, target, actual, attainment, weight.

They are the figures the leaf was computed from, written with the decimals a table keeps;
a team's are written once, whatever the number of people who read them. Pure.
Rule: docs/reference/runs.md, "Rows and digests".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask, as_column
from kamcomp.money import CONTEXT, decimals_text
from kamcomp.refusal import Refusal
from plans.engine.conventions import Reads
from plans.engine.inputs import Ints, Results
from plans.engine.parameter import Parameter
from plans.engine.plan import Branch, Goal, Incentive, Node, Reading, UnitBonus
from plans.engine.reading import FINAL, WINDOW_OF, Computation, carried_read, read_once, result_key

NULL = "\\N"
FIGURE_DIGITS, RATIO_DIGITS = 10, 6
LARGEST_FIGURE, LARGEST_RATIO = Decimal(10) ** 21, Decimal(10) ** 14
LARGEST = {FIGURE_DIGITS: LARGEST_FIGURE, RATIO_DIGITS: LARGEST_RATIO}
Shown = tuple[str, str, str]


class FigureTooLarge(Refusal):
    """A figure has more digits before the point than a table keeps."""


@dataclass(frozen=True)
class LeafFigures:
    """A leaf's metric and weight, and target, actual and attainment by subject, with the subject of each row."""

    metric: str
    weight: Decimal | None
    subjects: Sequence[Shown]
    index: Sequence[int] | None

    def texts(self, *, size: int) -> list[str]:
        """Return what each of `size` rows shows: tab, metric, target, actual, attainment, each with a tab behind it."""
        heads = self.of_subjects()
        if self.index is None and len(heads) == size:
            return heads
        nothing = f"\t{self.metric}\t{NULL}\t{NULL}\t{NULL}\t"
        last = len(heads)
        index = range(size) if self.index is None else self.index
        return [heads[place] if 0 <= place < last else nothing for place in index]

    def of_subjects(self) -> list[str]:
        """Return what those who read a subject show, subject by subject."""
        return [f"\t{self.metric}\t{target}\t{actual}\t{ratio}\t" for target, actual, ratio in self.subjects]


def leaf_figures(*, computation: Computation) -> dict[str, LeafFigures]:
    """Return the key figures of every leaf, by its code; what an exact computation has read is not read again."""
    plan = computation.plan
    with localcontext(CONTEXT):
        figures = {leaf.code: _figures(leaf, leaf.weight, computation) for leaf in _leaves(plan.incentive)}
        return figures | {
            leaf.code: _figures(leaf, None, computation)
            for leaf in plan.commissions
            if isinstance(leaf, UnitBonus)
        }


def _leaves(node: Incentive | Branch) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Branch):
            yield from _leaves(child)
        else:
            yield child


def _figures(leaf: Any, weight: Decimal | None, computation: Computation) -> LeafFigures:
    if not isinstance(leaf, Goal | UnitBonus):
        return LeafFigures("", weight, (), None)
    window = WINDOW_OF[leaf.accumulation]
    results = computation.inputs.results.get(result_key(leaf, window=window))
    if results is None:
        return LeafFigures(leaf.metric, weight, (), None)
    read = read_once(reading=leaf, node=leaf.code, window=window, years=leaf.years, computation=computation)
    read = carried_read(reading=leaf, read=read, window=window, computation=computation)
    attained = [NULL] * len(read.state)
    if leaf.reads is Reads.ATTAINMENT:
        attained = _texts(read.value, read.state == FINAL, RATIO_DIGITS)
    actual, target = _actuals(results), _targets(leaf, results, computation)
    if read.index is None and len(attained) == len(results.index):
        if isinstance(target, list) and np.array_equal(results.index, np.arange(len(target))):
            return LeafFigures(leaf.metric, weight, list(zip(target, actual, attained, strict=True)), None)
        places = results.index.tolist()
        if isinstance(target, list) and min(places) >= 0 and max(places) < len(target):
            own = zip(map(target.__getitem__, places), map(actual.__getitem__, places), attained, strict=True)
            return LeafFigures(leaf.metric, weight, list(own), None)
        rows = [
            (_at(target, place, row), _at(actual, place, row), attained[row])
            for row, place in enumerate(places)
        ]
        return LeafFigures(leaf.metric, weight, rows, None)
    index: Ints = results.index if read.index is None else read.index
    if isinstance(target, dict):
        target = [target.get(place, NULL) for place in range(len(actual))]
    shown = list(zip(target, actual, attained, strict=True))
    return LeafFigures(leaf.metric, weight, shown, index.tolist())


def _at(texts: Sequence[str] | dict[int, str], place: int, row: int) -> str:
    if isinstance(texts, dict):
        return texts.get(row, NULL)
    return texts[place] if 0 <= place < len(texts) else NULL


def _actuals(results: Results) -> list[str]:
    known = results.state == FINAL
    if results.denominator is None:
        return _texts(results.numerator, known, FIGURE_DIGITS)
    known = known & (results.denominator != 0).astype(bool)
    actual = results.numerator.copy()
    actual[known] = results.numerator[known] / results.denominator[known]
    return _texts(actual, known, FIGURE_DIGITS)


def _targets(leaf: Reading, results: Results, computation: Computation) -> list[str] | dict[int, str]:
    """Return the targets by subject, or by row where the assignment names them."""
    if leaf.reads is not Reads.ATTAINMENT:
        return [NULL] * len(results.subjects)
    if isinstance(leaf.target, Parameter):
        stated = computation.inputs.parameters.get(leaf.target.parameter)
        if stated is None:
            return {}
        texts = _texts(stated.value, stated.state == FINAL, FIGURE_DIGITS)
        return {row: texts[row] for row in np.flatnonzero(stated.state == FINAL).tolist()}
    if leaf.target is not None:
        return _texts(as_column([leaf.target]), np.ones(1, dtype=bool), FIGURE_DIGITS) * len(results.subjects)
    if results.target is None:
        return [NULL] * len(results.subjects)
    share = Decimal(1) if isinstance(leaf.target_share, Parameter) else leaf.target_share
    return _texts(results.target.value * share, results.target.state == FINAL, FIGURE_DIGITS)


def check_size(figures: Sequence[Decimal] | Column, *, limit: Decimal, unit: str) -> None:
    """
    Make sure that figures lie below the limit of the table that keeps them.

    :raises FigureTooLarge: naming the first that does not.
    """
    if not len(figures):
        return
    lowest, known = -limit, figures.tolist() if isinstance(figures, np.ndarray) else figures
    if known.count(known[0]) == len(known):  # a balance that nobody has is one zero
        known = known[:1]
    if lowest < min(known) and max(known) < limit:
        return
    for figure in figures:
        if not lowest < figure < limit:
            raise FigureTooLarge(
                "%(figure)s %(unit)s, where less than %(limit)s is kept",
                figure=f"{figure:.3E}",
                unit=unit,
                limit=f"{limit:.0E}",
            )


def _texts(values: Column, known: Mask, digits: int) -> list[str]:
    """Return the figures that are known as text, NULL for the others."""
    if known.all():
        check_size(values, limit=LARGEST[digits], unit="as a line's figure")
        return decimals_text(values, digits)
    texts = [NULL] * len(values)
    check_size(values[known], limit=LARGEST[digits], unit="as a line's figure")
    for place, text in zip(np.flatnonzero(known).tolist(), decimals_text(values[known], digits), strict=True):
        texts[place] = text
    return texts
