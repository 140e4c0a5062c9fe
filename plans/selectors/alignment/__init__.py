"""
The alignment of account teams on a day: who is paid on what, what they share, who and what is left out.

The facts are the records that design checks look at, of every plan that pays for an account at once, and the findings
are those checks': a rule that reads one document (an objective nobody is paid for) stands where it holds for each of
them. Weights are shares of what the account pays somebody; no amount of pay is read. Rules: docs/reference/checks.md,
"The whole team".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from kamcomp.visibility import Viewer
from plans.selectors.alignment.figures import (
    AlignedRow,
    Alignment,
    CascadeRow,
    LedRow,
    Measure,
    ObjectiveRow,
)
from plans.selectors.alignment.reads import AccountsRead
from plans.selectors.alignment.team import AlignmentReads
from teams.models import StrategicAccount
from teams.visibility import PAY, held_accounts

__all__ = [
    "AlignedRow",
    "Alignment",
    "CascadeRow",
    "LedRow",
    "Measure",
    "ObjectiveRow",
    "alignment",
    "alignments",
    "sees_alignment",
]


def sees_alignment(*, account: StrategicAccount, viewer: Viewer) -> bool:
    """Tell whether a reader sees what everybody of an account is paid on: who sees all pay, and who holds it."""
    return viewer.holds(*PAY) or account.pk in viewer.once(held_accounts)


def alignment(*, account: StrategicAccount, viewer: Viewer, on: date) -> Alignment:
    """Return the alignment of an account's team on a day, as far as a reader sees it."""
    shared = AccountsRead(accounts=[account], viewer=viewer, on=on)
    return AlignmentReads(account=account, shared=shared).found()


def alignments(*, accounts: Sequence[StrategicAccount], on: date) -> Mapping[UUID, Alignment]:
    """
    Return the whole alignment of each account, in a number of queries that does not grow with them.

    It is for reports that show of it no person and no amount, to those who watch the programme.
    """
    shared = AccountsRead(accounts=accounts, viewer=None, on=on)
    return {account.pk: AlignmentReads(account=account, shared=shared).found() for account in accounts}
