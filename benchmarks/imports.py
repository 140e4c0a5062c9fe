"""A file of results imported, beside a bare parse and COPY of it."""

from __future__ import annotations

import csv
import time
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from benchmarks.harness import Asked, Figure, at_most, database_of, peak_megabytes, spread

TITLE = "Importing results"
ABOUT = (
    "A CSV file of {people} results, one a person, into an open month that has none: strict parsing, references, "
    "every check and law, history, counts; beside it Python's csv module, a Decimal a row, and one COPY into the "
    "same table, its references checked as at a commit, and rolled back."
)


def measure(asked: Asked) -> list[Figure]:
    """Return both times, taking turns, each in a month of its own."""
    database_of(people=asked.people)
    from benchmarks.company import company_found
    from kamcomp.imports.services import import_commit

    company = company_found()
    floors, imports = [], []
    empty = [period for period in company.periods[:-1] if not _has_results(period)]
    for period in empty[: min(asked.pairs, 3)]:
        content = file_of(period.code)
        floors.append(bare(content, period.pk))
        started = time.perf_counter()
        import_commit(
            kind="metric_results", content=content, filename=f"{period.code}.csv", by=company.admin,
            at=datetime.now(UTC),
        )  # fmt: skip
        imports.append(time.perf_counter() - started)
    ratios = [ours / floor for ours, floor in zip(imports, floors, strict=True)]
    return [
        Figure(what="bare parse and COPY", value=f"{spread(floors, digits=1)} s"),
        Figure(what="import", value=f"{spread(imports, digits=1)} s, {peak_megabytes():.0f} MB at most"),
        at_most("import / bare", ratios, 3),
    ]


def _has_results(period: Any) -> bool:
    from scorecards.models import Result

    return Result.objects.filter(period=period).exists()


def file_of(period: str) -> bytes:
    """Return a file of everybody's own results of a period."""
    from teams.models import Person

    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            "period",
            "account_code",
            "employee_id",
            "metric_code",
            "target",
            "actual",
            "currency",
            "as_of",
            "note",
        ]
    )
    for number, employee in enumerate(
        Person.objects.order_by("employee_id").values_list("employee_id", flat=True)
    ):
        amount = f"{70_000 + number * 37 % 60_000}.{number % 100:02}"
        writer.writerow([period, "", employee, "BOWN", "", amount, "EUR", "", ""])
    return text.getvalue().encode()


def bare(content: bytes, period: Any) -> float:
    """Return the seconds of parsing the file and copying it, and undo it."""
    from django.db import connections, transaction

    from scorecards.models import Metric
    from teams.models import Person

    people = dict(Person.objects.values_list("employee_id", "pk"))
    metric = Metric.objects.get(code="BOWN").pk
    started = time.perf_counter()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        rows = csv.DictReader(StringIO(content.decode()))
        lines = []
        for row in rows:
            person, actual = people[row["employee_id"]], Decimal(row["actual"])
            lines.append(f"{metric}\t{person}\t{period}\tperiod\t{actual}\t{actual}\tEUR\tfinal\t\n")
        cursor.copy_expert(
            'COPY scorecards_result (metric_id, person_id, period_id, "window", numerator, value, currency, status,'
            " note) FROM STDIN",
            BytesIO("".join(lines).encode()),
        )
        # What its commit would do: the references of every row are looked up.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = time.perf_counter() - started
        transaction.set_rollback(True, using="owner")
    return took
