"""
The daily check that the books are whole: postings, statements and files out, against each other.

Of every locked run: each posting sums to 0; each account's balance by person follows from payouts, pool
shares and adjustments; each payout is the sum of the lines on its statement; each pool is what it was shared
out as; each file that was exported still sums to what the books say and lies on the disk as it was made.
Cheaper than `payouts verify`, which derives every line again, so it runs every day over everything.
Rules: docs/how-to/operate.md, "The books".
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q, Sum
from django.db.models.functions import Coalesce

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.sentences import Numeral, Sentence, Word, sentence_document
from payouts.choices import ExportProfile, PoolStatus, RunStatus
from payouts.exports.profiles import to_be_paid
from payouts.exports.writers import file_digest
from payouts.models import (
    Adjustment,
    Allocation,
    Export,
    LedgerCheck,
    LedgerEntry,
    Payout,
    PayoutLine,
    Pool,
    Posting,
    Run,
)
from payouts.services.exports import export_path
from payouts.services.verify_ledger import ledger_differences, unbalanced_postings

logger = logging.getLogger(__name__)

ZERO = Decimal(0)
KEPT_FINDINGS = 1_000
Sums = Mapping[str, Decimal]


@dataclass(frozen=True)
class BookFinding:
    """One thing that does not agree: a stable code, a sentence naming row and amount, and by how much."""

    code: str
    sentence: str
    currency: str = ""
    off: Decimal = ZERO


@dataclass
class Books:
    """What is being checked, how much of it there was, and what was found."""

    findings: list[BookFinding] = field(default_factory=list)
    runs: int = 0
    postings: int = 0
    files: int = 0

    def unexplained(self) -> dict[str, Decimal]:
        """Return by currency how much does not follow; 0 for each currency whose books are whole."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for currency in LedgerEntry.objects.order_by().values_list("currency", flat=True).distinct():
            sums[currency] = ZERO
        for finding in self.findings:
            if finding.currency:
                sums[finding.currency] += abs(finding.off)
        return dict(sums)


@act
def ledger_check(*, at: datetime, period: Period | None = None) -> LedgerCheck:
    """
    Check the books of every locked run, or of one period's, and keep what was found.

    Nothing is put right: a difference is somebody's act, to be looked into. Only the check's own row is written.
    """
    books = Books()
    runs = (
        Run.objects.filter(status=RunStatus.LOCKED).select_related("period", "calendar").order_by("known_at")
    )
    for run in runs if period is None else runs.filter(period=period):
        books.runs += 1
        books.findings += _run_findings(run, books)
    if period is None:
        books.findings += _posting_findings(books, run=None)
    found = books.findings
    if found:
        logger.error("the books do not agree: %s finding(s), the first is %s", len(found), found[0].code)
    return LedgerCheck.objects.create(
        checked_at=at,
        period=period,
        runs=books.runs,
        postings=books.postings,
        files=books.files,
        found=len(found),
        findings=[
            {"code": each.code, "sentence": str(each.sentence), "said": sentence_document(each.sentence)}
            for each in found[:KEPT_FINDINGS]
        ],
        unexplained={currency: _plain(amount) for currency, amount in sorted(books.unexplained().items())},
    )


def _run_findings(run: Run, books: Books) -> Iterator[BookFinding]:
    yield from _posting_findings(books, run=run)
    for difference in ledger_differences(run=run):
        yield BookFinding(
            "ledger_differs",
            Sentence("%(run)s: %(difference)s", run=run, difference=difference.sentence),
            difference.currency,
            difference.off,
        )
    yield from _statement_findings(run)
    yield from _pool_findings(run)
    for export in Export.objects.filter(run=run).order_by("filename"):
        books.files += 1
        yield from _export_findings(run, export)


def _posting_findings(books: Books, *, run: Run | None) -> Iterator[BookFinding]:
    books.postings += Posting.objects.filter(run=run).count()
    for posting_id, currency, total in unbalanced_postings(LedgerEntry.objects.filter(posting__run=run)):
        sentence = Sentence(
            "%(run)s: posting %(posting)s sums to %(total)s %(currency)s, not to 0.",
            run=run or Word("Outside runs"),
            posting=posting_id,
            total=Numeral.plain(total.normalize()),
            currency=currency,
        )
        yield BookFinding("posting_unbalanced", sentence, currency, total)


