"""
Files of assignments: who is on which plan, from when to when, with which personal values.

A row that runs over several published versions becomes an assignment to each; without a
last day it runs as long as published versions follow each other.
Rules: docs/reference/files.md; DOMAIN's row on PlanVersion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet, Standing, check_overlaps, spans_of
from kamcomp.imports.values import Amount, Day, Identifier, OneOf
from kamcomp.sentences import Sentence, Word
from kamcomp.spans import Span
from plans.choices import VersionStatus
from plans.models import Assignment, Plan, PlanVersion
from teams.choices import Scope
from teams.intake.references import OWN, people, programmes

ROW = ("employee_id", "plan_code", "account_code", "share", "scope", "from", "to")
SAME = ("employee_id", "plan_code", "account_code", "from")


@dataclass(frozen=True)
class Piece:
    """The part of a row that lies in one published version."""

    row: int
    version: UUID
    span: Span


def prepare_assignments(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an assignments file loads: an assignment a row and published version."""
    persons, spans = people(sheet, "employee_id"), spans_of(sheet)
    found = {plan.code: plan for plan in Plan.objects.filter(code__in=sheet.distinct("plan_code"))}
    plans = sheet.resolve("plan_code", found, "plan", "import its plan document and publish it first")
    accounts = [account.pk if account else None for account in programmes(sheet)]
    sheet.days = list(spans)
    parameters = merged_parameters(sheet)
    firsts = [row for row in sheet.accepted() if row in parameters]
    pieces = pieces_of(sheet, firsts, plans, spans)
    for row in firsts:
        plan = plans[row]
        if accounts[row] is None and plan is not None:
            accounts[row] = plan.account_id
    check_once(sheet, pieces, persons, plans, accounts)
    kept = [piece for piece in pieces if piece.row not in sheet.rejected]
    columns: dict[str, list[Any]] = {
        "person_id": [persons[piece.row] for piece in kept],
        "plan_id": [plan.pk for piece in kept if (plan := plans[piece.row])],
        "account_id": [accounts[piece.row] for piece in kept],
        "valid": [piece.span for piece in kept],
        "plan_version_id": [piece.version for piece in kept],
        "share": [sheet["share"][piece.row] for piece in kept],
        "scope": [sheet["scope"][piece.row] for piece in kept],
        "parameters": [parameters[piece.row] for piece in kept],
    }
    key = ("person_id", "plan_id", "account_id", "valid")
    ids = [uuid7() for _ in kept]
    return [Load(model=Assignment, key=key, columns=columns, rows=[piece.row for piece in kept], ids=ids)]


def merged_parameters(sheet: Sheet) -> dict[int, dict[str, str]]:
    """
    Return the personal values of each assignment, by the first row that says it.

    Several values of one assignment stand in several rows, which say the same of it.
    """
    first: dict[Any, int] = {}
    merged: dict[int, dict[str, str]] = {}
    for row in sheet.accepted():
        key = tuple(sheet[name][row] for name in SAME)
        known = first.setdefault(key, row)
        differing = [name for name in ROW if sheet[name][known] != sheet[name][row]]
        name, value = sheet["parameter"][row], sheet["parameter_value"][row]
        if differing:
            sheet.reject(
                row,
                differing[0],
                Sentence(
                    "line %(lines)s says another %(differing)s of this assignment",
                    lines=sheet.lines[known],
                    differing=differing[0],
                ),
            )
        elif (name is None) != (value is None):
            sheet.reject(row, "parameter", "a personal value has a name and a value, or neither")
        elif name is not None and name in merged.get(known, {}):
            sheet.reject(
                row,
                "parameter",
                Sentence("line %(lines)s gives this value already", lines=sheet.lines[known]),
            )
        else:
            merged.setdefault(known, {})
            if name is not None:
                merged[known][name] = format(value, "f")
    return merged


