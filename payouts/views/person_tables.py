"""The tables of a person's page as files: packages, plans, account teams and employments, each with its days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kamcomp.pages.parts import part_column
from kamcomp.pages.tables import Kind, TableColumn

SPAN = (
    part_column("since", "span__since", kind=Kind.DAY),
    part_column("last_day", "span__last", kind=Kind.DAY),
)
PARTS: Mapping[str, Sequence[TableColumn]] = {
    "packages": (
        part_column("since", "package__span__since", kind=Kind.DAY),
        part_column("last_day", "package__span__last", kind=Kind.DAY),
        part_column("base", "package__base_salary", kind=Kind.MONEY),
        part_column("variable", "package__variable_target", kind=Kind.MONEY),
        part_column("base_share", kind=Kind.RATIO),
        part_column("variable_share", kind=Kind.RATIO),
        part_column("pool_target", "package__pool_target", kind=Kind.MONEY),
        part_column("ceiling", "package__ceiling", kind=Kind.MONEY),
        part_column("currency", "package__currency"),
        part_column("state", "package__status"),
    ),
    "plans": (
        part_column("plan", "plan_version__plan__name"),
        part_column("version", "plan_version__number", kind=Kind.NUMBER),
        part_column("account", read=lambda row: str(row.account or "")),
        part_column("share_of_variable", "share", kind=Kind.RATIO),
        *SPAN,
    ),
    "served": (
        part_column("account", read=lambda row: str(row.account)),
        part_column("role", read=lambda row: str(row.role)),
        part_column("link"),
        part_column("on_account", "dedication", kind=Kind.RATIO),
        *SPAN,
    ),
    "employments": (
        part_column("employer"),
        part_column("state", "status"),
        *SPAN,
        part_column("law_of", "jurisdiction"),
        part_column("working_time", "fte", kind=Kind.RATIO),
        part_column("paid_in", "payroll_currency"),
        part_column("why_it_ended", "end_reason"),
    ),
}
