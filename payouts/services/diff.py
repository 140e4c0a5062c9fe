"""
The difference between two runs: every changed line with old and new, and the reason.

The reason is found in the inputs the two runs kept of that person: which result, target,
rating, package, membership, assignment, plan version, rate or balance is another.
Rules: docs/reference/runs.md, "Differences".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from payouts.models import PayoutLine, Run
from payouts.selectors.input_changes import PAID_NOW, PAID_THEN, input_changes
from payouts.selectors.rederived import Kept, kept_of_chunk

ZERO = Decimal(0)
AT_ONCE = 2_000
"""Runs of at most so many people are compared without being asked twice."""


@dataclass(frozen=True)
class LineChange:
    """A line that differs: of which leaf and account, and its amount in both runs (None: not there)."""

    leaf: str
    account: str
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True)
class PayoutChange:
    """A person's payout that differs between two runs, its changed lines, and why."""

    employee_id: str
    plan: str
    currency: str
    old: Decimal | None
    new: Decimal | None
    lines: tuple[LineChange, ...]
    reasons: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """Return the new amount less the old one."""
        return (self.new or ZERO) - (self.old or ZERO)


CHANGED = """
    SELECT p.employee_id, pl.code, coalesce(b.currency, a.currency), a.id, b.id,
           a.amount, b.amount, a.chunk_id, b.chunk_id
      FROM (SELECT o.*, v.plan_id FROM payouts_payout o JOIN plans_planversion v ON v.id = o.plan_version_id
             WHERE o.run_id = %(old)s) a
      FULL JOIN (SELECT o.*, v.plan_id FROM payouts_payout o JOIN plans_planversion v ON v.id = o.plan_version_id
             WHERE o.run_id = %(new)s) b ON a.person_id = b.person_id AND a.plan_id = b.plan_id
      JOIN teams_person p ON p.id = coalesce(b.person_id, a.person_id)
      JOIN plans_plan pl ON pl.id = coalesce(b.plan_id, a.plan_id)
     WHERE a.id IS NULL OR b.id IS NULL OR a.input_digest <> b.input_digest OR a.amount <> b.amount
     ORDER BY pl.code, p.employee_id COLLATE "C"
"""


def runs_diff(*, old: Run, new: Run) -> Iterator[PayoutChange]:
    """
    Yield every payout that differs between two runs, ordered by plan and employee id.

    A person whose inputs changed without changing a line is not a difference. Only those
    whose inputs or amounts differ are looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"old": old.pk, "new": new.pk})
        rows = cursor.fetchall()
    for employee_id, plan, currency, old_id, new_id, old_amount, new_amount, old_chunk, new_chunk in rows:
        lines = tuple(_line_changes(_lines(old_id, old), _lines(new_id, new)))
        if not lines and old_amount == new_amount:
            continue
        reasons = _reasons(employee_id, old_chunk, new_chunk)
        yield PayoutChange(employee_id, plan, currency, old_amount, new_amount, lines, reasons)


def _lines(payout_id: Any, run: Run) -> dict[tuple[str, str, int], PayoutLine]:
    """Return a payout's lines by leaf, account and, where a leaf has several there, its place among them."""
    found: dict[tuple[str, str, int], PayoutLine] = {}
    if payout_id is None:
        return found
    rows = PayoutLine.objects.filter(payout_id=payout_id, period_id=run.period_id)
    for line in rows.select_related("account__node").order_by("number"):
        account = line.account.node.code if line.account is not None else ""
        place = next(n for n in range(len(found) + 1) if (line.leaf, account, n) not in found)
        found[line.leaf, account, place] = line
    return found


def _line_changes(
    old: dict[tuple[str, str, int], PayoutLine], new: dict[tuple[str, str, int], PayoutLine]
) -> Iterator[LineChange]:
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before is None or after is None or _figures(before) != _figures(after):
            yield LineChange(key[0], key[1], _amount_of(before), _amount_of(after))


def _amount_of(line: PayoutLine | None) -> Decimal | None:
    return None if line is None else line.amount


def _figures(line: PayoutLine) -> tuple[Any, ...]:
    return line.amount, line.target, line.actual, line.attainment, line.payout_ratio, line.weight


def _reasons(employee_id: str, old_chunk: int | None, new_chunk: int | None) -> tuple[str, ...]:
    kept: list[Kept | None] = [
        None if chunk is None else kept_of_chunk(chunk) for chunk in (old_chunk, new_chunk)
    ]
    before, after = kept
    if before is None:
        return (PAID_NOW,)
    if after is None:
        return (PAID_THEN,)
    return tuple(input_changes(employee_id=employee_id, old=before, new=after))


def totals_of(changes: list[PayoutChange]) -> dict[str, Decimal]:
    """Return the sum of all changes by currency."""
    totals: dict[str, Decimal] = {}
    for change in changes:
        totals[change.currency] = totals.get(change.currency, ZERO) + change.difference
    return totals
