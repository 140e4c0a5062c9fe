"""
Files of people, employments, pay packages and roles.

Rules: docs/reference/files.md; DOMAIN's rows on Person, Employment and CompPackage.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet, Standing, check_overlaps, spans_of
from kamcomp.imports.values import (
    Amount,
    CurrencyCode,
    Day,
    Email,
    Identifier,
    Jurisdiction,
    OneOf,
    Text,
    money_not_negative,
)
from kamcomp.sentences import Sentence, Word
from kamcomp.spans import Span
from teams.choices import EmploymentStatus, Link, PackageStatus, Seat
from teams.intake.references import OWN, ids_by, people, roles
from teams.models import Employment, JobRole, PayPackage, Person, PersonDetails


def standing_by_person(
    rows: QuerySet[Any], replaced: set[tuple[Any, Any]], what: str
) -> dict[UUID, list[Standing]]:
    """Return dated rows that stand, by person, without those that a file replaces (same person, same first day)."""
    found: dict[UUID, list[Standing]] = {}
    for person, valid in rows.values_list("person_id", "valid"):
        if (person, valid.lower) not in replaced:
            found.setdefault(person, []).append(
                Standing(Span(valid.lower, valid.upper), Sentence("%(what)s that stands already", what=what))
            )
    return found


def check_dated(
    sheet: Sheet, persons: list[UUID | None], spans: list[Span | None], rows: QuerySet[Any], *, what: str
) -> None:
    """Reject rows of a person whose days overlap in the file, or with a row that stands."""
    accepted = sheet.accepted()
    replaced = {(persons[row], span.since) for row in accepted if (span := spans[row])}
    standing = standing_by_person(
        rows.filter(person__in={p for p in persons if p}), replaced, Sentence("the %(what)s", what=Word(what))
    )
    check_overlaps(
        sheet,
        rows=accepted,
        key=lambda row: persons[row],
        spans=spans,
        standing=standing,
        column=sheet.kind.span[0] if sheet.kind.span else "",
        what="the time",
    )


def dated_load(sheet: Sheet, model: type, key: tuple[str, ...], columns: Mapping[str, Iterable[Any]]) -> Load:
    """Return the load of a dated table from the rows still accepted."""
    rows = sheet.accepted()
    return Load(
        model=model,
        key=key,
        columns=picked(columns, rows, len(sheet)),
        rows=rows,
        ids=[uuid7() for _ in rows],
    )


def prepare_people(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a people file loads: persons, and their personal details apart."""
    standing = ids_by(Person, "employee_id", sheet.distinct("employee_id", "manager_employee_id"))
    ids = [standing.get(employee) or uuid7() for employee in sheet["employee_id"]]
    known = standing | dict(zip(sheet["employee_id"], ids, strict=True))
    managers = sheet.resolve("manager_employee_id", known, "person", "add a row for the manager")
    for row, employee in enumerate(sheet["employee_id"]):
        if employee is not None and employee == sheet["manager_employee_id"][row]:
            sheet.reject(row, "manager_employee_id", "nobody manages themselves")
    check_payroll_numbers(sheet)
    check_not_erased(sheet, ids)
    person: dict[str, Iterable[Any]] = {"employee_id": sheet["employee_id"]}
    if sheet.has("manager_employee_id"):
        person["manager_id"] = managers
    if sheet.has("cost_centre"):
        person["cost_centre"] = sheet["cost_centre"]
    named = {"name": "legal_name", "email": "email", "payroll_number": "payroll_number"}
    details: dict[str, Iterable[Any]] = {"person_id": ids}
    details |= {field: sheet[column] for column, field in named.items() if sheet.has(column)}
    rows = sheet.accepted()
    return [
        Load(
            model=Person,
            key=("employee_id",),
            columns=picked(person, rows, len(sheet)),
            rows=rows,
            ids=[ids[row] for row in rows],
        ),
        Load(model=PersonDetails, key=("person_id",), columns=picked(details, rows, len(sheet)), rows=rows),
    ]


def check_payroll_numbers(sheet: Sheet) -> None:
    """Reject a payroll number that two people would have."""
    numbers = sheet.distinct("payroll_number")
    holders = dict(
        PersonDetails.objects.filter(payroll_number__in=[n for n in numbers if n]).values_list(
            "payroll_number", "person__employee_id"
        )
    )
    moving = dict(zip(sheet["employee_id"], sheet["payroll_number"], strict=True))
    times = Counter(sheet["payroll_number"])
    for row, number in enumerate(sheet["payroll_number"]):
        if not number:
            continue
        holder = holders.get(number)
        if times[number] > 1:
            sheet.reject(row, "payroll_number", "stands for two people in this file")
        elif holder and holder != sheet["employee_id"][row] and moving.get(holder, number) == number:
            sheet.reject(row, "payroll_number", Sentence("belongs to %(holder)s already", holder=holder))


def check_not_erased(sheet: Sheet, ids: list[UUID]) -> None:
    """Reject people whose personal fields were erased: a file must not bring them back."""
    erased = set(
        PersonDetails.objects.filter(person__in=ids, erased_at__isnull=False).values_list(
            "person_id", flat=True
        )
    )
    for row, person in enumerate(ids):
        if person in erased:
            sheet.reject(
                row, "employee_id", "this person's fields were erased at their retention date and stay erased"
            )


