"""
The postings of a lock: double entry, one posting a kind, each summing to 0 in every currency.

Debits are positive, credits negative. A payout's payable stands against expense, except
what payment terms moved: a draw against the draws, what is deferred or held back against
the bank, what was recovered against what payees owe. A pool is funded from expense and
emptied by its allocations; its reserve stays on it. Whatever the number of people, each
posting is written by the database in one statement.
Rules: docs/reference/formulas.md, "Postings".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kamcomp.identity.models import User
from payouts.choices import AdjustmentStatus, LedgerAccount, LineKind
from payouts.models import LedgerEntry, Posting, Run
from payouts.selectors.adjustments import person_nets
from payouts.selectors.payroll import PayrollShare, payroll_shares

ZERO = Decimal(0)
ACT = "run_lock"

TERM_ACCOUNTS = {
    "bank": LedgerAccount.BANK,
    "held_back": LedgerAccount.BANK,
    "released": LedgerAccount.BANK,
    "draw": LedgerAccount.DRAW,
    "clawback": LedgerAccount.RECOVERABLE,
    "guarantee": LedgerAccount.EXPENSE,
    "forgiven": LedgerAccount.EXPENSE,
}
"""Where the other side of each payment term stands."""


@dataclass(frozen=True)
class Statement:
    """The entries of one kind: which columns, selected how, and the column that ties them to what they are for."""

    tied: str
    columns: str
    select: str


PAYOUTS = Statement(
    tied="payout_id",
    columns="posting_id, period_id, account, person_id, payout_id, cost_centre, amount, currency",
    select="""
    SELECT %(posting)s, p.period_id, side.account, p.person_id, p.id, person.cost_centre, side.amount, p.currency
      FROM payouts_payout p
      JOIN teams_person person ON person.id = p.person_id
      JOIN plans_planversion version ON version.id = p.plan_version_id
      CROSS JOIN LATERAL (
        SELECT CASE
                 WHEN line.leaf = 'draw' AND version.document #>> '{payment,draw,recoverable}' = 'false' THEN 'expense'
                 ELSE coalesce(%(terms)s::jsonb ->> line.leaf, 'expense')
               END AS account, line.amount
          FROM payouts_payoutline line
         WHERE line.payout_id = p.id AND line.period_id = p.period_id AND line.kind = %(kind)s
      UNION ALL
        SELECT 'expense', p.amount - coalesce(
                 (SELECT sum(line.amount) FROM payouts_payoutline line
                   WHERE line.payout_id = p.id AND line.period_id = p.period_id AND line.kind = %(kind)s), 0)
      UNION ALL
        SELECT 'payable', -p.amount
      ) side
     WHERE p.run_id = %(run)s AND side.amount <> 0
     ORDER BY p.id
""",
)

POOLS = Statement(
    tied="pool_id",
    columns="posting_id, period_id, account, pool_id, person_id, allocation_id, cost_centre, amount, currency",
    select="""
    SELECT %(posting)s, pool.period_id, side.account, pool.id, side.person_id, side.allocation_id,
           side.cost_centre, side.amount, pool.currency
      FROM payouts_pool pool
      CROSS JOIN LATERAL (
        SELECT 'expense' AS account, NULL::uuid AS person_id, NULL::uuid AS allocation_id,
               '' AS cost_centre, pool.funded AS amount
      UNION ALL
        SELECT 'pool', NULL, NULL, '', -pool.funded
      UNION ALL
        SELECT half.account, share.person_id, share.id, person.cost_centre, half.sign * share.amount
          FROM payouts_allocation share
          JOIN teams_person person ON person.id = share.person_id
          CROSS JOIN (VALUES ('pool', 1), ('payable', -1)) AS half (account, sign)
         WHERE share.pool_id = pool.id AND share.amount <> 0
      ) side
     WHERE pool.run_id = %(run)s AND side.amount <> 0
     ORDER BY pool.id, side.allocation_id NULLS FIRST
""",
)

ADJUSTMENTS = Statement(
    tied="adjustment_id",
    columns="posting_id, period_id, account, person_id, adjustment_id, cost_centre, amount, currency",
    select="""
    SELECT %(posting)s, a.period_id, half.account, a.person_id, a.id, person.cost_centre, half.sign * a.amount,
           a.currency
      FROM payouts_adjustment a
      JOIN teams_person person ON person.id = a.person_id
      CROSS JOIN (VALUES ('expense', 1), ('payable', -1)) AS half (account, sign)
     WHERE a.period_id = %(period)s AND a.status = %(adjustments)s
     ORDER BY a.id, half.sign DESC
