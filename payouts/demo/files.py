"""
The files of Halden Components, as its systems would hand them over.

Each is a whole CSV file of a kind that `manage.py import` takes, made from `company`
and `figures`. Amounts are chosen so that what the metrics compute from them is exactly
what `figures` says.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import NamedTuple

from kamcomp.money import split
from kamcomp.spans import Span
from payouts.demo import company, figures
from payouts.demo.company import ACCOUNTS, Account
from payouts.demo.figures import QUARTERS, Achieved, contribution_target, revenue_target
from teams.catalogue import ROLES

YEAR_BEFORE = ("2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2")
LAST_YEAR_SHARE = Decimal("0.93")
"""What an account bought in a quarter of the year before, of the target a year later."""

PLAN_RATE = Decimal("0.80")
"""One US dollar in euro, for the whole fiscal year."""

SEGMENTS = (
    ("AUTOMOTIVE", Decimal("0.50"), Decimal(2), Decimal(3)),
    ("AEROSPACE", Decimal("0.30"), Decimal(0), Decimal(0)),
    ("ENERGY", Decimal("0.20"), Decimal(-5), Decimal("-7.5")),
)
"""A segment, its share of the targets, and its points of revenue and contribution above the account's."""

SITES = ("NORTH", "SOUTH")
PRODUCTS = {"HX-100": "Couplings", "HX-200": "Bearings", "HX-300": "Drives", "HX-400": "Sensors"}
LINE_WEIGHTS = (9, 7, 11, 8, 10, 6, 12, 9, 8, 7, 10, 5)
FIRST_INVOICE = 70001
LATE_INVOICE, LATE_AMOUNT = "INV-88214", Decimal(76_000)
DOUBLE_INVOICE, DOUBLE_AMOUNT = "INV-88310", Decimal(44_000)

ANSWERS = (7, 9) * 12 + (8,)
"""Twenty-five answers of 0 to 10 with a mean of exactly 8."""

STATEMENTS = (
    "Agree the joint account plan with the customer's board",
    "Hold the quarterly review with purchasing and operations",
    "Bring the framework agreement to signature",
    "Open the second plant for the service contract",
    "Close every complaint older than thirty days",
)
CONTRACT_VALUE = Decimal(400_000)
RENEWED = {
    "CASTOR": ("1", "1", "0.96", "1", "1", "0.98", "1", "0.94"),
    "SIERRA": ("1", "0.95", "1", "1", "0.97", "1", "0.92", "1"),
    "JUNO": ("1", "1", "1", "0.98", "1", "0.95", "1", "1"),
}
"""What each of an account's eight contracts is renewed at, of its value."""

BASE_PAY = {
    "inside_sales": 54_000,
    "solution_architect": 72_000,
    "project_manager": 66_000,
    "customer_service_lead": 48_000,
    "regional_representative": 58_000,
    "field_service": 50_000,
    "logistics": 47_000,
    "billing": 45_000,
    "human_resources": 55_000,
}


class DemoFile(NamedTuple):
    """A file: its kind, its name and its text."""

    kind: str
    filename: str
    text: str


def quarter_span(quarter: str) -> Span:
    """Return the days of a quarter of the calendar year, `2026-Q3`."""
    return Span(date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1), quarter_over(quarter))


def quarter_over(quarter: str) -> date:
    """Return the first day after a quarter of the calendar year."""
    year, number = int(quarter[:4]), int(quarter[-1])
    return date(year + 1, 1, 1) if number == 4 else date(year, 3 * number + 1, 1)


def master_files() -> list[DemoFile]:
    """Return who and what there is: roles, segments, products, accounts, people and their teams."""
    return [
        csv_file("job_roles", "roles.csv", "role_code,name,family,usual_link,seat,role_weight", _roles()),
        csv_file("segments", "segments.csv", "segment_code,kind,name", _segments()),
        csv_file("products", "products.csv", "product,name,family", _products()),
        csv_file(
            "accounts",
            "accounts.csv",
            "account_code,name,parent_code,node_type,country,region,currency,strategy,tier,programme_start",
            _accounts(),
        ),
        csv_file(
            "people",
            "people.csv",
            "employee_id,name,email,manager_employee_id,payroll_number,cost_centre",
            _people(),
        ),
        csv_file(
            "employments",
            "employments.csv",
            "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason",
            _employments(),
        ),
        csv_file(
            "packages",
            "packages.csv",
            "employee_id,base_salary,variable_target,pool_target,currency,from,to",
            _packages(),
        ),
        csv_file(
            "team_memberships",
            "teams.csv",
            "account_code,employee_id,role,link,dedication_pct,effective_from,effective_to",
            _memberships(),
        ),
        csv_file(
            "fx_rates", "rates.csv", "rate_set,rate_date,from_currency,to_currency,rate,source", _fx_rates()
        ),
        csv_file(
            "contracts",
            "contracts.csv",
            "contract_id,account_code,start_date,end_date,value,currency,renewed_from",
            _contracts(),
        ),
    ]


