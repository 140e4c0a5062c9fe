#!/usr/bin/env python3
"""
Derive what AdventureWorks does not say, as files a comp admin would upload.

The source has accounts, order lines, quotas and sellers; it has no programme of key
accounts, no matrix teams and no pay packages for them. This script makes those from
the source by the plain rules below, and changes nothing that the source does say.
It needs only Python:

    python derive.py --from FOLDER_OF_THE_SOURCE --to FOLDER_FOR_THE_FILES

Rules
- The periods are the twelve quota periods; four make a fiscal year.
- The 20 stores with the most revenue are key accounts from the first quota period in which they bought.
- Who sold most to a key account in a quota period is its key account manager in that period; in a
  period without an order the manager stays.
- A manager's variable target is 20 % of base pay (2,080 hours a year), split evenly over the key
  accounts they manage in the period. Their commission rate is the published one.
- Support comes from six job titles of the full staff list, dealt out to the key accounts in order of
  revenue; each has a pool target of 5 % of base pay.
- A key account's revenue target is the mean of its first four quarters, 5 % more each fiscal year after.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path

KEY_ACCOUNTS = 20
HOURS_A_YEAR = 2080
VARIABLE_SHARE = Decimal("0.20")
POOL_SHARE = Decimal("0.05")
GROWTH_A_YEAR = Decimal("1.05")
MANAGER_DEDICATION = 5
SUPPORT = {
    "Marketing Specialist": ("marketing", "matrix", 20),
    "Accounts Receivable Specialist": ("billing", "matrix", 10),
    "Scheduling Assistant": ("logistics", "matrix", 15),
    "Application Specialist": ("solution_architect", "direct", 15),
    "Design Engineer": ("subject_matter_expert", "direct", 10),
    "Quality Assurance Technician": ("quality", "matrix", 15),
}
COUNTRIES = {
    "United States": "US",
    "Canada": "CA",
    "United Kingdom": "GB",
    "France": "FR",
    "Germany": "DE",
    "Australia": "AU",
}

Row = dict[str, str]


@dataclass(frozen=True)
class Period:
    """A quota period; `last` is included."""

    index: int
    first: date
    last: date

    @property
    def fiscal_year(self) -> int:
        """Return the fiscal year, named for the calendar year it ends in."""
        return 2012 + self.index // 4

    @property
    def code(self) -> str:
        return f"{self.fiscal_year}-Q{self.index % 4 + 1}"


@dataclass(frozen=True)
class Spell:
    """A run of periods in which something holds for a key and a value."""

    account: str
    person: str
    value: Decimal
    first: date
    last: date | None


class Source:
    """The files of the source, and what is computed from them once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.periods = self.read_periods()
        self.staff = {row["person"]: row for row in self.rows("people_all.csv")}
        self.sellers = self.rows("people.csv")
        self.rates = {row["person"]: Decimal(row["commission_pct"]) for row in self.rows("compensation.csv")}
        self.accounts = {row["account"]: row for row in self.rows("accounts.csv")}
        self.revenue = self.read_revenue()
        self.key_accounts = self.rank_accounts()

    def rows(self, name: str) -> list[Row]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def read_periods(self) -> list[Period]:
        spans = {
            (int(row["quarter_index"]), row["period_start"], row["period_end"])
            for row in self.rows("quotas.csv")
        }
        return [
            Period(index, date.fromisoformat(first), date.fromisoformat(last))
            for index, first, last in sorted(spans)
        ]

    def read_revenue(self) -> dict[str, dict[int, dict[str, Decimal]]]:
        """Return revenue by account, period index and seller."""
        revenue: dict[str, dict[int, dict[str, Decimal]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(Decimal))
        )
        for row in self.rows("transactions.csv"):
            index = self.period_of(row["date"]).index
            revenue[row["account"]][index][row["person"]] += Decimal(row["revenue"])
        return revenue

    def period_of(self, day: str) -> Period:
        on = date.fromisoformat(day)
        return next(period for period in self.periods if period.first <= on <= period.last)

    def rank_accounts(self) -> list[str]:
        """Return the key accounts, the one with the most revenue first."""
        totals = {
            account: sum(sum(sellers.values()) for sellers in periods.values())
            for account, periods in self.revenue.items()
        }
        return sorted(totals, key=lambda account: (-totals[account], account))[:KEY_ACCOUNTS]

    def since(self, account: str) -> Period:
        """Return the first period in which an account bought."""
        return self.periods[min(self.revenue[account])]

    def managers(self, account: str) -> list[tuple[Period, str]]:
        """Return the manager of a key account in each period of its programme."""
        managers, manager = [], ""
        for period in self.periods[self.since(account).index :]:
            sellers = self.revenue[account].get(period.index)
            if sellers:
                manager = max(sellers, key=lambda person: (sellers[person], person))
            managers.append((period, manager))
        return managers

    def support(self) -> dict[str, list[Row]]:
        """Return the staff of each supporting job title, in order of their id."""
        staff = sorted(self.staff.values(), key=lambda row: int(row["person"][1:]))
        return {title: [row for row in staff if row["job_title"] == title] for title in SUPPORT}


