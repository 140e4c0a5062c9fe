"""
Attainment: how far a result came against its target.

A goal that reads attainment turns actual and target into a ratio by one of three named
rules, then bounds it. A row whose target the rule cannot read (zero or negative) has no
attainment; what that means is decided by the node that reads it, never here. Pure.
Rule: docs/reference/formulas.md, "Attainment".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask
from kamcomp.sentences import Word
from kamcomp.trace import NO_TRACE, Trace


class AttainmentRule(StrEnum):
    """How actual and target become an attainment."""

    RATIO = "ratio"
    LOWER_IS_BETTER = "lower_is_better"
    DISTANCE = "distance"


def readable(*, rule: AttainmentRule, actual: Column, target: Column) -> Mask:
    """
    Return which rows have a target the rule can read: above zero for `ratio`, target and
    actual above zero for `lower_is_better`, not zero for `distance`.
    """
    if rule is AttainmentRule.DISTANCE:
        return (target != 0).astype(bool)
    if rule is AttainmentRule.LOWER_IS_BETTER:
        return (target > 0).astype(bool) & (actual > 0).astype(bool)
    return (target > 0).astype(bool)


def attainment(*, rule: AttainmentRule, actual: Column, target: Column, trace: Trace = NO_TRACE) -> Column:
    """
    Return the attainment of each row: the full quotient, never rounded.

    `ratio` is actual / target; `lower_is_better` is target / actual; `distance` is
    1 + (actual - target) / |target|, for targets that may be negative.

    Shape: columns of one number system, only rows that are `readable`.
    Units: a ratio; 1 is exactly on target.
    Source: docs/reference/formulas.md, "Attainment".
    """
    if rule is AttainmentRule.DISTANCE:
        ratio = 1 + (actual - target) / np.abs(target)
    elif rule is AttainmentRule.LOWER_IS_BETTER:
        ratio = target / actual
    else:
        ratio = actual / target
    trace.step(
        "attainment",
        ratio,
        unit="ratio",
        because=_SENTENCE[rule],
        inputs={"actual": actual, "target": target},
    )
    return ratio


def bounded(*, attainment: Column, floor: Any = None, ceiling: Any = None, trace: Trace = NO_TRACE) -> Column:
    """Return attainment kept between a floor and a ceiling, each only where named."""
    if floor is None and ceiling is None:
        return attainment
    held = attainment if floor is None else np.where((attainment < floor).astype(bool), floor, attainment)
    held = held if ceiling is None else np.where((held > ceiling).astype(bool), ceiling, held)
    trace.step("bounded attainment", held, unit="ratio", inputs={"floor": floor, "ceiling": ceiling})
    return held


_SENTENCE = {
    AttainmentRule.RATIO: Word("actual over target"),
    AttainmentRule.LOWER_IS_BETTER: Word("target over actual, because lower is better"),
    AttainmentRule.DISTANCE: Word("one plus the distance to target over the size of the target"),
}