def targets_file(quarter: str) -> DemoFile:
    """Return the targets of a quarter, issued a fortnight before it starts."""
    header = "metric_code,account_code,employee_id,segment,from,to,target,currency,issued_on"
    return csv_file("targets", f"targets-{_compact(quarter)}.csv", header, _targets(quarter))


def history_file() -> DemoFile:
    """Return the invoices of the year before the programme."""
    rows = [row for quarter in YEAR_BEFORE for row in invoices(quarter)]
    return csv_file("transactions", "invoices-before.csv", INVOICE_HEADER, rows)


def result_files(quarter: str) -> list[DemoFile]:
    """Return what a quarter's systems report: invoices, profit and loss, answers, objectives."""
    compact = _compact(quarter)
    return [
        csv_file("transactions", f"invoices-{compact}.csv", INVOICE_HEADER, invoices(quarter)),
        csv_file("account_pnl", f"pnl-{compact}.csv", PNL_HEADER, list(_profit(quarter))),
        csv_file(
            "survey_responses",
            f"csat-{compact}.csv",
            "response_id,survey,account_code,date,score,respondent_group",
            _answers(quarter),
        ),
        csv_file(
            "objectives",
            f"objectives-{compact}.csv",
            "objective_code,account_code,owner_employee_id,statement,baseline,target,due_on,weight,status",
            _objectives(quarter),
        ),
    ]


def corrected_profit_file() -> DemoFile:
    """Return Kestrel's profit and loss of 2026-Q3 as the controller corrected it, 96.1 % of target."""
    account = next(account for account in ACCOUNTS if account.code == "KESTREL")
    rows = list(_account_profit(account, "2026-Q3", figures.ACHIEVED["KESTREL"]["2026-Q3"]))
    return csv_file("account_pnl", "pnl-2026Q3-b.csv", PNL_HEADER, rows)


def double_invoice_file(*, removed: bool) -> DemoFile:
    """Return Atlas Marine's invoice that was booked twice, or the row that takes it back to zero."""
    amount = Decimal(0) if removed else DOUBLE_AMOUNT
    row = (DOUBLE_INVOICE, 1, date(2026, 9, 21), "ATLAS-NORTH", "", "HX-200", amount, "EUR")
    name = "invoice-88310-removed.csv" if removed else "invoice-88310.csv"
    return csv_file("transactions", name, INVOICE_HEADER, [row])


def late_invoice_file() -> DemoFile:
    """Return Meridian's invoice of the second quarter of 2026 that was booked on 9 July."""
    row = (LATE_INVOICE, 1, date(2026, 6, 29), "MERIDIAN-SOUTH", "", "HX-300", LATE_AMOUNT, "EUR")
    return csv_file("transactions", "invoice-88214.csv", INVOICE_HEADER, [row])


INVOICE_HEADER = "source_id,line,date,account_code,segment,product,revenue,currency"
PNL_HEADER = "period,account_code,segment,revenue,cogs,direct_cost,currency"

Rows = Iterable[Sequence[object]]


