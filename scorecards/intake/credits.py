"""
Files of credits: who is credited for an invoice line, and with which share.

Rules: docs/reference/files.md; DOMAIN's row on Transaction and Credit.
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

from kamcomp.imports.kinds import Column, Context, Kind, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Identifier, OneOf, Whole, percent
from scorecards.choices import CreditType
from scorecards.intake.transactions import LINE, WHOLE_LINE, check_whole, untouched
from scorecards.models import Credit, Transaction
from teams.intake.references import OWN, people

BESIDES = (CreditType.OVERLAY.value, CreditType.CROSSOVER.value)


def prepare_credits(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a credits file loads: for each invoice line the whole set of its credits of a sort."""
    persons = people(sheet, "employee_id")
    check_lines(sheet)
    by_line: dict[Any, list[int]] = defaultdict(list)
    for row in sheet.accepted():
        if sheet["credit_type"][row] in WHOLE_LINE:
            by_line[tuple(sheet[name][row] for name in LINE)].append(row)
    for rows in untouched(sheet, by_line):
        check_whole(sheet, rows, [sheet["credit_pct"][row] for row in rows], "credit_pct")
    return [load for sort in (WHOLE_LINE, BESIDES) if (load := credit_load(sheet, persons, sort)).rows]


def check_lines(sheet: Sheet) -> None:
    """Reject credits of invoice lines that are not known, and keep the days of those that are."""
    ids = sheet.distinct("source_id")
    found = Transaction.objects.current().filter(source_id__in=ids) if ids else Transaction.objects.none()
    known = {
        (source, source_id, line): day for source, source_id, line, day in found.values_list(*LINE, "date")
    }
    days = []
    for row, key in enumerate(zip(*(sheet[name] for name in LINE), strict=True)):
        days.append(known.get(key))
        if key not in known and row not in sheet.rejected:
            sheet.reject(row, "source_id", "there is no such invoice line here: import transactions first")
    sheet.days = list(days)


def credit_load(sheet: Sheet, persons: list[UUID | None], sort: tuple[str, ...]) -> Load:
    """Return the load of the credits of some types; they replace those of these types on the same lines."""
    rows = [row for row in sheet.accepted() if sheet["credit_type"][row] in sort]
    columns = {name: sheet[name] for name in (*LINE, "credit_type")}
    columns |= {"person_id": persons, "share": sheet["credit_pct"]}
    return Load(
        model=Credit,
        key=(*LINE, "person_id", "credit_type"),
        columns=picked(columns, rows, len(sheet)),
        rows=rows,
        replaces=LINE,
        where={"credit_type": sort},
    )


CREDITS = Kind(
    name="credits",
    title="Credits of invoice lines",
    order=100,
    columns=(
        Column("source_id", Identifier(80)),
        optional("line", Whole(), default=1),
        Column("employee_id", Identifier()),
        Column("credit_type", OneOf(CreditType.values)),
        Column("credit_pct", percent(least="0", above="0")),
        optional("source", Identifier(), default="erp"),
    ),
    key=("source", "source_id", "line", "employee_id", "credit_type"),
    prepare=prepare_credits,
    about=OWN,
    rules=(
        "Direct and split credits of an invoice line sum to exactly 100 %; overlay and crossover stand beside.",
        "A file brings all credits of a line of a sort; those of that sort that it leaves out end.",
    ),
)
