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
from kamcomp.sentences import Sentence, Word
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
    # A large file names a handful of periods hundreds of thousands of times.
    pairs = list(zip(sheet["period"], sheet["calendar"], strict=True))
    meant: dict[Any, list[Period]] = {
        (code, calendar): [p for p in found.get(code, ()) if calendar in (None, p.calendar.code)]
        for code, calendar in set(pairs)
    }
    unclear = {pair for pair, periods in meant.items() if pair[0] is not None and len(periods) != 1}
    if unclear:
        for row, pair in enumerate(pairs):
            if pair in unclear:
                sheet.reject(row, "period", _unclear(meant[pair]))
    named = {pair: periods[0] if len(periods) == 1 else None for pair, periods in meant.items()}
    return [named[pair] for pair in pairs]


def _unclear(meant: list[Period]) -> str:
    several = ", ".join(sorted(period.calendar.code for period in meant))
    return (
        Sentence("is a period of %(several)s: name one in the column calendar", several=several)
        if meant
        else Word("is no period here")
    )


def spans(named: Iterable[Period | None]) -> list[Span | None]:
    """Return the days of periods."""
    periods_named = list(named)
    days = {id(period): period.span if period else None for period in _each_once(periods_named)}
    return [days[id(period)] for period in periods_named]


def ids_of(named: Iterable[Period | None]) -> list[UUID | None]:
    """Return the ids of periods."""
    periods_named = list(named)
    ids = {id(period): period.pk if period else None for period in _each_once(periods_named)}
    return [ids[id(period)] for period in periods_named]


def _each_once(named: list[Period | None]) -> Iterable[Period | None]:
    return {id(period): period for period in named}.values()


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
