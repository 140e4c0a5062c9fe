"""
Levels and market lines as bars: geometry worked out here and written as attributes, since a page has no inline style.

A bar is 100 wide. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from teams.engine.care import Gap

LEVELS, WIDE = 5, 100
MOST_RATIO = Decimal("1.5")


@dataclass(frozen=True, kw_only=True)
class Level:
    """A capability: how far the bar goes, and where the profile's mark stands."""

    gap: Gap
    has_to: int
    needs_at: int


def levels_of(*, gaps: Sequence[Gap]) -> list[Level]:
    """Return a bar for each capability."""
    step = WIDE // LEVELS
    return [Level(gap=gap, has_to=step * (gap.has or 0), needs_at=step * gap.needs) for gap in gaps]


def market_at(*, ratio: Decimal | None) -> int:
    """Return how far a bar of pay over market goes; one and a half times the market and more fills it."""
    if ratio is None:
        return 0
    return int(min(ratio, MOST_RATIO) / MOST_RATIO * WIDE)


MARKET_LINE = int(1 / MOST_RATIO * WIDE)
"""Where the market stands on such a bar."""
