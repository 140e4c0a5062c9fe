"""
The profiles: which rows of a locked run go into the register, to payroll, to the ledger, into the full trace.

Rows come through a server-side cursor in a fixed order, so that memory stays flat and a
repeat gives the same bytes. Names come from the personal details, and are empty once erased.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Prefetch, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from kamcomp import money
from payouts.choices import ExportProfile, LedgerAccount
from payouts.exports.tables import Row, Table, days, numbers, position, text
from payouts.models import Adjustment, Allocation, LedgerEntry, Payout, PayoutLine, Run
from payouts.selectors.payment_events import payroll_members
from payouts.selectors.rederived import payout_explain
from teams.models import Employment

AT_ONCE = 2_000
ZERO = Decimal(0)

REGISTER = (
    *text("run", "period", "employee_id", "name", "cost_centre", "source", "plan", "account", "line", "kind"),
    *text("pay_element", "metric"),
    *numbers("target", "actual", "attainment", "payout_ratio", "weight", "amount"),
    *text("currency", "reason"),
)
PAYROLL = (
    *text("run", "period", "payroll_number", "employee_id", "name", "employer", "cost_centre"),
    *numbers("amount"),
    *text("currency"),
    *days("pay_on"),
)
GL_JOURNAL = (
    *text("run", "period", "account", "account_name", "cost_centre"),
    *numbers("debit", "credit", "amount"),
    *text("currency"),
)
FULL_TRACE = (
    *text("run", "period", "employee_id", "plan", "record", "path", "step"),
    *text("value", "unit", "because", "inputs"),
    *numbers("amount"),
    *text("currency"),
)


def register(*, run: Run) -> Table:
    """Return every line, pool share and adjustment of a run: what was earned, and why."""
    return _table("Payout register", REGISTER, _register_rows(run))


def payroll(*, run: Run) -> Table:
    """Return what payroll pays each person in each currency, by payroll number; nothing owed, no row."""
    return _table("Payroll", PAYROLL, _payroll_rows(run))


def gl_journal(*, run: Run) -> Table:
    """
    Return postings by account, cost centre and currency; each currency's amounts sum to 0.

    They are the run's, and those of its period that are no run's: what payroll paid.
    """
    return _table("GL journal", GL_JOURNAL, _journal_rows(run))


def full_trace(*, run: Run) -> Table:
    """Return every payout's lines, and the steps that lead to them, derived again from the kept inputs."""
    return _table("Full trace", FULL_TRACE, _trace_rows(run))


PROFILES: Mapping[ExportProfile, Callable[..., Table]] = {
    ExportProfile.REGISTER: register,
    ExportProfile.PAYROLL: payroll,
    ExportProfile.GL_JOURNAL: gl_journal,
    ExportProfile.FULL_TRACE: full_trace,
}


def _table(title: str, columns: Any, rows: Iterator[Row]) -> Table:
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        amount=position(columns, "amount"),
        currency=position(columns, "currency"),
    )


def _register_rows(run: Run) -> Iterator[Row]:
    head = (str(run.number), run.period.code)
    lines = (
        PayoutLine.objects.filter(payout__run=run, period_id=run.period_id)
        .order_by("payout__person__employee_id", "payout__plan_version__plan__code", "payout_id", "number")
        .values_list(
            "payout__person__employee_id", _name("payout__person"), "payout__person__cost_centre",
            "payout__plan_version__plan__code", "account__node__code", "leaf", "kind", "pay_element", "metric",
            "target", "actual", "attainment", "payout_ratio", "weight", "amount", "payout__currency",
        )
    )  # fmt: skip
    for row in lines.iterator(chunk_size=AT_ONCE):
        person, figures, amount, currency = row[:3], row[9:14], row[14], row[15]
        plan, account, leaf, kind, element, metric = row[3:9]
        shown = tuple(_trimmed(figure) for figure in figures)
        yield (
            *head, *person, "payout", plan, account or "", leaf, kind, element, metric,
            *shown, _settled(amount, currency), currency, "",
        )  # fmt: skip
    shares = (
        Allocation.objects.filter(pool__run=run)
        .exclude(amount=None)
        .order_by("person__employee_id", "pool__account__node__code")
        .values_list(
            "person__employee_id", _name("person"), "person__cost_centre", "pool__plan_version__plan__code",
            "pool__account__node__code", "guideline", "amount", "pool__currency", "reason", "ineligible_reason",
        )
    )  # fmt: skip
    for row in shares.iterator(chunk_size=AT_ONCE):
        *person, plan, account, guideline, amount, currency, reason, ineligible = row
        yield (
            *head, *person, "pool", plan, account, "POOL", "share", "bonus", "",
            _settled(guideline, currency), None, None, None, None, _settled(amount, currency), currency,
            ineligible or reason,
        )  # fmt: skip
    for row in _adjustments(run).iterator(chunk_size=AT_ONCE):
        *person, plan, kind, amount, currency, reason = row
        yield (
            *head, *person, "adjustment", plan or "", "", "", kind, "bonus", "",
            None, None, None, None, None, _settled(amount, currency), currency, reason,
        )  # fmt: skip


