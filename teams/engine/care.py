"""
Figures about people beside pay: what a capability profile lacks, pay against the market, days in months.

Pure. Rule: docs/how-to/look-after-people.md.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kamcomp.money import CONTEXT

HEALTH = (
    "sick", "sickness", "illness", "disease", "diagnosis", "depression", "burnout", "burn-out", "disabled",
    "disability", "pregnant", "pregnancy", "krank", "krankheit", "krankgeschrieben", "diagnose", "behindert",
    "behinderung", "schwanger", "schwangerschaft",
)  # fmt: skip
"""Words that say something about somebody's health, in the languages of the pages."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A capability: the level a profile needs, the level somebody has, none where nobody judged it."""

    capability: str
    needs: int
    has: int | None

    @property
    def lacks(self) -> int:
        """Return the levels that are missing; what nobody judged is not known to be missing."""
        return 0 if self.has is None else max(self.needs - self.has, 0)


def gaps(*, needs: Mapping[str, int], has: Mapping[str, int]) -> tuple[Gap, ...]:
    """Return each capability a profile needs beside what somebody has, the widest gap first."""
    found = [Gap(capability=name, needs=level, has=has.get(name)) for name, level in needs.items()]
    return tuple(sorted(found, key=lambda gap: (-gap.lacks, gap.has is not None, gap.capability)))


def gap_ratio(*, gaps: Sequence[Gap]) -> Decimal | None:
    """
    Return the missing levels as a share of the levels needed, of the capabilities that were judged.

    Units: a ratio; 0 lacks nothing. None where nothing was judged.
    """
    judged = [gap for gap in gaps if gap.has is not None]
    if not judged:
        return None
    lacking, needed = (sum(values) for values in ([g.lacks for g in judged], [g.needs for g in judged]))
    return CONTEXT.divide(Decimal(lacking), Decimal(needed))


def compa_ratio(*, pay: Decimal, market: Decimal) -> Decimal:
    """Return target total cash over the market's; both a year and in one currency. Units: a ratio, 1 is the market."""
    return CONTEXT.divide(pay, market)


def months_after(*, day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def health_word(*, text: str) -> str:
    """Return the first word of a text that says something about health, empty where there is none."""
    words = re.findall(r"[\w-]+", text.lower())
    return next((word for word in words if word in HEALTH), "")
