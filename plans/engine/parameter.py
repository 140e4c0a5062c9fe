"""A value of a plan that each person's assignment supplies under a name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A value that the person's assignment supplies under a name (each seller's own rate)."""

    parameter: str


Value = Decimal | Parameter
