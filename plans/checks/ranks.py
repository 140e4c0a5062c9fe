"""Rank correlation, for checks that ask whether one thing rises with another. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from kamcomp.money import CONTEXT
from kamcomp.sentences import Word
from plans.checks.rule import NotKnown

HALF = Decimal("0.5")


def rank_correlation(*, pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """
    Return Spearman's rank correlation, ties sharing their mean rank: 1 rises together, -1 against each other.

    :raises NotKnown: if one side has only one value, so that nothing can be said.
    """
    firsts, seconds = _ranks([pair[0] for pair in pairs]), _ranks([pair[1] for pair in pairs])
    mean = (Decimal(len(pairs)) + 1) * HALF
    first_spread = sum(((rank - mean) ** 2 for rank in firsts), Decimal(0))
    second_spread = sum(((rank - mean) ** 2 for rank in seconds), Decimal(0))
    if not first_spread or not second_spread:
        raise NotKnown(Word("figures that differ from one another"))
    both = sum(((a - mean) * (b - mean) for a, b in zip(firsts, seconds, strict=True)), Decimal(0))
    return CONTEXT.divide(both, CONTEXT.sqrt(first_spread * second_spread))


def _ranks(figures: Sequence[Decimal]) -> list[Decimal]:
    ordered = sorted(figures)
    first = {figure: ordered.index(figure) + 1 for figure in set(figures)}
    return [first[figure] + (Decimal(ordered.count(figure)) - 1) * HALF for figure in figures]