def _adjustments(run: Run) -> Any:
    return (
        Adjustment.objects.filter(run=run, person__isnull=False)
        .order_by("person__employee_id", "pk")
        .values_list(
            "person__employee_id", _name("person"), "person__cost_centre", "plan_version__plan__code", "kind",
            "amount", "currency", "reason",
        )
    )  # fmt: skip


def _payroll_rows(run: Run) -> Iterator[Row]:
    for owed in to_be_paid(run=run):
        yield from _owed_rows(owed, pay_on=run.period.pay_on)


def _owed_rows(rows: Any, *, pay_on: date | None) -> Iterator[Row]:
    run = Run.objects.select_related("period").filter(pk__in=rows.values("posting__run_id")[:1]).first()
    if run is None:
        return
    employers = _employers(run)
    owed = (
        rows.order_by("person__employee_id", "currency")
        .values_list(
            "person_id", "person__details__payroll_number", "person__employee_id", _name("person"),
            "person__cost_centre", "currency", "total",
        )
    )  # fmt: skip
    for person_id, number, employee_id, name, cost_centre, currency, total in owed.iterator(
        chunk_size=AT_ONCE
    ):
        if not total:
            continue
        yield (
            str(run.number), run.period.code, number or "", employee_id, name, employers.get(person_id, ""),
            cost_centre, _settled(-total, currency), currency, pay_on,
        )  # fmt: skip


def payable(*, run: Run) -> Any:
    """Return what a run's lock posted as payable, by person and currency, as `total` (credits are negative)."""
    return (
        LedgerEntry.objects.filter(posting__run=run, account=LedgerAccount.PAYABLE, person__isnull=False)
        .values("posting__run_id", "person_id", "currency")
        .annotate(total=Sum("amount"))
    )


def to_be_paid(*, run: Run) -> list[Any]:
    """Return, a run each, what a payroll file pays: its run without the held, then who was released of earlier ones."""
    members = payroll_members(run=run)
    earlier = Run.objects.filter(pk__in=members.released).order_by("period__days")
    return [
        payable(run=run).exclude(person_id__in=members.left_out),
        *(payable(run=each).filter(person_id__in=members.released[each.pk]) for each in earlier),
    ]


def _employers(run: Run) -> dict[Any, str]:
    rows = (
        Employment.objects.filter(valid__startswith__lt=run.period.days.upper)
        .order_by("person_id", "-valid")
        .distinct("person_id")
        .values_list("person_id", "employer")
    )
    return dict(rows)


def _journal_rows(run: Run) -> Iterator[Row]:
    side = Case(When(amount__gt=0, then=Value("debit")), default=Value("credit"))
    entries = (
        LedgerEntry.objects.filter(Q(posting__run=run) | Q(posting__run=None, period_id=run.period_id))
        .annotate(side=side)
        .values("account", "cost_centre", "currency", "side")
        .annotate(total=Sum("amount"))
        .order_by("account", "cost_centre", "currency", "-side")
        .values_list("account", "cost_centre", "currency", "side", "total")
    )
    for account, cost_centre, currency, side_name, total in entries.iterator(chunk_size=AT_ONCE):
        amount = _settled(total, currency)
        debit, credit = (amount, None) if side_name == "debit" else (None, -amount)
        name = LedgerAccount(account).label
        yield str(run.number), run.period.code, account, name, cost_centre, debit, credit, amount, currency


def _trace_rows(run: Run) -> Iterator[Row]:
    payouts = (
        Payout.objects.filter(run=run)
        .select_related("person", "plan_version__plan")
        .prefetch_related(
            Prefetch(
                "lines", PayoutLine.objects.filter(period_id=run.period_id).order_by("number"), to_attr="told"
            )
        )
        .order_by("chunk__number", "person__employee_id")
    )
    for payout in payouts.iterator(chunk_size=AT_ONCE):
        head = (str(run.number), run.period.code, payout.person.employee_id, payout.plan_version.plan.code)
        for line in payout.told:
            amount = _settled(line.amount, payout.currency)
            place = (str(line.number), line.leaf, f"{amount:f}", payout.currency, line.kind, "")
            yield (*head, "line", *place, amount, payout.currency)
        for step in _steps(payout_explain(payout=payout).steps, path=""):
            yield (*head, "step", *step, None, payout.currency)


def _steps(steps: list[dict[str, Any]], *, path: str) -> Iterator[tuple[str, str, str, str, str, str]]:
    for step in steps:
        inputs = json.dumps(step["inputs"], ensure_ascii=False, sort_keys=True) if "inputs" in step else ""
        value = step.get("value", "")
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield path, step["name"], shown, step.get("unit", ""), step.get("because", ""), inputs
        yield from _steps(step.get("steps", []), path=f"{path} / {step['name']}" if path else step["name"])


def _name(person: str) -> Any:
    return Coalesce(F(f"{person}__details__legal_name"), Value(""))


def _settled(amount: Decimal, currency: str) -> Decimal:
    return money.settle(amount, currency=currency)


def _trimmed(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else Decimal(f"{figure.normalize():f}")
