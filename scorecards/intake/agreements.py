"""
Files of contracts and of named opportunities.

Rules: docs/reference/files.md; DOMAIN's metrics M13, M19 and M20.
"""

from typing import Any

from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import CurrencyCode, Day, Flag, Identifier, Text, Whole, money
from kamcomp.sentences import Sentence
from scorecards.intake.references import fact_load, fill_currency
from scorecards.models import Contract, Opportunity
from teams.intake.references import nodes, people


def prepare_contracts(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what a contracts file loads."""
    known = set(sheet["contract_id"])
    named = [before for before in sheet.distinct("renewed_from") if before and before not in known]
    known |= set(
        Contract.objects.current().filter(contract_id__in=named).values_list("contract_id", flat=True)
    )
    for row, before in enumerate(sheet["renewed_from"]):
        if before and before not in known:
            sheet.reject(
                row, "renewed_from", "there is no such contract here: import it first, or in this file"
            )
        elif before and before == sheet["contract_id"][row]:
            sheet.reject(row, "renewed_from", "a contract does not renew itself")
    sheet.days = list(sheet["start_date"])
    columns: dict[str, Any] = {
        "contract_id": sheet["contract_id"],
        "node_id": nodes(sheet),
        "start_on": sheet["start_date"],
        "end_on": sheet["end_date"],
    }
    return [
        fact_load(
            sheet,
            Contract,
            ("contract_id",),
            columns,
            "value",
            "currency",
            "renewed_from",
            "notice_on",
            "signed_on",
        )
    ]


def prepare_opportunities(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an opportunities file loads."""
    for row, (stage, stages) in enumerate(zip(sheet["stage"], sheet["stages"], strict=True)):
        if stage is not None and stages is not None and stage > stages:
            sheet.reject(row, "stage", Sentence("is beyond the last of %(stages)s stages", stages=stages))
    fill_currency(sheet)
    sheet.days = list(sheet["won_on"])
    columns: dict[str, Any] = {
        "opportunity_id": sheet["opportunity_id"],
        "node_id": nodes(sheet),
        "currency": [currency or "" for currency in sheet["currency"]],
    }
    owners = people(sheet, "owner_employee_id")
    if sheet.has("owner_employee_id"):
        columns["owner_id"] = owners
    same = ("stage", "stages", "value", "won_on", "name", "new_application", "as_of")
    return [fact_load(sheet, Opportunity, ("opportunity_id",), columns, *same)]


CONTRACTS = Kind(
    name="contracts",
    title="Contracts",
    order=120,
    columns=(
        Column("contract_id", Identifier(80)),
        Column("account_code", Identifier()),
        Column("start_date", Day()),
        may_be_empty("end_date", Day(), note="last day, included; empty while it runs without end"),
        Column("value", money(), note="of the whole term"),
        Column("currency", CurrencyCode()),
        optional("renewed_from", Identifier(80), default="", note="the contract_id it renews"),
        optional("notice_on", Day(), note="day on which notice was given"),
        optional("signed_on", Day(), note="day it was agreed, on which it renews another; else start_date"),
    ),
    key=("contract_id",),
    prepare=prepare_contracts,
    span=("start_date", "end_date"),
    span_key=("account_code",),
    totals=("value",),
    rules=("A contract that renews another names one that is known or stands in the file.",),
)

OPPORTUNITIES = Kind(
    name="opportunities",
    title="Opportunities",
    order=130,
    columns=(
        Column("opportunity_id", Identifier(80)),
        Column("account_code", Identifier()),
        optional("owner_employee_id", Identifier()),
        Column("stage", Whole(most=32767), note="reached so far, counted from 0"),
        Column("stages", Whole(least=1, most=32767)),
        may_be_empty("value", money()),
        may_be_empty("won_on", Day()),
        optional("currency", CurrencyCode(), note="the account's if empty"),
        optional("name", Text(200), default=""),
        optional("new_application", Flag(), default=False),
        optional("as_of", Day()),
    ),
    key=("opportunity_id",),
    prepare=prepare_opportunities,
    totals=("value",),
    rules=("The stage reached is one of the stages.",),
)
