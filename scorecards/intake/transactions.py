"""
Files of products and of invoice lines, with the credits of a line where the source knows them.

Rules: docs/reference/files.md; DOMAIN's row on Transaction and Credit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CurrencyCode, Day, Identifier, Text, Whole, money, percent
from kamcomp.sentences import Numeral, Sentence
from scorecards.choices import CreditType
from scorecards.intake.references import fact_load, products
from scorecards.models import Credit, Product, Transaction
from teams.intake.references import OWN, nodes, people, segments

WHOLE_LINE = (CreditType.DIRECT.value, CreditType.SPLIT.value)
LINE = ("source", "source_id", "line")


def prepare_products(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a products file loads."""
    names = [name or code for name, code in zip(sheet["name"], sheet["product"], strict=True)]
    columns: dict[str, Iterable[Any]] = {"code": sheet["product"], "name": names}
    segment_ids = segments(sheet)
    if sheet.has("segment"):
        columns["segment_id"] = segment_ids
    if sheet.has("family"):
        columns["family"] = sheet["family"]
    rows = sheet.accepted()
    ids = [uuid7() for _ in rows]
    return [Load(model=Product, key=("code",), columns=picked(columns, rows, len(sheet)), rows=rows, ids=ids)]


def prepare_transactions(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a transactions file loads: invoice lines, and credits where a row names a person."""
    persons = people(sheet, "employee_id")
    columns: dict[str, Iterable[Any]] = {
        "source": sheet["source"],
        "source_id": sheet["source_id"],
        "line": sheet["line"],
        "date": sheet["date"],
        "node_id": nodes(sheet),
    }
    segment_ids, product_ids = segments(sheet), products(sheet)
    if sheet.has("segment"):
        columns["segment_id"] = segment_ids
    if sheet.has("product"):
        columns["product_id"] = product_ids
    firsts = first_rows(sheet)
    check_days(sheet)
    same = ("quantity", "revenue", "cost", "currency", "booked_on", "deal_kind", "contract_id")
    lines = fact_load(sheet, Transaction, LINE, columns, *same)
    if len(firsts) < len(sheet):
        lines = lines.only(firsts)
    return [lines, *credit_loads(sheet, persons, firsts)]


def check_days(sheet: Sheet) -> None:
    """Reject lines that are neither booked nor invoiced, and keep the days of the others."""
    invoices, bookings = sheet["date"], sheet["booked_on"]
    for row, (invoiced, booked) in enumerate(zip(invoices, bookings, strict=True)):
        if invoiced is None and booked is None and row not in sheet.rejected:
            sheet.reject(row, "date", "is empty: say the invoice's day, or booked_on while it is only booked")
    sheet.days = [*invoices, *(booked for booked in bookings if booked is not None)]


def first_rows(sheet: Sheet) -> set[int]:
    """
    Return the first row of each invoice line.

    A line that several people share stands in several rows, which say the same of the line.
    """
    keys = list(zip(*(sheet[name] for name in LINE), strict=True))
    if len(set(keys)) == len(keys):
        return set(range(len(sheet)))
    first: dict[Any, int] = {}
    shared = (
        "date", "account_code", "segment", "product", "quantity", "revenue", "cost", "currency", "booked_on",
        "deal_kind", "contract_id",
    )  # fmt: skip
    for row, key in enumerate(keys):
        other = first.setdefault(key, row)
        if other == row:
            continue
        differing = [name for name in shared if sheet[name][other] != sheet[name][row]]
        if differing:
            reason = Sentence(
                "the same line stands in line %(lines)s with another %(differing)s",
                lines=sheet.lines[other],
                differing=", ".join(differing),
            )
            sheet.reject(row, "source_id", reason)
    return set(first.values())


def credit_loads(sheet: Sheet, persons: list[Any], firsts: set[int]) -> list[Load]:
    """Return the load of the credits that the file states: together 100 % of each line."""
    if not sheet.has("employee_id"):
        return []
    by_line: dict[Any, list[int]] = defaultdict(list)
    alone = len(firsts) == len(sheet)
    shares = sheet["credit_pct"]
    credited = [row for row in sheet.accepted() if persons[row] is not None]
    if not alone or any(shares[row] != 1 for row in credited):
        for row in credited:
            by_line[tuple(sheet[name][row] for name in LINE)].append(row)
        for rows in untouched(sheet, by_line):
            check_whole(sheet, rows, [shares[row] for row in rows], "credit_pct")
        credited = [row for row in credited if row not in sheet.rejected]
    if not credited:
        return []
    direct, split = WHOLE_LINE
    columns = {
        **{name: sheet[name] for name in LINE},
        "person_id": persons,
        "credit_type": [direct if share == 1 else split for share in shares],
        "share": shares,
    }
    return [
        Load(
            model=Credit,
            key=(*LINE, "person_id", "credit_type"),
            columns=picked(columns, credited, len(sheet)),
            rows=credited,
            replaces=LINE,
            where={"credit_type": WHOLE_LINE},
        )
    ]


def untouched(sheet: Sheet, by_line: Mapping[Any, list[int]]) -> list[list[int]]:
    """Return the rows of the invoice lines of which no row is rejected: the others cannot be summed."""
    broken = {tuple(sheet[name][row] for name in LINE) for row in sheet.rejected}
    return [rows for line, rows in by_line.items() if line not in broken]


def check_whole(sheet: Sheet, rows: list[int], shares: list[Decimal], column: str) -> None:
    """Reject the rows of an invoice line whose direct and split credits do not sum to 100 %."""
    total = sum(shares, Decimal(0))
    if total != 1:
        lines = ", ".join(str(sheet.lines[row]) for row in rows)
        for row in rows:
            sheet.reject(
                row,
                column,
                Sentence(
                    "the credits of the invoice line (line %(lines)s) sum to %(total)s %%, not to 100 %%",
                    lines=lines,
                    total=Numeral.plain((total * 100).normalize()),
                ),
                rule="credits_whole",
            )


PRODUCTS = Kind(
    name="products",
    title="Products",
    order=80,
    columns=(
        Column("product", Identifier()),
        optional("name", Text(200), default=""),
        optional("family", Text(80), default="", note="what cross-selling counts"),
        optional("segment", Identifier(), note="a segment_code"),
    ),
    key=("product",),
    prepare=prepare_products,
)

TRANSACTIONS = Kind(
    name="transactions",
    title="Invoice lines",
    order=90,
    columns=(
        Column("source_id", Identifier(80), note="the invoice or order in its source"),
        optional("line", Whole(), default=1),
        may_be_empty("date", Day(), note="of the invoice; empty while the line is only booked"),
        Column("account_code", Identifier()),
        optional("segment", Identifier(), note="a segment_code; if empty the product's, else the account's"),
        optional("product", Identifier()),
        optional("quantity", money()),
        Column("revenue", money(), note="a credit note is negative"),
        optional("cost", money()),
        Column("currency", CurrencyCode()),
        optional("employee_id", Identifier(), note="who is credited, where the source knows"),
        optional("credit_pct", percent(least="0", above="0"), default=Decimal(1), note="100 if empty"),
        optional("source", Identifier(), default="erp"),
        optional("booked_on", Day(), note="if another day than the invoice's"),
        optional("deal_kind", Text(60), default="", note="what a plan's rates and minimums tell apart"),
        optional("contract_id", Identifier(80), default="", note="the contract that the line bills"),
    ),
    key=("source", "source_id", "line", "employee_id"),
    prepare=prepare_transactions,
    totals=("revenue", "cost"),
    about=OWN,
    rules=(
        "A line shared by several people stands in a row for each, which differ in employee_id and credit_pct.",
        "The credits of a line sum to exactly 100 %; they replace the direct and split credits that stand for it.",
        "A line that stands already with other figures is restated: the old one is kept.",
        "A line without a date is booked and not invoiced yet: it needs booked_on, and counts in no metric.",
        "A restated line still covers what has been collected of its invoice.",
    ),
)
