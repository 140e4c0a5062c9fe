"""A small company that import tests start from, brought in through the imports themselves."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from psycopg2.extras import DateRange

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make
from kamcomp.imports import services
from kamcomp.imports.passage import ImportRejected
from kamcomp.imports.previews import Preview

AT = datetime(2026, 4, 1, 9, tzinfo=UTC)

SEGMENTS = "segment_code,kind,name\nauto,vertical,Automotive\npumps,product,Pumps\n"
ACCOUNTS = (
    "account_code,name,parent_code,node_type,segment,country,region,currency,strategy,tier,first_invoice_on\n"
    "ACME,Acme Corporation,,parent,auto,US,Americas,EUR,grow,1,2024-01-01\n"
    "ACME-DE,Acme Germany,ACME,division,auto,DE,Europe,EUR,,,2025-02-01\n"
    "SHOP,Corner Shop,,parent,,FR,Europe,EUR,,,\n"
)
PEOPLE = (
    "employee_id,name,email,manager_employee_id,payroll_number,cost_centre\n"
    "E1,Ada Boss,ada@example.com,,0001,S1\n"
    "E2,Ben Seller,ben@example.com,E1,0002,S1\n"
    "007,Cleo Support,,E1,0003,S2\n"
)
EMPLOYMENTS = (
    "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason\n"
    "E1,Acme Ltd,DE,de,1,key_account_manager,EUR,2024-01-01,,\n"
    "E2,Acme Ltd,US-CA,en,0.8,sales_representative,USD,2024-01-01,2026-12-31,contract\n"
)
PACKAGES = (
    "employee_id,base_salary,variable_target,pool_target,currency,from,to\n"
    "E1,100000.00,25000.00,0,EUR,2025-01-01,\n"
    "E2,60000.00,15000.00,5000.50,USD,2025-01-01,2025-12-31\n"
)
TEAM = (
    "account_code,employee_id,role,link,dedication_pct,scope,leader_employee_id,segments,effective_from,effective_to\n"
    "ACME,E1,key_account_manager,direct,60,account,,,2024-01-01,\n"
    "ACME,E2,sales_representative,direct,50,account,E1,auto|pumps,2025-01-01,\n"
    "ACME-DE,007,billing,matrix,12.5,regional,E1,auto,2025-03-01,2025-12-31\n"
)
PRODUCTS = "product,family,segment\nP-1,Pumps,pumps\nNA,Valves,\n"
LINES = (
    "source_id,line,date,account_code,segment,product,quantity,revenue,cost,currency,employee_id,credit_pct\n"
    "INV-1,1,2026-01-05,ACME,,P-1,2,1200.10,700.000001,EUR,E2,\n"
    "INV-1,2,2026-01-05,ACME-DE,auto,NA,1,-50.5,,EUR,E2,100\n"
    "INV-2,1,2026-02-07,ACME,,P-1,1,300,100,USD,E2,60\n"
    "INV-2,1,2026-02-07,ACME,,P-1,1,300,100,USD,E1,40\n"
)


def quarters(*, locked: tuple[int, ...] = ()) -> list[Period]:
    """Make the four quarters of 2026; some are locked."""
    calendar = FiscalCalendar.objects.create(code="FY", name="Fiscal year")
    first_days = [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)]
    made = []
    for number in range(1, 5):
        days = DateRange(first_days[number - 1], first_days[number])
        period = Period.objects.create(
            calendar=calendar,
            code=f"2026-Q{number}",
            fiscal_year=2026,
            number=number,
            days=days,
            cut_off_on=days.upper,
        )
        made.append(period)
        if number in locked:
            lock(period)
    return made


def lock(period: Period) -> None:
    """Move a period on to locked, step by step."""
    for status in (PeriodStatus.OPEN, PeriodStatus.COLLECTING, PeriodStatus.LOCKED):
        if period.status != status:
            period.status = status
            period.save(update_fields=["status"])


def commit(kind: str, text: str | bytes, mapping: Mapping[str, Any] | None = None, **more: Any) -> Preview:
    """Commit a file given as text."""
    return services.import_commit(**_given(kind, text, mapping, more))


def preview(kind: str, text: str | bytes, mapping: Mapping[str, Any] | None = None, **more: Any) -> Preview:
    """Preview a file given as text."""
    return services.import_preview(**_given(kind, text, mapping, more))


def _given(
    kind: str, text: str | bytes, mapping: Mapping[str, Any] | None, more: dict[str, Any]
) -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    return {"kind": kind, "content": content, "filename": f"{kind}.csv", "mapping": mapping, "at": AT} | more


def findings(
    kind: str, text: str | bytes, mapping: Mapping[str, Any] | None = None, **more: Any
) -> list[str]:
    """Return the blocking findings of a file, and see that the commit refuses for the same."""
    shown = [str(finding) for finding in preview(kind, text, mapping, **more).blocking]
    with pytest.raises(ImportRejected) as refused:
        commit(kind, text, mapping, **more)
    assert [str(finding) for finding in refused.value.preview.blocking] == shown
    return shown


def user(name: str, role: Role = Role.COMP_ADMIN) -> User:
    """Make a user who holds a role since long ago."""
    return user_make(username=name, roles=[role], since=date(2020, 1, 1), by=None)


def teams() -> None:
    """Bring in segments, accounts, people and the account's team."""
    for kind, text in (
        ("segments", SEGMENTS),
        ("accounts", ACCOUNTS),
        ("people", PEOPLE),
        ("employments", EMPLOYMENTS),
        ("packages", PACKAGES),
        ("team_memberships", TEAM),
    ):
        commit(kind, text)
