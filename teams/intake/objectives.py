"""
Files of account-plan objectives.

Rules: docs/reference/files.md; DOMAIN's row on AccountPlan and Objective.
"""

from collections.abc import Iterable
from typing import Any

from kamcomp.ids import uuid7
from kamcomp.imports.kinds import Column, Context, Kind, may_be_empty, optional
from kamcomp.imports.loads import Load, picked
from kamcomp.imports.sheets import Sheet
from kamcomp.imports.values import Amount, Day, Identifier, OneOf, Text, Whole, money
from teams.choices import ObjectiveStatus, Perspective
from teams.intake.references import people, programmes
from teams.models import AccountObjective


def prepare_objectives(sheet: Sheet, _context: Context) -> list[Load]:
    """Return what an objectives file loads."""
    accounts, owners = programmes(sheet), people(sheet, "owner_employee_id")
    sheet.days = list(sheet["due_on"])
    columns: dict[str, Iterable[Any]] = {
        "code": sheet["objective_code"],
        "account_id": [account.pk if account else None for account in accounts],
        "owner_id": owners,
        "statement": sheet["statement"],
        "due_on": sheet["due_on"],
    }
    same = ("metric_code", "baseline", "target", "weight", "unit", "horizon_months", "perspective", "status")
    columns |= {name: sheet[name] for name in same if sheet.has(name)}
    rows = sheet.accepted()
    return [
        Load(
            model=AccountObjective,
            key=("code",),
            columns=picked(columns, rows, len(sheet)),
            once={} if sheet.has("status") else {"status": [ObjectiveStatus.AGREED.value for _ in rows]},
            rows=rows,
            ids=[uuid7() for _ in rows],
        )
    ]


OBJECTIVES = Kind(
    name="objectives",
    title="Objectives of account plans",
    order=70,
    columns=(
        Column("objective_code", Identifier()),
        Column("account_code", Identifier(), note="an account of the programme"),
        Column("owner_employee_id", Identifier(), note="every objective has an owner"),
        Column("statement", Text(2000, lines=True)),
        optional("metric_code", Identifier(20), default=""),
        may_be_empty("baseline", money()),
        may_be_empty("target", money()),
        Column("due_on", Day(), note="every objective has a date"),
        optional("weight", Amount(digits=1, decimals=8, least="0", most="1"), note="a share: 0.4 is 40 %"),
        optional("unit", Text(20), default=""),
        optional("horizon_months", Whole(least=1, most=120), default=12),
        optional("perspective", OneOf(Perspective.values), default=""),
        optional("status", OneOf(ObjectiveStatus.values), default=ObjectiveStatus.AGREED.value),
    ),
    key=("objective_code",),
    prepare=prepare_objectives,
    rules=("An objective has an owner and a date.",),
)
