"""
A quarter from files to closed books: imported, run, reviewed, allocated, approved, locked, exported, verified.

By the commands a company would type, on files it would have. The figures were worked by
hand: 1,150,000 of 1,000,000 sold is 115 %, which the curve pays with 130 %.
"""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from kamcomp.identity.models import User
from kamcomp.identity.selectors import user_named
from plans.models import Plan
from plans.services import assignment_make
from teams.models import Person, StrategicAccount
from teams.services import account_activate

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "accounts": "account_code,name,parent_code,node_type,segment,country,region,currency,strategy,tier,"
    "first_invoice_on\n"
    "ACME,Acme,,parent,,DE,Europe,EUR,grow,1,2026-01-01\n",
    "people": "employee_id,name,email,manager_employee_id,payroll_number,cost_centre\n"
    "K1,Ingrid Solheim,,,0001,CC1\nS1,Priya Nair,,K1,0002,CC2\nS2,Tom Weber,,K1,0003,CC2\nS3,Ken Yamada,,K1,0004,CC2\n",
    "employments": "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason\n"
    "K1,Halden,DE,en,1,key_account_manager,EUR,2025-01-01,,\nS1,Halden,DE,en,1,customer_service,EUR,2025-01-01,,\n"
    "S2,Halden,DE,en,1,billing,EUR,2025-01-01,,\nS3,Halden,DE,en,1,inside_sales,EUR,2025-01-01,2026-02-14,resigned\n",
    "packages": "employee_id,base_salary,variable_target,pool_target,currency,from,to\n"
    "K1,90000.00,24000.00,0,EUR,2025-01-01,\nS1,50000.00,0,8000.00,EUR,2025-01-01,\n"
    "S2,50000.00,0,4000.00,EUR,2025-01-01,\nS3,50000.00,0,4000.00,EUR,2025-01-01,\n",
    "team_memberships": "account_code,employee_id,role,link,dedication_pct,scope,leader_employee_id,segments,"
    "effective_from,effective_to\n"
    "ACME,K1,key_account_manager,direct,100,account,,,2026-01-01,\n"
    "ACME,S1,customer_service,direct,60,account,K1,,2026-01-01,\n"
    "ACME,S2,billing,matrix,30,account,K1,,2026-01-01,\n"
    "ACME,S3,inside_sales,direct,100,account,K1,,2026-01-01,\n",
    "transactions": "source_id,line,date,account_code,segment,product,quantity,revenue,cost,currency,"
    "employee_id,credit_pct\n"
    "INV-1,1,2026-01-20,ACME,,,1,700000.00,,EUR,,\nINV-2,1,2026-03-31,ACME,,,1,450000.00,,EUR,,\n",
    "targets": "metric_code,account_code,employee_id,from,to,target,currency,issued_on\n"
    "M01,ACME,,2026-01-01,2026-03-31,1000000,EUR,2025-12-15\n",
}
PLAN = """{
  "format": "kamcomp.plan/1", "code": "ACME-2026", "name": "Acme growth", "type": "team_performance", "currency": "EUR",
  "effective": {"from": "2026-01-01", "to": "2026-12-31"}, "period": "quarter",
  "incentive": {"children": [
    {"code": "REV", "kind": "goal", "weight": "1", "metric": "M01",
     "curve": {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "2.00"]]}}]},
  "pool": {"funding": {"rule": "targets_times_result", "node": "REV"}, "bounds": ["0.50", "1.50"],
           "zero_with_reason": true, "reason_beyond": "0.20", "if_late": "guideline"}
}"""
Q1 = "--period=2026-Q1"


