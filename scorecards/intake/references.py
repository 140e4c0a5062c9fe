"""
What the cells of a file of facts refer to: periods, metrics, products, and the currency of an account.

Each function resolves a column of a sheet by one query; a cell that names nothing rejects its row.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kamcomp.calendar.models import Period
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.spans import Span
from scorecards.models import Metric, Product
from teams.intake.references import ids_by
from teams.models import AccountNode


def fact_load(
    sheet: Sheet,
    model: type,
    key: tuple[str, ...],
    columns: dict[str, Iterable[Any]],
    *same: str,
    **more: Any,
) -> Load:
    """Return the load of a table of facts from the rows still accepted; `same` columns carry over by name."""
    whole = columns | {name: sheet[name] for name in same if sheet.has(name)}
    rows = sheet.accepted()
    return Load(model=model, key=key, columns=picked(whole, rows, len(sheet)), rows=rows, **more)


def periods(sheet: Sheet) -> list[Period | None]:
    """Return the period each row names by code, and by calendar where a code means more than one."""
    found: dict[str, list[Period]] = defaultdict(list)
    for period in Period.objects.select_related("calendar").filter(code__in=sheet.distinct("period")):
        found[period.code].append(period)
    calendars = sheet["calendar"]
    named: list[Period | None] = []
    for row, code in enumerate(sheet["period"]):
        meant = [p for p in found.get(code, ()) if calendars[row] in (None, p.calendar.code)]
        if code is not None and len(meant) != 1:
            several = ", ".join(sorted(p.calendar.code for p in meant))
            reason = (
                f"is a period of {several}: name one in the column calendar" if meant else "is no period here"
            )
            sheet.reject(row, "period", reason)
        named.append(meant[0] if len(meant) == 1 else None)
    return named


def spans(named: Iterable[Period | None]) -> list[Span | None]:
    """Return the days of periods."""
    periods_named = list(named)
    days = {period.pk: period.span for period in {p.pk: p for p in periods_named if p}.values()}
    return [days[period.pk] if period else None for period in periods_named]


def metrics(sheet: Sheet) -> list[Metric | None]:
    """Return the metric each row names by code."""
    known = {metric.code: metric for metric in Metric.objects.filter(code__in=sheet.distinct("metric_code"))}
    return sheet.resolve("metric_code", known, "metric", "`manage.py metrics list` shows those there are")


def products(sheet: Sheet) -> list[UUID | None]:
    """Return the product each row names by code."""
    return sheet.resolve(
        "product", ids_by(Product, "code", sheet.distinct("product")), "product", "import products first"
    )


def fill_currency(sheet: Sheet) -> None:
    """Give rows without a currency that of their account."""
    if all(sheet["currency"]):
        return
    accounts = AccountNode.objects.filter(code__in=sheet.distinct("account_code"))
    known = dict(accounts.values_list("code", "currency"))
    sheet.values["currency"] = [
        currency or known.get(code)
        for currency, code in zip(sheet["currency"], sheet["account_code"], strict=True)
    ]
