"""
Rates: amounts of different currencies meet only at a stored rate.

One table of rates serves a whole measurement, the year before included: that is what
"constant currency" means. A rate is used as stored (multiply) or the other way round
(divide); a third currency in between is never used silently.
Rule: docs/reference/formulas.md, "Currency".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kamcomp.refusal import Refusal


class RateMissing(Refusal):
    """Amounts of different currencies never add without a stored rate."""


@dataclass(frozen=True)
class Rates:
    """Stored rates by (from, to): one unit of the first is so many of the second."""

    table: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    name: str = "plan"

    def converted(self, amount: Decimal, *, source: str, target: str) -> Decimal:
        """
        Return an amount of `source` in `target`, unrounded.

        :raises RateMissing: if neither the pair nor its inverse is stored.
        """
        if source == target:
            return amount
        if (source, target) in self.table:
            return amount * self.table[source, target]
        if (target, source) in self.table:
            return amount / self.table[target, source]
        raise RateMissing(
            "There is no %(name)s rate between %(source)s and %(target)s; store one for the year "
            "before amounts in %(source)s are counted in %(target)s.",
            name=self.name,
            source=source,
            target=target,
        )