def base_pay(person: Row) -> Decimal:
    """Return base pay a year, to the cent."""
    return cents(Decimal(person["hourly_rate_usd"]) * HOURS_A_YEAR)


def cents(amount: Decimal) -> Decimal:
    """Return an amount to the cent, half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def spells(rows: Iterable[tuple[Period, str, str, Decimal]], end: date) -> list[Spell]:
    """Join consecutive periods with the same account, person and value; the last one stays open."""
    joined = []
    for (account, person, value), same in groupby(
        sorted(rows, key=lambda row: (row[1], row[0].index)), key=lambda row: row[1:]
    ):
        periods = [period for period, *_ in same]
        last = periods[-1].last
        joined.append(Spell(account, person, value, periods[0].first, None if last == end else last))
    return joined


def periods_rows(source: Source) -> Iterable[Sequence[object]]:
    for period in source.periods:
        cut_off, pay_on = period.last + timedelta(days=9), period.last + timedelta(days=30)
        yield (
            period.code,
            period.fiscal_year,
            period.index % 4 + 1,
            period.first,
            period.last,
            cut_off,
            pay_on,
        )


def segments_rows(source: Source) -> Iterable[Sequence[object]]:
    for name in sorted({row["segment"] for row in source.accounts.values()}):
        yield name, "vertical", name


def key_accounts_rows(source: Source) -> Iterable[Sequence[object]]:
    for account in source.key_accounts:
        row = source.accounts[account]
        yield (
            *(account, row["name"], "", "parent", row["segment"], row["country_code"], row["territory"]),
            *("USD", "grow", "key", source.since(account).first),
        )


def people_rows(source: Source) -> Iterable[Sequence[object]]:
    people = [*source.sellers, *(row for rows in source.support().values() for row in rows)]
    known = {row["person"] for row in people}
    for row in people:
        manager = row["manager"] if row["manager"] in known else ""
        yield row["person"], row["name"], "", manager, row["person"][1:].zfill(6), row["department"]


def employments_rows(source: Source) -> Iterable[Sequence[object]]:
    for row in source.sellers:
        country = COUNTRIES.get(row["country"], "US")
        yield employment(row, country, "key_account_manager")
    for title, rows in source.support().items():
        for row in rows:
            yield employment(row, "US", SUPPORT[title][0])


def employment(row: Row, country: str, role: str) -> Sequence[object]:
    """Return one employment, open-ended."""
    return row["person"], "Adventure Works Cycles", country, "en", "1", role, "USD", row["hire_date"], "", ""


def packages_rows(source: Source) -> Iterable[Sequence[object]]:
    for row in source.sellers:
        base = base_pay(row)
        yield row["person"], base, cents(base * VARIABLE_SHARE), "0.00", "USD", row["hire_date"], ""
    for rows in source.support().values():
        for row in rows:
            base = base_pay(row)
            yield row["person"], base, "0.00", cents(base * POOL_SHARE), "USD", row["hire_date"], ""


def memberships_rows(source: Source) -> Iterable[Sequence[object]]:
    end = source.periods[-1].last
    for rank, account in enumerate(source.key_accounts):
        managers = [(period, account, person, Decimal(0)) for period, person in source.managers(account)]
        for spell in spells(managers, end):
            yield membership(
                spell.account,
                spell.person,
                "key_account_manager",
                "direct",
                MANAGER_DEDICATION,
                spell.first,
                spell.last,
            )
        start = source.since(account).first
        for title, rows in source.support().items():
            person = rows[rank % len(rows)]
            role, link, dedication = SUPPORT[title]
            since = max(start, date.fromisoformat(person["hire_date"]))
            yield membership(account, person["person"], role, link, dedication, since, None)


def membership(
    account: str, person: str, role: str, link: str, dedication: int, first: date, last: date | None
) -> Sequence[object]:
    """Return one row of an account team."""
    return account, person, role, link, dedication, "account", "", "", first, last or ""


def account_targets_rows(source: Source) -> Iterable[Sequence[object]]:
    for account in source.key_accounts:
        start = source.since(account).index
        first_year = [sum(source.revenue[account][index].values()) for index in range(start, start + 4)]
        mean = sum(first_year, Decimal(0)) / 4
        for period in source.periods[start:]:
            years = (period.index - start) // 4
            target = cents(mean * GROWTH_A_YEAR**years)
            yield "M01", account, "", period.first, period.last, target, "USD", period.first


def assignments_rows(source: Source) -> Iterable[Sequence[object]]:
    end = source.periods[-1].last
    managed = [
        (period, account, person)
        for account in source.key_accounts
        for period, person in source.managers(account)
    ]
    accounts_of: dict[tuple[int, str], int] = defaultdict(int)
    for period, _, person in managed:
        accounts_of[period.index, person] += 1
    shares = [
        (
            period,
            account,
            person,
            (Decimal(1) / accounts_of[period.index, person]).quantize(Decimal("0.00000001")),
        )
        for period, account, person in managed
    ]
    for spell in spells(shares, end):
        yield spell.person, "AW-TEAM", spell.account, spell.value, "", "", spell.first, spell.last or ""
    for row in source.rows("compensation.csv"):
        quota_from = min(
            quota["period_start"] for quota in source.rows("quotas.csv") if quota["person"] == row["person"]
        )
        yield row["person"], "AW-COMMISSION", "", "1", "rate", row["commission_pct"], quota_from, ""


FILES = {
    "periods.csv": ("code,fiscal_year,number,from,to,cut_off_on,pay_on", periods_rows),
    "segments.csv": ("segment_code,kind,name", segments_rows),
    "key_accounts.csv": (
        "account_code,name,parent_code,node_type,segment,country,region,currency,strategy,tier,programme_start",
        key_accounts_rows,
    ),
    "people.csv": ("employee_id,name,email,manager_employee_id,payroll_number,cost_centre", people_rows),
    "employments.csv": (
        "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason",
        employments_rows,
    ),
    "packages.csv": (
        "employee_id,base_salary,variable_target,pool_target,currency,from,to",
        packages_rows,
    ),
    "team_memberships.csv": (
        "account_code,employee_id,role,link,dedication_pct,scope,leader_employee_id,segments,effective_from,effective_to",
        memberships_rows,
    ),
    "account_targets.csv": (
        "metric_code,account_code,employee_id,from,to,target,currency,issued_on",
        account_targets_rows,
    ),
    "assignments.csv": (
        "employee_id,plan_code,account_code,share,parameter,parameter_value,from,to",
        assignments_rows,
    ),
}


def derive(*, source: Path, target: Path) -> None:
    """Read the source's files and write the derived ones."""
    read = Source(source)
    target.mkdir(parents=True, exist_ok=True)
    for name, (header, rows) in FILES.items():
        written = list(rows(read))
        with (target / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header.split(","))
            writer.writerows(written)
        print(f"{name}: {len(written)} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description="Derive the files that AdventureWorks does not have.")
    parser.add_argument("--from", dest="source", type=Path, required=True, help="folder of the source files")
    parser.add_argument("--to", dest="target", type=Path, required=True, help="folder to write into")
    options = parser.parse_args()
    derive(source=options.source, target=options.target)


if __name__ == "__main__":
    main()