def csv_file(kind: str, filename: str, header: str, rows: Rows) -> DemoFile:
    """Return a file of a kind with its header and rows."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(["" if value is None else _cell(value) for value in row] for row in rows)
    return DemoFile(kind, filename, text.getvalue())


def _cell(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _compact(quarter: str) -> str:
    return quarter.replace("-", "")


def _roles() -> Iterator[Sequence[object]]:
    for role in ROLES:
        weight = company.ROLE_WEIGHTS.get(role.code, "1")
        yield role.code, role.name, role.family, role.usual_link.value, role.seat.value, weight
    for code, name in company.OWN_ROLES.items():
        yield code, name, "Service", "direct", "member", company.ROLE_WEIGHTS[code]


def _segments() -> Iterator[Sequence[object]]:
    for code, *_ in SEGMENTS:
        yield code, "vertical", code.capitalize()


def _products() -> Iterator[Sequence[object]]:
    for code, family in PRODUCTS.items():
        yield code, f"{family} {code}", family


def _accounts() -> Iterator[Sequence[object]]:
    for account in ACCOUNTS:
        place = (account.country, account.region, account.currency)
        yield account.code, account.name, "", "parent", *place, account.strategy, "key", company.FOUNDED
        for site in SITES:
            yield (
                *(f"{account.code}-{site}", f"{account.name} {site.capitalize()}", account.code, "site"),
                *(*place, "", "", ""),
            )


def _people() -> Iterator[Sequence[object]]:
    ids = company.employee_ids()
    yield "HC-0001", "Anders Vik", "anders.vik@halden.example", "", "100001", "CC-10"
    for account in ACCOUNTS:
        yield _person(ids[account.manager], account.manager, "HC-0001", "CC-10")
    managers = {account.code: ids[account.manager] for account in ACCOUNTS}
    for supporter in company.supporters():
        centre = "CC-20" if supporter.link == "direct" else "CC-30"
        yield _person(ids[supporter.name], supporter.name, managers[supporter.account], centre)


def _person(employee_id: str, name: str, manager: str, centre: str) -> Sequence[object]:
    payroll_number = "" if name == company.PIOTR else "1" + employee_id[3:].zfill(5)
    return employee_id, name, f"{company.username(name)}@halden.example", manager, payroll_number, centre


def _employments() -> Iterator[Sequence[object]]:
    ids = company.employee_ids()
    yield "HC-0001", "Halden Components", "NO", "en", "1", "", "EUR", date(2024, 1, 1), "", ""
    for account in ACCOUNTS:
        language = "de" if account.country == "DE" else "en"
        role = "key_account_manager"
        yield (
            *(ids[account.manager], "Halden Components", account.country, language, "1", role),
            *(account.currency, date(2024, 1, 1), "", ""),
        )
    for supporter in company.supporters():
        reason = "resigned" if supporter.until else ""
        yield (
            *(ids[supporter.name], "Halden Components", "NO", "en", "1", supporter.role, "EUR"),
            *(date(2024, 1, 1), supporter.until, reason),
        )


def _packages() -> Iterator[Sequence[object]]:
    ids = company.employee_ids()
    for account in ACCOUNTS:
        pay = (company.KAM_BASE, company.KAM_VARIABLE, 0)
        yield ids[account.manager], *pay, "EUR", company.FOUNDED, ""
    for supporter in company.supporters():
        base = BASE_PAY[supporter.role]
        yield ids[supporter.name], base, 0, supporter.pool_target, "EUR", company.FOUNDED, ""


def _memberships() -> Iterator[Sequence[object]]:
    ids = company.employee_ids()
    for account in ACCOUNTS:
        yield account.code, ids[account.manager], "key_account_manager", "direct", 100, company.FOUNDED, ""
    for supporter in company.supporters():
        seat = (ids[supporter.name], supporter.role, supporter.link, supporter.dedication)
        if supporter.name == company.MOVER:
            yield "KESTREL", *seat, company.FOUNDED, company.MOVED_ON - timedelta(days=1)
            yield "ATLAS", *seat, company.MOVED_ON, ""
        else:
            yield supporter.account, *seat, company.FOUNDED, supporter.until


def _fx_rates() -> Iterator[Sequence[object]]:
    yield "plan", date(2024, 1, 1), "USD", "EUR", PLAN_RATE, "Treasury"
    yield "payroll", date(2024, 1, 1), "EUR", "USD", Decimal("1.1"), "Treasury"


def _contracts() -> Iterator[Sequence[object]]:
    """Yield each account's eight contracts of a year, two falling due each quarter, and what renewed them."""
    for code, ratios in RENEWED.items():
        for slot, ratio in enumerate(ratios):
            before, value = "", CONTRACT_VALUE
            start = quarter_span(f"2024-Q{slot // 2 + 1}").since
            while start < date(2026, 10, 1):
                contract = f"{code}-{slot + 1}-{start.year}"
                end = start.replace(year=start.year + 1) - timedelta(days=1)
                yield contract, code, start, end, value, "EUR", before
                before, value, start = contract, value * Decimal(ratio), end + timedelta(days=1)


def _targets(quarter: str) -> Iterator[Sequence[object]]:
    span = quarter_span(quarter)
    days = (span.since, span.last)
    issued = span.since - timedelta(days=14)
    for account in ACCOUNTS:
        revenue = revenue_target(account=account.code, quarter=quarter)
        contribution = contribution_target(account=account.code, quarter=quarter)
        yield "M01", account.code, "", "", *days, revenue, "EUR", issued
        yield "M04", account.code, "", "", *days, contribution, "EUR", issued
        yield "M06.mean", account.code, "", "", *days, figures.SATISFACTION_TARGET, "", issued
        if account.plan == company.PORTFOLIO:
            for segment, share, *_ in SEGMENTS:
                yield "M01", account.code, "", segment, *days, revenue * share, "EUR", issued
                yield "M04", account.code, "", segment, *days, contribution * share, "EUR", issued