def _statement_findings(run: Run) -> Iterator[BookFinding]:
    """Hold each payout against the lines its statement shows."""
    own = FilteredRelation("lines", condition=Q(lines__period_id=run.period_id))
    told = Payout.objects.filter(run=run).annotate(own=own, told=Coalesce(Sum("own__amount"), ZERO))
    rows = told.exclude(amount=F("told")).order_by("person__employee_id")
    for employee_id, currency, amount, lines in rows.values_list(
        "person__employee_id", "currency", "amount", "told"
    ):
        sentence = Sentence(
            "%(run)s: the payout of %(person)s is %(amount)s %(currency)s, its lines sum to %(lines)s (%(off)s).",
            run=run,
            person=employee_id,
            amount=Numeral.plain(amount.normalize()),
            currency=currency,
            lines=Numeral.plain(lines.normalize()),
            off=Numeral.signed((amount - lines).normalize()),
        )
        yield BookFinding("statement_differs", sentence, currency, amount - lines)


def _pool_findings(run: Run) -> Iterator[BookFinding]:
    """Hold each approved pool against its shares and reserve."""
    pools = Pool.objects.filter(run=run, status=PoolStatus.APPROVED).select_related("account__node")
    given = pools.annotate(given=Coalesce(Sum("allocations__amount"), ZERO) + F("reserve"))
    for pool in given.exclude(funded=F("given")):
        off = pool.given - (pool.funded or ZERO)
        sentence = Sentence(
            "%(run)s: the pool of %(account)s is %(funded)s %(currency)s, shares and reserve sum to %(given)s "
            "(%(off)s).",
            run=run,
            account=pool.account.node.code,
            funded=Numeral.plain((pool.funded or ZERO).normalize()),
            currency=pool.currency,
            given=Numeral.plain(pool.given.normalize()),
            off=Numeral.signed(off.normalize()),
        )
        yield BookFinding("pool_not_whole", sentence, pool.currency, off)


def _export_findings(run: Run, export: Export) -> Iterator[BookFinding]:
    due = PROFILE_TOTALS[ExportProfile(export.profile)](run)
    written = {currency: Decimal(total) for currency, total in export.totals.items()}
    for currency in sorted({*due, *written}):
        off = written.get(currency, ZERO) - due.get(currency, ZERO)
        if off:
            sentence = Sentence(
                "%(file)s sums to %(written)s %(currency)s, the books to %(due)s (%(off)s).",
                file=export.filename,
                written=Numeral.plain(written.get(currency, ZERO).normalize()),
                currency=currency,
                due=Numeral.plain(due.get(currency, ZERO).normalize()),
                off=Numeral.signed(off.normalize()),
            )
            yield BookFinding("export_differs", sentence, currency, off)
    path = export_path(run=run, filename=export.filename)
    if path.is_file() and file_digest(path=path) != export.sha256:
        yield BookFinding(
            "export_file_changed",
            Sentence(
                "%(file)s does not lie there as it was made: export it again to put it right, and find out who "
                "changed it.",
                file=export.filename,
            ),
        )


def _lines(run: Run) -> Sums:
    return _by_currency(
        PayoutLine.objects.filter(payout__run=run, period_id=run.period_id), "payout__currency"
    )


def _register(run: Run) -> Sums:
    shares = Allocation.objects.filter(pool__run=run).exclude(amount=None)
    adjustments = Adjustment.objects.filter(run=run, person__isnull=False)
    return _together(
        _lines(run), _by_currency(shares, "pool__currency"), _by_currency(adjustments, "currency")
    )


def _payroll(run: Run) -> Sums:
    parts: list[Sums] = []
    for owed in to_be_paid(run=run):
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in owed:
            sums[row["currency"]] -= row["total"]
        parts.append(sums)
    return _together(*parts)


def _journal(_run: Run) -> Sums:
    return {}


PROFILE_TOTALS: Mapping[ExportProfile, Callable[[Run], Sums]] = {
    ExportProfile.REGISTER: _register,
    ExportProfile.PAYROLL: _payroll,
    ExportProfile.GL_JOURNAL: _journal,
    ExportProfile.FULL_TRACE: _lines,
}
"""What each profile's amounts come to by the books, by currency."""


def _by_currency(rows: Any, currency: str) -> Sums:
    return dict(rows.order_by().values_list(currency).annotate(total=Sum("amount")))


def _together(*parts: Sums) -> Sums:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for currency, amount in part.items():
            sums[currency] += amount
    return sums


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