def manage(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def rows_of(folder: Path, profile: str) -> list[dict[str, str]]:
    target = folder / f"{profile}.csv"
    manage("payouts", "export", Q1, f"--profile={profile}", f"--to={target}", "--by=jonas")
    with target.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.EXPORT_ROOT = tmp_path / "exports"
    return tmp_path


@pytest.fixture
def company(folder) -> Path:
    """Set the company up: users, calendar, files, plan, who is on it."""
    for name, role in [
        ("maren", "comp_admin"),
        ("anders", "executive"),
        ("jonas", "finance"),
        ("ingrid", "kam"),
    ]:
        manage("users", "add", name, f"--role={role}", "--since=2025-01-01")
    manage("calendar", "make", "FY", "--name=Fiscal year", "--first-day=2026-01-01", "--by=maren")
    manage("calendar", "advance", "--on=2026-04-02")
    for kind, text in FILES.items():
        manage("import", kind, put(folder, f"{kind}.csv", text), "--commit", "--by=maren")
    plan = put(folder, "plan.json", PLAN)
    manage("plans", "import", plan, "--calendar=FY", "--account=ACME", "--by=maren")
    manage("payouts", "simulate", "ACME-2026", "--keep=First look", "--by=maren")
    manage("plans", "approve", "ACME-2026", "--by=anders")
    manage("plans", "publish", "ACME-2026", "--reason=Agreed in December", "--by=maren")
    kam, maren = Person.objects.get(employee_id="K1"), user_named("maren")
    kam.user = User.objects.get(username="ingrid")
    kam.save(update_fields=["user"])
    account = StrategicAccount.objects.get(node__code="ACME")
    account_activate(account_id=account.pk, by=maren)
    assignment_make(person=kam, plan=Plan.objects.get(), since=date(2026, 1, 1), account=account, by=maren)
    return folder


def test_a_quarter_is_paid(company, owner_sql):
    manage("payouts", "run", Q1, "--by=maren", "--here")
    manage("payouts", "confirm", Q1, "--account=ACME", "--by=ingrid")
    manage("payouts", "review", Q1, "--by=anders")
    # Targets of 2,000 and 1,000 a quarter (Ken left) at 130 %: 3,900; shared 0.6 to 0.3.
    assert "3900.00" in manage("payouts", "pool", "list", Q1)
    assert "left on 14 Feb 2026" in manage("payouts", "pool", "show", Q1, "--account=ACME")

    with pytest.raises(CommandError, match="S2: 1,800.00 is 500.00 off the guideline of 1,300.00"):
        manage(
            "payouts", "pool", "submit", Q1, "--account=ACME", "--set=S1=2100", "--set=S2=1800", "--by=ingrid"
        )
    shares = ["--set=S1=2100", "--set=S2=1800", "--why=S2=Cleared the old invoices"]
    manage("payouts", "pool", "submit", Q1, "--account=ACME", *shares, "--by=ingrid")
    manage("payouts", "pool", "approve", Q1, "--account=ACME", "--by=anders")
    manage("payouts", "approve", Q1, "--by=jonas")
    manage("payouts", "lock", Q1, "--by=jonas")

    # The KAM: 24,000 a year, 6,000 a quarter at 130 %.
    paid = {row["payroll_number"]: row["amount"] for row in rows_of(company, "payroll")}
    assert paid == {"0001": "7800.00", "0002": "2100.00", "0003": "1800.00"}
    posted: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(company, "gl_journal"):
        posted[row["account"]] += Decimal(row["amount"])
    assert posted == {"expense": Decimal("11700.00"), "payable": Decimal("-11700.00"), "pool": 0}
    trace = rows_of(company, "full_trace")
    assert {row["amount"] for row in trace if row["record"] == "line"} == {"7800.00"}
    assert any(
        "1150000" in row["value"] or "1150000" in row["inputs"] for row in trace if row["record"] == "step"
    )

    assert "all equal" in manage("payouts", "verify", Q1)
    owner_sql.execute("SET session_replication_role = replica")
    owner_sql.execute("UPDATE payouts_payoutline SET amount = amount + 0.01")
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("payouts", "verify", Q1, stdout=said)
    assert "K1" in said.getvalue()
    assert "+0.01 EUR" in said.getvalue()


def test_an_invoice_that_comes_late_is_paid_next_quarter(company, folder):
    manage("payouts", "run", Q1, "--by=maren", "--here")
    manage("payouts", "review", Q1, "--by=anders")
    manage("payouts", "pool", "guideline", Q1, "--by=ingrid")
    manage("payouts", "pool", "submit", Q1, "--by=ingrid")
    manage("payouts", "pool", "approve", Q1, "--by=anders")
    manage("payouts", "approve", Q1, "--by=jonas")
    manage("payouts", "lock", Q1, "--by=jonas")
    header = FILES["transactions"].splitlines()[0]
    late = f"{header}\nINV-3,1,2026-03-30,ACME,,,1,50000.00,,EUR,,\n"
    manage("import", "transactions", put(folder, "late.csv", late), "--commit", "--by=maren")

    said = manage("payouts", "late-facts", "--period=2026-Q2", "--by=maren")

    # 120 % pays 140 %: 600.00 more for the KAM, 300.00 more for the pool.
    assert "600.00" in said
    assert "300.00" in said
    assert "2 correction(s) proposed in 2026-Q2, 0 note(s)" in said
    assert "Approved" in manage("payouts", "adjust", "approve", "--period=2026-Q2", "--by=jonas")
    assert "0 correction(s)" in manage("payouts", "late-facts", "--period=2026-Q2", "--by=maren")
    assert "all equal" in manage("payouts", "verify", Q1)
