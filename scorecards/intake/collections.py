"""
Files of what was collected for invoices, whole or in part.

Rules: docs/reference/files.md; docs/reference/formulas.md, "When a deal is earned".
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min, Sum

from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CurrencyCode, Day, Identifier, money
from kamcomp.sentences import Listing, Sentence
from scorecards.intake.references import fact_load
from scorecards.models import Collection, Transaction

NOTHING = Decimal(0)
INVOICE = ("source", "source_id")
Invoice = tuple[str, str]


def prepare_collections(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a collections file loads; parts that no invoice covers are rejected."""
    billed = _billed(sheet)
    by_invoice: dict[Invoice, list[int]] = defaultdict(list)
    for row, invoice in enumerate(zip(*(sheet[name] for name in INVOICE), strict=True)):
        if row in sheet.rejected:
            continue
        if invoice not in billed:
            sheet.reject(row, "source_id", "there is no such invoice here: import transactions first")
        elif (sheet["currency"][row],) * 2 != (currencies := billed[invoice][1:]):
            reason = Sentence(
                "the invoice is in %(currencies)s: give the amount in its currency",
                currencies=Listing(sorted(set(currencies)), " and "),
            )
            sheet.reject(row, "currency", reason, rule="collections_currency")
        else:
            by_invoice[invoice].append(row)
    _check_within(sheet, by_invoice, {invoice: total for invoice, (total, *_rest) in billed.items()})
    sheet.days = list(sheet["collected_on"])
    key = (*INVOICE, "collection_id")
    columns: dict[str, Any] = {name: sheet[name] for name in key}
    return [fact_load(sheet, Collection, key, columns, "collected_on", "amount", "currency")]


def _billed(sheet: Sheet) -> dict[Invoice, tuple[Decimal, str, str]]:
    """Return what each invoice of the sheet comes to, and its first and last currency."""
    ids = sheet.distinct("source_id")
    found = Transaction.objects.current().filter(source_id__in=ids) if ids else Transaction.objects.none()
    sums = found.values_list(*INVOICE).annotate(Sum("revenue"), Min("currency"), Max("currency")).order_by()
    return {(source, source_id): (total, low, high) for source, source_id, total, low, high in sums}


def _check_within(sheet: Sheet, by_invoice: dict[Invoice, list[int]], billed: dict[Invoice, Decimal]) -> None:
    """Reject the parts of an invoice that, with those known already, are more than it, or less than nothing."""
    brought = {
        (*invoice, sheet["collection_id"][row]) for invoice, rows in by_invoice.items() for row in rows
    }
    known: dict[Invoice, Decimal] = defaultdict(lambda: NOTHING)
    standing = Collection.objects.current().filter(source_id__in=sheet.distinct("source_id"))
    for source, source_id, collection_id, amount in standing.values_list(*INVOICE, "collection_id", "amount"):
        if (source, source_id, collection_id) not in brought:
            known[source, source_id] += amount
    for invoice, rows in by_invoice.items():
        total = known[invoice] + sum((sheet["amount"][row] for row in rows), NOTHING)
        if not min(billed[invoice], NOTHING) <= total <= max(billed[invoice], NOTHING):
            reason = Sentence(
                "the parts collected of the invoice come to %(total)s, the invoice to %(billed)s",
                total=_text(total),
                billed=_text(billed[invoice]),
            )
            for row in rows:
                sheet.reject(row, "amount", reason, rule="collections_within")


def _text(amount: Decimal) -> str:
    return f"{amount.normalize() + NOTHING:f}"


COLLECTIONS = Kind(
    name="collections",
    title="Money collected for invoices",
    order=95,
    columns=(
        Column("source_id", Identifier(80), note="the invoice, as in transactions"),
        Column("collection_id", Identifier(80), note="the payment in its source"),
        Column("collected_on", Day()),
        Column("amount", money(), note="a reversal or refund is negative; 0 says that nothing was collected"),
        Column("currency", CurrencyCode()),
        optional("source", Identifier(), default="erp"),
    ),
    key=("source", "source_id", "collection_id"),
    prepare=prepare_collections,
    totals=("amount",),
    rules=(
        "The parts of an invoice lie between nothing and the sum of its lines, and are in its currency.",
        "A payment for several invoices stands in a row for each.",
        "A refund of a credit note is a negative part of the credit note.",
    ),
)
