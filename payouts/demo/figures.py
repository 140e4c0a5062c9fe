"""
What the 14 accounts achieved, quarter by quarter, in percent of target.

Revenue, contribution and satisfaction are percentages of the quarter's target;
objectives are done of planned. The four closed quarters are chosen so that the 2027
draft, replayed on them, costs 345,072.00 for the key account managers and
1,043,280.00 for the pools; Meridian's are those of the drawn statement.
"""

from decimal import Decimal
from typing import NamedTuple

QUARTERS = ("2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")
"""The quarters with results; the first four are closed, the last is being allocated."""

REVENUE_TARGETS = {
    "MERIDIAN": 3_900_000,
    "KESTREL": 3_200_000,
    "ATLAS": 4_400_000,
    "ORION": 2_600_000,
    "BOREALIS": 5_100_000,
    "CASTOR": 2_900_000,
    "FALCON": 1_800_000,
    "LINDGREN": 6_200_000,
    "SIERRA": 2_300_000,
    "TRAMONTANA": 2_050_000,
    "VEGA": 3_400_000,
    "HARTMANN": 4_750_000,
    "POLARIS": 2_150_000,
    "JUNO": 3_650_000,
}
"""Revenue target of a quarter, in euro; Meridian's of 2026-Q2 was 3,840,000."""

MERIDIAN_Q2_TARGET = 3_840_000
CONTRIBUTION_OF_REVENUE = Decimal(4) / Decimal(13)
"""Contribution target over revenue target: 1,200,000 of 3,900,000."""

SATISFACTION_TARGET = Decimal("0.80")
"""Mean score over the best score: 8.00 of 10."""


class Achieved(NamedTuple):
    """One account in one quarter: percent of target, and objectives done of planned."""

    revenue: Decimal
    contribution: Decimal
    satisfaction: Decimal
    done: int = 5
    planned: int = 5


def _quarters(text: str, done: dict[str, tuple[int, int]] | None = None) -> dict[str, Achieved]:
    """Read "revenue/contribution/satisfaction" for each quarter in order."""
    achieved = {}
    for quarter, figures in zip(QUARTERS, text.split(), strict=True):
        revenue, contribution, satisfaction = map(Decimal, figures.split("/"))
        finished, planned = (done or {}).get(quarter, (5, 5))
        achieved[quarter] = Achieved(revenue, contribution, satisfaction, finished, planned)
    return achieved


ACHIEVED = {
    "MERIDIAN": _quarters(
        "101/94/99 101/99/103 100/97.6/100 103/108.8/101 108/97/104",
        {"2026-Q1": (4, 5), "2026-Q3": (4, 5)},
    ),
    "KESTREL": _quarters("99/94/99 103/97/104 101/104/97 92/98/102 101/96.1/100"),
    "ATLAS": _quarters("100/98/101 102/97/104 109/99/100 95/100/100 112/103/104"),
    "ORION": _quarters("101/103/104 99/100/102 98/104/101 103/106/100 97/66/99"),
    "BOREALIS": _quarters("105/106/97 99/102/98 101/100/104 106/97/99 104/101/102"),
    "CASTOR": _quarters(
        "96/99/100 103/99/103 100/106/100 98/104/99 102/98/101", dict.fromkeys(QUARTERS, (24, 25))
    ),
    "FALCON": _quarters("105/103/103 106/102/103 101/100/97 105/102/102 103/100/98"),
    "LINDGREN": _quarters("109/102/97 106/97/102 102/99/103 101/103/97 105/102/101"),
    "SIERRA": _quarters("98/106/98 104/100/104 104/96/103 99/94/100 96/99/102", {"2025-Q4": (2, 3)}),
    "TRAMONTANA": _quarters("106/106/103 98/94/101 95/101/104 98/97/100 107/104/100"),
    "VEGA": _quarters("102/102/99 105/102/98 101/100/98 105/101/103 99/101/104", {"2026-Q2": (2, 3)}),
    "HARTMANN": _quarters("108/105/97 107/98/100 102/105/101 103/103/104 110/103/99"),
    "POLARIS": _quarters("100/98/99 100/97/100 102/97/102 94/99/99 101/98/97"),
    "JUNO": _quarters("100/100/99 97/104/101 97/103/97 106/106/97 104/98/103"),
}


CONTRIBUTION_AT_FIRST = {("KESTREL", "2026-Q3"): Decimal("94.0")}
"""What a first file said before the controller corrected it."""


def revenue_target(*, account: str, quarter: str) -> Decimal:
    """Return the revenue target of an account in a quarter, in euro."""
    if (account, quarter) == ("MERIDIAN", "2026-Q2"):
        return Decimal(MERIDIAN_Q2_TARGET)
    return Decimal(REVENUE_TARGETS[account])


def contribution_target(*, account: str, quarter: str) -> Decimal:
    """Return the contribution target of an account in a quarter, in euro and whole."""
    return (revenue_target(account=account, quarter=quarter) * CONTRIBUTION_OF_REVENUE).to_integral_value()