""",
)

STATEMENTS = (PAYOUTS, POOLS, ADJUSTMENTS)


def statement_values(*, run: Run) -> dict[str, Any]:
    """Return what the statements ask for, but the posting and the state of the adjustments."""
    return {"run": run.pk, "period": run.period_id, "terms": _terms(), "kind": LineKind.TERMS}


def run_post(*, run: Run, by: User, at: datetime) -> None:
    """
    Write the postings of a run that is being locked, in the transaction of the lock.

    :raises RateMissing: if somebody is paid in another currency and no payroll rate is stored.
    """
    values = {**statement_values(run=run), "adjustments": AdjustmentStatus.APPROVED}
    for statement in STATEMENTS:
        posting = _posting(run=run, by=by, at=at)
        sql = f"INSERT INTO payouts_ledgerentry ({statement.columns}) {statement.select}"
        with connection.cursor() as cursor:
            cursor.execute(sql, {**values, "posting": posting.pk})
    _write(run=run, by=by, at=at, entries=_shortfalls(run=run))
    shares = payroll_shares(run=run, on=run.period.days.upper - timedelta(days=1))
    _write(run=run, by=by, at=at, entries=_conversions(shares))


def _posting(*, run: Run, by: User, at: datetime) -> Posting:
    return Posting.objects.create(period=run.period, run=run, act=ACT, at=at, created_by=by)


def _write(*, run: Run, by: User, at: datetime, entries: Iterable[LedgerEntry]) -> None:
    entries = [entry for entry in entries if entry.amount]
    if not entries:
        return
    posting = _posting(run=run, by=by, at=at)
    for entry in entries:
        entry.posting, entry.period = posting, run.period
    LedgerEntry.objects.bulk_create(entries, batch_size=2_000)


def _shortfalls(*, run: Run) -> list[LedgerEntry]:
    """Return what people owe on balance of the period's adjustments: a claim on them, not a negative pay."""
    entries = []
    for (person_id, currency), net in sorted(person_nets(period=run.period).items(), key=str):
        if net < 0:
            entries += [
                _entry(LedgerAccount.RECOVERABLE, -net, currency, person_id),
                _entry(LedgerAccount.PAYABLE, net, currency, person_id),
            ]
    return entries


def _conversions(shares: Sequence[PayrollShare]) -> list[LedgerEntry]:
    """
    Return the entries that turn payables into payroll currency: each amount by itself, and once a payee.

    The payee is owed the sum converted once; the difference to the amounts converted one by
    one is an entry of its own on the account of conversion differences.
    """
    entries = []
    for share in shares:
        for currency, amount in share.given.items():
            entries += [
                _entry(LedgerAccount.PAYABLE, amount, currency, share.person_id),
                _entry(LedgerAccount.CONVERSION, -amount, currency, share.person_id),
            ]
        entries += [
            _entry(
                LedgerAccount.CONVERSION, share.converted - share.difference, share.currency, share.person_id
            ),
            _entry(LedgerAccount.CONVERSION, share.difference, share.currency, share.person_id),
            _entry(LedgerAccount.PAYABLE, -share.converted, share.currency, share.person_id),
        ]
    return entries


def _entry(account: LedgerAccount, amount: Decimal, currency: str, person_id: UUID) -> LedgerEntry:
    return LedgerEntry(account=account, amount=amount, currency=currency, person_id=person_id)


def _terms() -> str:
    pairs = ", ".join(f'"{leaf}": "{account}"' for leaf, account in TERM_ACCOUNTS.items())
    return "{" + pairs + "}"


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a lock would post on one account in one currency; both sides positive."""

    account: LedgerAccount
    currency: str
    debit: Decimal
    credit: Decimal


def postings_foreseen(*, run: Run) -> list[Foreseen]:
    """
    Return what a lock of the run would post as things are now, by account and currency. Nothing is written.

    :raises RateMissing: if somebody is paid in another currency and no payroll rate is stored.
    """
    sums: dict[tuple[str, str], list[Decimal]] = {}
    values = {**statement_values(run=run), "adjustments": AdjustmentStatus.APPROVED, "posting": run.pk}
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(
                f"SELECT account, currency, sum(greatest(amount, 0)), sum(greatest(-amount, 0))"
                f"  FROM ({statement.select}) AS entry ({statement.columns}) GROUP BY 1, 2",
                values,
            )
            for account, currency, debit, credit in cursor.fetchall():
                _foresee(sums, account, currency, debit, credit)
    shares = payroll_shares(run=run, on=run.period.days.upper - timedelta(days=1))
    for entry in [*_shortfalls(run=run), *_conversions(shares)]:
        _foresee(sums, entry.account, entry.currency, max(entry.amount, ZERO), max(-entry.amount, ZERO))
    return [
        Foreseen(account=LedgerAccount(account), currency=currency, debit=debit, credit=credit)
        for (account, currency), (debit, credit) in sorted(
            sums.items(), key=lambda each: (each[0][1], each[0][0])
        )
        if debit or credit
    ]


def _foresee(
    sums: dict[tuple[str, str], list[Decimal]], account: str, currency: str, debit: Decimal, credit: Decimal
) -> None:
    both = sums.setdefault((account, currency), [ZERO, ZERO])
    both[0], both[1] = both[0] + debit, both[1] + credit
