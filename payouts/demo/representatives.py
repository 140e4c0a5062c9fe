"""
The regional representatives of Halden Components: who they are, what pays them, and what they are credited for.

They sell in a region, to key accounts and to everybody else, on a commission of their own with its own calendar of half
years. Every invoice line is credited to them whole, but for the second quarter of 2026 at Lindgren North, of which the
account's manager was given a quarter: what that took from Katrin Seidel is what the replay of representatives shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.services import PeriodDraft, regular_periods
from kamcomp.money import CONTEXT
from payouts.demo import company
from payouts.demo.figures import REVENUE_TARGETS
from payouts.demo.files import BASE_PAY, DemoFile, csv_file, invoices

CALENDAR, PLAN = "SALES", "REG"
HALVES = ("2025-H2", "2026-H1")
FIRST_NUMBER = 3001
HALF_YEAR_AT_TARGET = Decimal(7_000)
ROLE, HELD_BACK = "regional_representative", "0.25"
SHARED_QUARTER, SHARED_SITE = "2026-Q2", "LINDGREN-NORTH"


@dataclass(frozen=True)
class Representative:
    """Somebody who sells in a region: their country, and the accounts that lie there."""

    name: str
    country: str
    accounts: tuple[str, ...]

    @property
    def rate(self) -> str:
        """Return the commission rate that pays 7,000 for half a year of the accounts' revenue targets."""
        targets = sum(REVENUE_TARGETS[account] for account in self.accounts)
        return f"{CONTEXT.divide(HALF_YEAR_AT_TARGET, Decimal(2 * targets)):.6f}"


REPRESENTATIVES = (
    Representative("Henrik Dahlberg", "SE", ("MERIDIAN", "BOREALIS")),
    Representative("Femke Visser", "NL", ("KESTREL", "FALCON")),
    Representative("Rafael Moreno", "ES", ("ORION", "ATLAS", "TRAMONTANA")),
    Representative("Katrin Seidel", "DE", ("LINDGREN", "HARTMANN", "JUNO")),
    Representative("Owen Hughes", "GB", ("SIERRA",)),
    Representative("Lotte Brandt", "DK", ("CASTOR", "POLARIS")),
)


def representative_ids() -> dict[str, str]:
    """Return the employee id of each representative, from HC-3001 on."""
    return {rep.name: f"HC-{FIRST_NUMBER + number}" for number, rep in enumerate(REPRESENTATIVES)}


def half_years() -> list[PeriodDraft]:
    """Return the two halves of the sales year, named by the calendar year they lie in."""
    drafts = regular_periods(first_day=company.FOUNDED, frequency=Frequency.HALF_YEAR, years=1)
    return [replace(draft, code=code) for draft, code in zip(drafts, HALVES, strict=True)]


def commission_plan() -> dict[str, Any]:
    """Return the representatives' plan: a commission at each one's own rate on what they are credited for."""
    return {
        "format": "kamcomp.plan/1",
        "code": PLAN,
        "name": "Regional Sales Commission",
        "type": "team_performance",
        "strategy": "grow",
        "currency": "EUR",
        "effective": {"from": str(company.FOUNDED), "to": "2026-06-30"},
        "period": "half_year",
        "pay": {"elements": ["base", "commission"]},
        "commissions": [
            {
                "code": "COMMISSION",
                "name": "Commission on credited revenue",
                "kind": "commission",
                "behaviour": "Sell in the region, to every customer",
                "base": "revenue",
                "credit_types": ["direct", "split"],
                "tiers": [{"from": "0", "rate": {"parameter": "rate"}}],
            }
        ],
    }


def representative_files() -> list[DemoFile]:
    """Return the representatives as the systems of personnel hand them over."""
    people = "employee_id,name,email,manager_employee_id,payroll_number,cost_centre"
    employments = (
        "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason"
    )
    packages = "employee_id,base_salary,variable_target,pool_target,currency,from,to"
    return [
        csv_file("people", "people-sales.csv", people, _people()),
        csv_file("employments", "employments-sales.csv", employments, _employments()),
        csv_file("packages", "packages-sales.csv", packages, _packages()),
    ]


def credits_file(quarter: str) -> DemoFile:
    """Return who is credited for a quarter's invoices."""
    header = "source_id,line,employee_id,credit_type,credit_pct"
    return csv_file("credits", f"credits-{quarter.replace('-', '')}.csv", header, _credits(quarter))


def _people() -> Iterator[Sequence[object]]:
    for name, employee_id in representative_ids().items():
        email = f"{company.username(name)}@halden.example"
        yield employee_id, name, email, "", "1" + employee_id[3:].zfill(5), "CC-40"


def _employments() -> Iterator[Sequence[object]]:
    ids = representative_ids()
    for rep in REPRESENTATIVES:
        yield (
            *(ids[rep.name], "Halden Components", rep.country, "en", "1", ROLE, "EUR"),
            *(date(2024, 1, 1), "", ""),
        )


def _packages() -> Iterator[Sequence[object]]:
    for employee_id in representative_ids().values():
        yield employee_id, BASE_PAY[ROLE], 2 * HALF_YEAR_AT_TARGET, 0, "EUR", company.FOUNDED, ""


def _credits(quarter: str) -> Iterator[Sequence[object]]:
    ids = representative_ids()
    sellers = {account: ids[rep.name] for rep in REPRESENTATIVES for account in rep.accounts}
    managers = company.employee_ids()
    lindgren = next(managers[one.manager] for one in company.ACCOUNTS if one.code == "LINDGREN")
    for invoice, line, _day, site, *_rest in invoices(quarter):
        seller = sellers.get(str(site).partition("-")[0])
        if seller is None:
            continue
        if (quarter, site) != (SHARED_QUARTER, SHARED_SITE):
            yield invoice, line, seller, "direct", 100
            continue
        kept = Decimal(100) * (1 - Decimal(HELD_BACK))
        yield invoice, line, seller, "split", kept
        yield invoice, line, lindgren, "split", 100 - kept