def pieces_of(
    sheet: Sheet, rows: Sequence[int], plans: Sequence[Plan | None], spans: Sequence[Span | None]
) -> list[Piece]:
    """Return each row cut at the borders of published versions; a day without one rejects the row."""
    published: dict[UUID, list[PlanVersion]] = defaultdict(list)
    wanted = {plan.pk for plan in plans if plan}
    versions = PlanVersion.objects.filter(plan__in=wanted, status=VersionStatus.PUBLISHED).order_by("valid")
    for version in versions.defer("document"):
        published[version.plan_id].append(version)
    pieces = []
    for row in rows:
        plan, span = plans[row], spans[row]
        if plan is None or span is None:
            continue
        found, day = _cut(row, span, published[plan.pk])
        open_ended = span.until is None and found
        if day is not None and not open_ended and day != span.until:
            sheet.reject(
                row,
                "from",
                Sentence(
                    "no published version of %(plan)s is in force on %(day)s: publish one first",
                    plan=plan.code,
                    day=day,
                ),
            )
            continue
        pieces += found
    return pieces


def _cut(row: int, span: Span, versions: Sequence[PlanVersion]) -> tuple[list[Piece], Any]:
    found, day = [], span.since
    for version in versions:
        shared = version.span.overlap(span)
        if shared is None or shared.since != day:
            continue
        found.append(Piece(row, version.pk, shared))
        if shared.until is None:
            return found, None
        day = shared.until
    return found, day


def check_once(
    sheet: Sheet,
    pieces: Sequence[Piece],
    persons: Sequence[UUID | None],
    plans: Sequence[Plan | None],
    accounts: Sequence[UUID | None],
) -> None:
    """Reject rows that put a person on a plan, for an account, twice on a day."""

    def key(row: int) -> tuple[Any, ...]:
        plan = plans[row]
        return persons[row], plan.pk if plan else None, accounts[row]

    replaced = {(*key(piece.row), piece.span.since) for piece in pieces}
    standing: dict[Any, list[Standing]] = defaultdict(list)
    known = Assignment.objects.filter(person__in={person for person in persons if person})
    for person, plan, account, valid in known.values_list("person_id", "plan_id", "account_id", "valid"):
        if (person, plan, account, valid.lower) not in replaced:
            span = Span(valid.lower, valid.upper)
            standing[person, plan, account].append(Standing(span, Word("the assignment that stands already")))
    whole: list[Span | None] = [None] * len(sheet)
    for piece in pieces:
        before = whole[piece.row]
        whole[piece.row] = Span(before.since if before else piece.span.since, piece.span.until)
    rows = sorted({piece.row for piece in pieces})
    check_overlaps(sheet, rows=rows, key=key, spans=whole, standing=standing, column="from", what="the time")


ASSIGNMENTS = Kind(
    name="assignments",
    title="Assignments to plans",
    order=78,
    columns=(
        Column("employee_id", Identifier()),
        Column("plan_code", Identifier(), note="a plan with a published version"),
        optional(
            "account_code", Identifier(), note="whose team results count; the plan's own account if empty"
        ),
        optional(
            "share",
            Amount(digits=1, decimals=8, least="0", most="1"),
            default=Decimal(1),
            note="of the person's variable target: 0.25 is 25 %",
        ),
        optional(
            "parameter", Identifier(), note="name of a personal value that the plan reads: rate, target"
        ),
        optional("parameter_value", Amount(digits=15, decimals=10)),
        Column("from", Day()),
        may_be_empty("to", Day(), note="last day, included; empty for as long as versions follow each other"),
        optional("scope", OneOf(Scope.values), default=Scope.ACCOUNT.value),
    ),
    key=("employee_id", "plan_code", "account_code", "from", "parameter"),
    prepare=prepare_assignments,
    span=("from", "to"),
    span_key=("employee_id", "plan_code", "account_code"),
    about=OWN,
    rules=(
        "A person is on a plan, for an account, once a day, and only on days on which a published version is in force.",
        "Several personal values of one assignment stand in several rows.",
    ),
)
