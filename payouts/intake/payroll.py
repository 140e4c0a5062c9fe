"""
Files of what payroll says it paid for a run: the other side of the reconciliation.

Rules: docs/reference/files.md; STATES on what happens to a payout after the lock.
"""

from collections import defaultdict
from uuid import UUID

from kamcomp.imports.kinds import Column, Context, Kind
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CurrencyCode, Day, Identifier, money
from kamcomp.refusal import Word
from payouts.choices import RunStatus
from payouts.intake.paid import paid_note, returns_post
from payouts.models import Adjustment, Allocation, Payout, PayrollReturn, Run
from teams.models import PersonDetails

NAME_IT = Word("name it as 2026-Q3/1, or as FY/2026-Q3/1 where several calendars have such a run")


def prepare_return(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a payroll_return file loads: an amount a run, person, currency and day."""
    runs = sheet.resolve("run", runs_named(sheet.distinct("run")), "locked run", NAME_IT)
    numbers = PersonDetails.objects.filter(payroll_number__in=sheet.distinct("payroll_number"))
    known = dict(numbers.values_list("payroll_number", "person_id"))
    persons = sheet.resolve("payroll_number", known, "person with this payroll number")
    wanted = {run for run in runs if run}
    paid = set(Payout.objects.filter(run__in=wanted).values_list("run_id", "person_id"))
    paid |= set(Allocation.objects.filter(pool__run__in=wanted).values_list("pool__run_id", "person_id"))
    paid |= set(Adjustment.objects.filter(run__in=wanted).values_list("run_id", "person_id"))
    for row, (run, person) in enumerate(zip(runs, persons, strict=True)):
        if run and person and (run, person) not in paid:
            sheet.reject(row, "payroll_number", "has nothing to be paid in this run")
    sheet.days = list(sheet["paid_on"])
    columns = {name: sheet[name] for name in ("amount", "currency", "paid_on")}
    columns |= {"run_id": runs, "person_id": persons}
    rows = sheet.accepted()
    key = ("run_id", "person_id", "currency", "paid_on")
    return [Load(model=PayrollReturn, key=key, columns=picked(columns, rows, len(sheet)), rows=rows)]


def runs_named(names: list[str]) -> dict[str, UUID]:
    """
    Return the locked runs that names mean: period code and number, as 2026-Q3/1, or behind a calendar's code.

    A name that runs of several calendars have means none of them.
    """
    codes = ("calendar__code", "period__code", "number", "pk")
    meant: defaultdict[str, list[UUID]] = defaultdict(list)
    for calendar, period, number, pk in Run.objects.filter(status=RunStatus.LOCKED).values_list(*codes):
        for name in (f"{period}/{number}", f"{calendar}/{period}/{number}"):
            meant[name].append(pk)
    return {name: meant[name][0] for name in names if len(meant.get(name, ())) == 1}


PAYROLL_RETURN = Kind(
    name="payroll_return",
    title="What payroll paid",
    order=210,
    columns=(
        Column(
            "run",
            Identifier(60),
            note="period and number of a locked run: 2026-Q3/1; FY/2026-Q3/1 where several calendars have such a run",
        ),
        Column("payroll_number", Identifier()),
        Column("amount", money(), currency="currency"),
        Column("currency", CurrencyCode()),
        Column("paid_on", Day()),
    ),
    key=("run", "payroll_number", "currency", "paid_on"),
    prepare=prepare_return,
    finish=paid_note,
    undone=returns_post,
    totals=("amount",),
    rules=(
        "The run is locked, and the person has something to be paid in it.",
        "Amounts have at most the decimals of their currency.",
        "What was paid is posted in the open period, from payables to payroll; a restated amount posts the difference.",
    ),
)
