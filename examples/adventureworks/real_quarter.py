#!/usr/bin/env python3
"""
Take AdventureWorks through kamcomp, from its files to twelve locked quarters and their exports.

It does nothing that a comp admin could not do at the command line: every step is a
command of `manage.py`, in the order of docs/tutorials/real-quarter.md. Run it with

    make real-quarter FROM=FOLDER_OF_THE_SOURCE TO=FOLDER_FOR_THE_FILES

which starts services of its own with an empty database.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
sys.path[:0] = [str(PROJECT), str(HERE)]

ADMIN, REVIEWER, FINANCE = "sales.operations", "vice.president", "controller"
USERS = {
    ADMIN: ("comp_admin", "Sales Operations"),
    REVIEWER: ("executive", "Vice President"),
    FINANCE: ("finance", "Controller"),
}
SINCE = "2011-01-01"
SOURCE_FILES = {
    "accounts": ("accounts.csv", "accounts.json"),
    "products": ("products.csv", "products.json"),
    "transactions": ("transactions.csv", "transactions.json"),
    "targets": ("quotas.csv", "quotas.json"),
}
PLANS = ("team.json", "commission.json")
EXPORTS = (("register", "csv"), ("payroll", "csv"), ("gl_journal", "csv"))
ATTAINMENT = ("employee_id", "period_start", "period_end", "revenue", "quota", "attainment", "commission")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Take AdventureWorks through kamcomp.")
    parser.add_argument("--from", dest="source", type=Path, required=True, help="folder of the source files")
    parser.add_argument("--to", dest="target", type=Path, required=True, help="folder to write into")
    parser.add_argument("--periods", type=int, default=12, help="how many quarters; all twelve if left out")
    options = parser.parse_args(arguments)
    django_begin()
    options.target.mkdir(parents=True, exist_ok=True)
    company_take_in(source=options.source, derived=options.target / "derived")
    for period in periods(options.target / "derived")[: options.periods]:
        quarter_pay(period=period, sellers=managers(options.target / "derived"), target=options.target)
    rows = attainment_write(path=options.target / "attainment.csv")
    print(f"{rows} seller quarters in {options.target / 'attainment.csv'}")
    return 0


def django_begin() -> None:
    """Set Django up, unless a test has done so."""
    import django
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    if not apps.ready:
        django.setup()


def manage(*words: object, quiet: bool = False) -> str:
    """Do a command of `manage.py`, showing it as one would type it."""
    from django.core.management import call_command

    said = [str(word) for word in words]
    print("$ manage.py " + " ".join(said), flush=True)
    output = StringIO()
    call_command(*said, stdout=output)
    if not quiet:
        print("".join(f"  {line}\n" for line in output.getvalue().splitlines()), end="", flush=True)
    return output.getvalue()


def company_take_in(*, source: Path, derived: Path) -> None:
    """Make users, calendar, master data, facts, targets, plans and assignments."""
    import derive

    derive.derive(source=source, target=derived)
    for username, (role, name) in USERS.items():
        manage("users", "add", username, "--role", role, "--name", name, "--since", SINCE)
    manage(
        *("calendar", "make", "AW", "--name", "Quota periods", "--periods", derived / "periods.csv"),
        *("--by", ADMIN),
    )
    take_in("segments", derived / "segments.csv")
    take_in_source("accounts", source)
    take_in("accounts", derived / "key_accounts.csv")
    for kind in ("people", "employments", "packages", "team_memberships"):
        take_in(kind, derived / f"{kind}.csv")
    for kind in ("products", "transactions", "targets"):
        take_in_source(kind, source)
    take_in("targets", derived / "account_targets.csv")
    for seller in managers(derived):
        manage("users", "add", seller, "--role", "kam", "--role", "payee", "--since", SINCE)
        manage("people", "user", seller, seller, "--by", ADMIN)
    for plan in PLANS:
        manage(
            *("plans", "history", HERE / "plans" / plan, "--calendar", "AW", "--by", REVIEWER),
            *("--prepared-by", ADMIN, "--reason", "The years before the programme was kept here"),
        )
    take_in("assignments", derived / "assignments.csv")


def take_in(kind: str, path: Path) -> None:
    manage("import", kind, path, "--commit", "--by", ADMIN)


def take_in_source(kind: str, source: Path) -> None:
    filename, mapping = SOURCE_FILES[kind]
    manage("import", kind, source / filename, "--map", HERE / "maps" / mapping, "--commit", "--by", ADMIN)


def managers(derived: Path) -> list[str]:
    """Return the employee ids of those who manage a key account at some time."""
    with (derived / "team_memberships.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return sorted({row["employee_id"] for row in rows if row["role"] == "key_account_manager"})


def periods(derived: Path) -> list[dict[str, str]]:
    with (derived / "periods.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def quarter_pay(*, period: dict[str, str], sellers: list[str], target: Path) -> None:
    """Run a quarter, allocate its pools by guideline, lock, export and verify it."""
    code = period["code"]
    manage("calendar", "advance", "--on", period["cut_off_on"])
    manage("payouts", "run", "--period", code, "--by", ADMIN, "--here")
    manage("payouts", "review", "--period", code, "--by", REVIEWER)
    for seller in sellers:
        manage("payouts", "pool", "guideline", "--period", code, "--by", seller, quiet=True)
        manage("payouts", "pool", "submit", "--period", code, "--by", seller)
    manage("payouts", "pool", "approve", "--period", code, "--by", REVIEWER)
    manage("payouts", "approve", "--period", code, "--by", FINANCE)
    manage("payouts", "lock", "--period", code, "--by", FINANCE)
    for profile, form in EXPORTS:
        path = target / f"{code}-{profile}.{form}"
        manage("payouts", "export", "--period", code, "--profile", profile, "--to", path, "--by", FINANCE)
    manage("payouts", "verify", "--period", code)


def attainment_write(*, path: Path) -> int:
    """Write each seller's quarters: credited revenue over quota, and the commission paid; return the rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(ATTAINMENT)
        rows = list(attainment_rows())
        writer.writerows(rows)
    return len(rows)


def attainment_rows() -> Iterator[Iterable[str]]:
    from django.db.models import Sum

    from payouts.models import PayoutLine
    from scorecards.models import Result, Target

    targets = Target.objects.current().filter(metric__code="M01", person__isnull=False)
    for quota in targets.select_related("person").order_by("person__employee_id", "days"):
        result = Result.objects.current().filter(
            metric__code="M01", person=quota.person, window="period", period__days=quota.days
        )
        revenue = result.values_list("value", flat=True).first()
        if revenue is None:
            continue
        commission = PayoutLine.objects.filter(
            payout__run__is_current=True,
            payout__person=quota.person,
            payout__period__days=quota.days,
            leaf="COMMISSION",
        ).aggregate(total=Sum("amount"))["total"]
        yield (
            quota.person.employee_id,
            str(quota.days.lower),
            str(quota_last_day(quota)),
            plain(revenue),
            plain(quota.value),
            f"{revenue / quota.value:.6f}",
            f"{commission or Decimal(0):.2f}",
        )


def quota_last_day(quota: object) -> object:
    from kamcomp.spans import Span

    return Span(quota.days.lower, quota.days.upper).last


def plain(number: Decimal) -> str:
    """Return a decimal without zeros at its end."""
    return f"{number.normalize():f}"


if __name__ == "__main__":
    sys.exit(main())