def invoices(quarter: str) -> Iterator[Sequence[object]]:
    """Yield the rows of a quarter's invoices, every account's."""
    number = FIRST_INVOICE + (*YEAR_BEFORE, *QUARTERS).index(quarter) * 1000
    for account in ACCOUNTS:
        for segment, revenue in _revenue_by_segment(account, quarter):
            lines = split(revenue, LINE_WEIGHTS, currency=account.currency, keys=range(len(LINE_WEIGHTS)))
            for line, amount in enumerate(lines):
                site, product = SITES[line % 2], list(PRODUCTS)[line % 4]
                day = quarter_span(quarter).since + timedelta(days=7 * line + 3)
                yield (
                    *(f"INV-{number}", 1, day, f"{account.code}-{site}", segment, product),
                    *(amount, account.currency),
                )
                number += 1


def _revenue_by_segment(account: Account, quarter: str) -> Iterator[tuple[str, Decimal]]:
    """Yield the revenue of a quarter in the account's currency, by segment where the plan weighs them."""
    if quarter in YEAR_BEFORE:
        target = revenue_target(account=account.code, quarter=quarter) * LAST_YEAR_SHARE
        percent = Decimal(100)
    else:
        target = revenue_target(account=account.code, quarter=quarter)
        percent = figures.ACHIEVED[account.code][quarter].revenue
    if account.plan != company.PORTFOLIO:
        yield "", _in_currency(account, target * percent / 100)
        return
    for segment, share, points, _ in SEGMENTS:
        yield segment, _in_currency(account, target * share * (percent + points) / 100)


def _in_currency(account: Account, euro: Decimal) -> Decimal:
    """Return an amount in the account's currency, exactly, at the plan rate."""
    return euro / PLAN_RATE if account.currency == "USD" else euro


def _profit(quarter: str) -> Iterator[Sequence[object]]:
    for account in ACCOUNTS:
        achieved = figures.ACHIEVED[account.code][quarter]
        early = figures.CONTRIBUTION_AT_FIRST.get((account.code, quarter), achieved.contribution)
        yield from _account_profit(account, quarter, achieved._replace(contribution=early))


def _account_profit(account: Account, quarter: str, achieved: Achieved) -> Iterator[Sequence[object]]:
    """Yield the P&L rows of an account; what is left of revenue is the contribution the figures say."""
    target = contribution_target(account=account.code, quarter=quarter)
    revenue = revenue_target(account=account.code, quarter=quarter) * achieved.revenue / 100
    parts = SEGMENTS if account.plan == company.PORTFOLIO else (("", Decimal(1), Decimal(0), Decimal(0)),)
    for segment, share, _, points in parts:
        sold = _in_currency(account, revenue * share)
        contribution = _in_currency(account, target * share * (achieved.contribution + points) / 100)
        direct = sold * Decimal("0.04")
        yield (
            *(quarter, account.code, segment),
            *(sold, sold - direct - contribution, direct, account.currency),
        )


def _answers(quarter: str) -> Iterator[Sequence[object]]:
    first = quarter_span(quarter).since
    for account in ACCOUNTS:
        points = int(2 * figures.ACHIEVED[account.code][quarter].satisfaction) - sum(ANSWERS)
        step = 1 if points > 0 else -1
        for number, answer in enumerate(ANSWERS):
            score = answer + step if number < abs(points) else answer
            yield (
                *(f"{account.code}-{_compact(quarter)}-{number + 1}", "csat", account.code),
                *(first + timedelta(days=60 + number), score, "customer"),
            )


def _objectives(quarter: str) -> Iterator[Sequence[object]]:
    ids = company.employee_ids()
    due_on = quarter_span(quarter).last
    for account in ACCOUNTS:
        achieved = figures.ACHIEVED[account.code][quarter]
        for number in range(achieved.planned):
            statement = f"Depot review {number + 1}" if achieved.planned > 5 else STATEMENTS[number]
            status = "met" if number < achieved.done else "missed"
            yield (
                *(f"{account.code}-{_compact(quarter)}-{number + 1}", account.code, ids[account.manager]),
                *(f"{statement} in {quarter}", "0", "1", due_on, "", status),
            )
