"""
Files of exchange rates.

Rules: docs/reference/files.md; DOMAIN's row on FxRate.
"""

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from kamcomp.imports.kinds import Column, Context, Kind, optional, register
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Amount, CurrencyCode, Day, OneOf, Text

KEY = ("rate_set", "from_currency", "to_currency", "rate_date")


def prepare_rates(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an fx_rates file loads."""
    for row, (given, taken) in enumerate(zip(sheet["from_currency"], sheet["to_currency"], strict=True)):
        if given is not None and given == taken:
            sheet.reject(row, "to_currency", "is the same as from_currency: a rate joins two currencies")
    sheet.days = list(sheet["rate_date"])
    columns = {name: sheet[name] for name in (*KEY, "rate", "source") if sheet.has(name)}
    rows = sheet.accepted()
    return [Load(model=FxRate, key=KEY, columns=picked(columns, rows, len(sheet)), rows=rows)]


FX_RATES = Kind(
    name="fx_rates",
    title="Exchange rates",
    order=5,
    columns=(
        Column("rate_set", OneOf(RateSet.values)),
        Column("rate_date", Day(), note="the rate holds from this day on"),
        Column("from_currency", CurrencyCode()),
        Column("to_currency", CurrencyCode()),
        Column(
            "rate",
            Amount(digits=10, decimals=10, above="0"),
            note="one unit of the first is so many of the second",
        ),
        optional("source", Text(120), default=""),
    ),
    key=KEY,
    prepare=prepare_rates,
    rules=("A rate joins two different currencies and is above zero.",),
)

register(FX_RATES)