def prepare_job_roles(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a job_roles file loads."""
    named = {
        "role_code": "code",
        "name": "name",
        "family": "family",
        "usual_link": "usual_link",
        "seat": "seat",
        "role_weight": "role_weight",
    }
    columns = {field: sheet[column] for column, field in named.items() if sheet.has(column)}
    return [dated_load(sheet, JobRole, ("code",), columns)]


def prepare_employments(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an employments file loads: one row a person and first day."""
    persons, spans = people(sheet, "employee_id"), spans_of(sheet)
    roles_named = roles(sheet, "job_role")
    check_dated(sheet, persons, spans, Employment.objects.all(), what=Word("employment"))
    sheet.days = list(spans)
    columns: dict[str, Iterable[Any]] = {
        "person_id": persons,
        "valid": spans,
        "employer": sheet["employer"],
        "jurisdiction": sheet["jurisdiction"],
        "payroll_currency": sheet["payroll_currency"],
    }
    columns |= {
        name: sheet[name] for name in ("work_language", "fte", "end_reason", "status") if sheet.has(name)
    }
    if sheet.has("job_role"):
        columns["job_role_id"] = [role.pk if role else None for role in roles_named]
    return [dated_load(sheet, Employment, ("person_id", "valid"), columns)]


def prepare_packages(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a packages file loads: one row a person and first day."""
    persons, spans = people(sheet, "employee_id"), spans_of(sheet)
    approved = PayPackage.objects.filter(status=PackageStatus.APPROVED)
    check_dated(sheet, persons, spans, approved, what=Word("package"))
    sheet.days = list(spans)
    columns: dict[str, Iterable[Any]] = {"person_id": persons, "valid": spans, "currency": sheet["currency"]}
    amounts = ("base_salary", "variable_target", "pool_target", "long_term_target", "ceiling")
    columns |= {name: sheet[name] for name in amounts if sheet.has(name)}
    return [dated_load(sheet, PayPackage, ("person_id", "valid"), columns)]


PEOPLE = Kind(
    name="people",
    title="People",
    order=30,
    columns=(
        Column("employee_id", Identifier()),
        Column("name", Text(200)),
        optional("email", Email(), default=""),
        optional("manager_employee_id", Identifier(), note="a person of this file or known already"),
        optional("payroll_number", Identifier(), default="", note="one person's only"),
        optional("cost_centre", Identifier(40), default=""),
    ),
    key=("employee_id",),
    prepare=prepare_people,
    rules=(
        "Nobody manages themselves.",
        "A payroll number belongs to one person.",
        "A person whose personal fields were erased is not brought back.",
    ),
)

JOB_ROLES = Kind(
    name="job_roles",
    title="Roles of the catalogue",
    order=20,
    columns=(
        Column("role_code", Identifier()),
        Column("name", Text(120)),
        optional("family", Text(60), default=""),
        optional("usual_link", OneOf(Link.values), default=Link.DIRECT.value),
        optional(
            "seat",
            OneOf(Seat.values),
            default=Seat.MEMBER.value,
            note="kam for the key account manager's role",
        ),
        optional(
            "role_weight",
            Amount(digits=4, decimals=8, above="0"),
            default=1,
            note="weight in guideline shares",
        ),
    ),
    key=("role_code",),
    prepare=prepare_job_roles,
)

EMPLOYMENTS = Kind(
    name="employments",
    title="Employments",
    order=40,
    columns=(
        Column("employee_id", Identifier()),
        Column("employer", Text(120)),
        Column("jurisdiction", Jurisdiction()),
        optional("work_language", Identifier(10), default="en"),
        optional("fte", Amount(digits=1, decimals=8, above="0", most="1"), default=1, note="1 is full time"),
        optional("job_role", Identifier(), note="a role_code of the catalogue"),
        Column("payroll_currency", CurrencyCode()),
        Column("from", Day()),
        may_be_empty("to", Day(), note="last day, included; empty for no end"),
        optional("end_reason", Text(60), default=""),
        optional(
            "status",
            OneOf(EmploymentStatus.values),
            default=EmploymentStatus.ACTIVE.value,
            note="leave for a span of leave",
        ),
    ),
    key=("employee_id", "from"),
    prepare=prepare_employments,
    span=("from", "to"),
    span_key=("employee_id",),
    rules=("The spans of a person do not overlap, in the file or with what stands.",),
)

PACKAGES = Kind(
    name="packages",
    title="Pay packages",
    order=50,
    columns=(
        Column("employee_id", Identifier()),
        Column("base_salary", money_not_negative(), currency="currency", note="a year"),
        Column("variable_target", money_not_negative(), currency="currency", note="a year, at 100 % result"),
        optional(
            "pool_target",
            money_not_negative(),
            default=0,
            currency="currency",
            note="a year, added to the pools' targets",
        ),
        optional("long_term_target", money_not_negative(), default=0, currency="currency"),
        optional(
            "ceiling",
            money_not_negative(),
            currency="currency",
            note="most variable pay a year; empty for no limit",
        ),
        Column("currency", CurrencyCode()),
        Column("from", Day()),
        may_be_empty("to", Day(), note="last day, included; empty for no end"),
    ),
    key=("employee_id", "from"),
    prepare=prepare_packages,
    span=("from", "to"),
    span_key=("employee_id",),
    totals=("base_salary", "variable_target", "pool_target"),
    about=OWN,
    rules=(
        "The spans of a person do not overlap, in the file or with what stands.",
        "Amounts have at most the decimals of their currency.",
    ),
)
