"""
The part of verification that looks at the ledger of a locked run: every entry, by account, person,
currency and what it is for, against what the lock posts for the payouts, pools, shares and adjustments
stored. Nothing is written.

Amounts in payroll currency are converted again, in the currency the entry is in, at the rates believed when
they were posted. Cost centres are left out: an entry keeps the one of its day, a person's may change afterwards.
Rules: docs/reference/formulas.md, "Postings".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from kamcomp.sentences import Numeral, Sentence, Word
from payouts.choices import AdjustmentStatus, LedgerAccount
from payouts.engine.conversion import RateMissing
from payouts.models import LedgerEntry, Run
from payouts.selectors.adjustments import person_nets
from payouts.selectors.payroll import payroll_shares
from payouts.services.ledger import STATEMENTS, statement_values
from teams.models import Person

ZERO = Decimal(0)
Find = Callable[[str, str], None]
REFERENCES: dict[str, str] = {
    "payout_id": Word("a payout"),
    "allocation_id": Word("a pool share"),
    "pool_id": Word("a pool"),
    "adjustment_id": Word("an adjustment"),
}
UNTIED = dict.fromkeys((f"{name}__isnull" for name in REFERENCES), True)

COMPARED = """
    WITH due ({columns}) AS ({select})
    SELECT entry.account, entry.currency, person.employee_id, {references}, sum(entry.due), sum(entry.posted)
      FROM (
        SELECT account, currency, person_id, {due_references}, amount AS due, 0 AS posted FROM due
      UNION ALL
        SELECT e.account, e.currency, e.person_id, {posted_references}, 0, e.amount
          FROM payouts_ledgerentry e JOIN payouts_posting p ON p.id = e.posting_id
         WHERE p.run_id = %(run)s AND e.{tied} IS NOT NULL
      ) entry
      LEFT JOIN teams_person person ON person.id = entry.person_id
     GROUP BY entry.account, entry.currency, person.employee_id, {references}
    HAVING sum(entry.due) <> sum(entry.posted)
     ORDER BY person.employee_id NULLS FIRST, entry.account, entry.currency
"""


@dataclass(frozen=True, kw_only=True)
class LedgerDifference:
    """An account, person and currency of a run whose entries do not follow from what they are for."""

    who: str
    account: str
    currency: str
    what: str
    due: Decimal
    posted: Decimal

    @property
    def off(self) -> Decimal:
        """Return what is posted beyond what is due."""
        return self.posted - self.due

    @property
    def sentence(self) -> str:
        """Return the difference in words, with its place."""
        return Sentence(
            "%(who)s: the ledger has %(posted)s %(currency)s on %(account)s for %(what)s, %(due)s follows "
            "(%(off)s %(currency)s).",
            who=self.who,
            posted=Numeral.plain(self.posted.normalize()),
            currency=self.currency,
            account=Word(self.account),
            what=self.what,
            due=Numeral.plain(self.due.normalize()),
            off=Numeral.signed(self.off.normalize()),
        )


def verify_ledger(*, run: Run, find: Find) -> None:
    """Say through `find` (code, sentence) every entry of a locked run that does not follow from what it is for."""
    for difference in ledger_differences(run=run):
        find("ledger_differs", difference.sentence)
    for posting_id, currency, total in unbalanced_postings(LedgerEntry.objects.filter(posting__run=run)):
        sentence = Sentence(
            "Posting %(posting)s sums to %(total)s %(currency)s, not to 0.",
            posting=posting_id,
            total=Numeral.plain(total),
            currency=currency,
        )
        find("posting_unbalanced", sentence)


def ledger_differences(*, run: Run) -> Iterator[LedgerDifference]:
    """Yield every account, person and currency of a locked run whose entries are not what follows."""
    yield from _tied(run)
    yield from _untied(run)
    yield from _converted(run)


def _converted(run: Run) -> Iterator[LedgerDifference]:
    """Compare what people are paid in payroll currency with what follows at the rates believed at the posting."""
    turned = LedgerEntry.objects.filter(posting__run=run, account=LedgerAccount.CONVERSION)
    entries = LedgerEntry.objects.filter(
        posting__in=turned.values("posting"), account=LedgerAccount.PAYABLE, amount__lt=0
    ).order_by()
    sums = entries.values_list("person_id", "person__employee_id", "currency", "posting__created_at")
    paid = sorted(sums.annotate(total=Sum("amount")), key=str)
    for moment in sorted({each[3] for each in paid}):
        mine = [each for each in paid if each[3] == moment]
        due = _due_in(run, {person_id: currency for person_id, _name, currency, _at, _total in mine}, moment)
        for person_id, name, currency, _moment, total in mine:
            if -total != due.get(person_id, ZERO):
                what = Word("pay in payroll's currency")
                yield _difference(
                    name, LedgerAccount.PAYABLE, currency, what, -due.get(person_id, ZERO), total
                )


def _due_in(run: Run, payroll: dict[UUID, str], known_at: datetime) -> dict[UUID, Decimal]:
    """Return what people are due in the currencies of `payroll`, at the rates believed at a moment."""
    last = run.period.days.upper - timedelta(days=1)
    try:
        shares = payroll_shares(run=run, on=last, payroll=payroll, known_at=known_at)
    except RateMissing:
        return {}
    return {share.person_id: share.converted for share in shares}


def unbalanced_postings(entries: QuerySet[LedgerEntry]) -> Iterator[tuple[UUID, str, Decimal]]:
    """Yield posting, currency and sum of those postings whose entries do not sum to 0."""
    sums = entries.order_by().values_list("posting_id", "currency").annotate(total=Sum("amount"))
    yield from sums.exclude(total=0)


def _tied(run: Run) -> Iterator[LedgerDifference]:
    """Compare the entries for payouts, pools, shares and adjustments with what the lock posts for them."""
    values = {**statement_values(run=run), "adjustments": AdjustmentStatus.POSTED, "posting": None}
    for statement in STATEMENTS:
        names = [name.strip() for name in statement.columns.split(",")]
        sql = COMPARED.format(
            columns=statement.columns,
            select=statement.select,
            tied=statement.tied,
            references=", ".join(f"entry.{name}" for name in REFERENCES),
            due_references=", ".join(
                name if name in names else f"NULL::uuid AS {name}" for name in REFERENCES
            ),
            posted_references=", ".join(f"e.{name}" for name in REFERENCES),
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        for account, currency, employee_id, *references, due, posted in rows:
            what = next(words for words, given in zip(REFERENCES.values(), references, strict=True) if given)
            subject = next(given for given in references if given)
            about = Sentence("%(what)s (%(subject)s)", what=what, subject=subject)
            yield _difference(employee_id or Word("the company"), account, currency, about, due, posted)


def _untied(run: Run) -> Iterator[LedgerDifference]:
    """Compare the claims and the conversions, which are of a person and not of one payout."""
    untied = _sums(run, **UNTIED)
    tied: dict[tuple[UUID | None, str], Decimal] = defaultdict(lambda: ZERO)
    for (account, person_id, currency), amount in _sums(run).items():
        if account == LedgerAccount.PAYABLE:
            tied[person_id, currency] += amount - untied.get((account, person_id, currency), ZERO)
    nets = person_nets(period=run.period)
    owed: dict[tuple[UUID | None, str], Decimal] = {key: -net for key, net in nets.items() if net < 0}
    people = Person.objects.filter(pk__in=[key[1] for key in untied])
    names: dict[UUID | None, str] = dict(people.values_list("pk", "employee_id"))
    for person_id, currency in sorted({key[1:] for key in untied} | set(owed), key=str):
        who = names.get(person_id, Word("nobody"))
        posted = {
            account: untied.pop((account, person_id, currency), ZERO) for account in LedgerAccount.values
        }
        claim = owed.get((person_id, currency), ZERO)
        if posted[LedgerAccount.RECOVERABLE] != claim:
            yield _difference(
                who, "recoverable", currency, Word("what is owed"), claim, posted[LedgerAccount.RECOVERABLE]
            )
        taken = posted[LedgerAccount.PAYABLE] + claim
        if taken > 0 and taken != claim - tied[person_id, currency]:
            yield _difference(
                who, "payable", currency, Word("payroll's currency"), claim - tied[person_id, currency], taken
            )
        if posted[LedgerAccount.CONVERSION] != -taken:
            yield _difference(
                who,
                "conversion",
                currency,
                Word("payroll's currency"),
                -taken,
                posted[LedgerAccount.CONVERSION],
            )
        others = {LedgerAccount.RECOVERABLE, LedgerAccount.PAYABLE, LedgerAccount.CONVERSION}
        for account in sorted(posted.keys() - others):
            if posted[account]:
                yield _difference(who, account, currency, Word("nothing"), ZERO, posted[account])


def _sums(run: Run, **only: bool) -> dict[tuple[str, UUID | None, str], Decimal]:
    """Return the sums of a run's entries by account, person and currency."""
    entries = LedgerEntry.objects.filter(posting__run=run, **only)
    rows = entries.order_by().values_list("account", "person_id", "currency").annotate(total=Sum("amount"))
    return {(account, person_id, currency): total for account, person_id, currency, total in rows}


def _difference(
    who: str, account: str, currency: str, what: str, due: Decimal, posted: Decimal
) -> LedgerDifference:
    return LedgerDifference(who=who, account=account, currency=currency, what=what, due=due, posted=posted)
