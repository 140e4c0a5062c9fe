"""
Commission on cash, from files to payroll: an invoice of the first quarter is paid in parts, and a part goes back.

By the commands a company would type. 10,000 invoiced in February at 10 %, earned half when
booked, half as it is paid: half of it in March, the rest in May; a payment of 2,000 bounces
in July.
"""

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError

from kamcomp.identity.selectors import user_named
from payouts.models import Payout
from plans.models import Plan
from plans.services import assignment_make
from teams.models import Person
from tests.journeys.test_quarter import manage, put

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "accounts": "account_code,name,parent_code,node_type,segment,country,region,currency,strategy,tier,"
    "first_invoice_on\nACME,Acme,,parent,,DE,Europe,EUR,grow,1,2026-01-01\n",
    "people": "employee_id,name,email,manager_employee_id,payroll_number,cost_centre\nS1,Priya Nair,,,0002,CC2\n",
    "employments": "employee_id,employer,jurisdiction,work_language,fte,job_role,payroll_currency,from,to,end_reason\n"
    "S1,Halden,DE,en,1,key_account_manager,EUR,2025-01-01,,\n",
    "packages": "employee_id,base_salary,variable_target,pool_target,currency,from,to\n"
    "S1,50000.00,0,0,EUR,2025-01-01,\n",
    "transactions": "source_id,line,date,account_code,segment,product,quantity,revenue,cost,currency,"
    "employee_id,credit_pct\nINV-1,1,2026-02-10,ACME,,,1,10000.00,,EUR,S1,100\n",
}
PLAN = """{
  "format": "kamcomp.plan/1", "code": "CASH-2026", "name": "Paid as cash comes in", "type": "team_performance",
  "currency": "EUR", "effective": {"from": "2026-01-01", "to": "2026-12-31"}, "period": "quarter",
  "commissions": [
    {"code": "DEALS", "kind": "commission", "tiers": [{"from": "0", "rate": "0.10"}],
     "earned_on": [{"event": "booking", "share": "0.5"}, {"event": "payment", "share": "0.5"}]}]
}"""
PARTS = "source_id,collection_id,collected_on,amount,currency\n"


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.EXPORT_ROOT = tmp_path / "exports"
    for name, role in [("maren", "comp_admin"), ("anders", "executive"), ("jonas", "finance")]:
        manage("users", "add", name, f"--role={role}", "--since=2025-01-01")
    manage("calendar", "make", "FY", "--name=Fiscal year", "--first-day=2026-01-01", "--by=maren")
    for kind, text in FILES.items():
        manage("import", kind, put(tmp_path, f"{kind}.csv", text), "--commit", "--by=maren")
    plan = put(tmp_path, "plan.json", PLAN)
    manage("plans", "import", plan, "--calendar=FY", "--by=maren")
    manage("plans", "approve", "CASH-2026", "--by=anders")
    manage("plans", "publish", "CASH-2026", "--reason=Agreed in December", "--by=maren")
    assignment_make(
        person=Person.objects.get(), plan=Plan.objects.get(), since=date(2026, 1, 1), by=user_named("maren")
    )
    return tmp_path


def came(folder: Path, *parts: str) -> None:
    """Import payments."""
    path = put(folder, f"{parts[0].split(',')[1]}.csv", PARTS + "\n".join(parts) + "\n")
    manage("import", "collections", path, "--commit", "--by=maren")


def closed(number: int) -> str:
    """Run a quarter to closed books and return what it pays."""
    period = f"--period=2026-Q{number}"
    manage("calendar", "advance", f"--on=2026-{3 * number + 1:02}-02")
    manage("payouts", "run", period, "--by=maren", "--here")
    manage("payouts", "review", period, "--by=anders")
    manage("payouts", "approve", period, "--by=jonas")
    manage("payouts", "lock", period, "--by=jonas")
    assert "all equal" in manage("payouts", "verify", period)
    return str(Payout.objects.get(period__code=f"2026-Q{number}").amount.quantize(1))


def test_a_deal_is_paid_as_its_cash_comes_in(folder):
    came(folder, "INV-1,P1,2026-03-15,5000.00,EUR")
    assert closed(1) == "750"  # 500 on the booking, half of the other 500

    came(folder, "INV-1,P2,2026-05-20,5000.00,EUR")
    assert closed(2) == "250"

    with pytest.raises(CommandError, match="Nothing was written: 1 findings"):
        came(folder, "INV-1,P3,2026-05-21,0.01,EUR")
    came(folder, "INV-1,P4,2026-07-03,-2000.00,EUR")
    assert closed(3) == "0"
    assert Payout.objects.get(period__code="2026-Q3").carried == -100


def test_a_payment_that_is_known_late_is_corrected_in_the_open_quarter(folder):
    came(folder, "INV-1,P1,2026-03-15,5000.00,EUR")
    closed(1)
    came(folder, "INV-1,P2,2026-03-30,1000.00,EUR")

    said = manage("payouts", "late-facts", "--period=2026-Q2", "--by=maren")

    assert "50.00" in said
    assert "1 correction(s) proposed in 2026-Q2, 0 note(s)" in said
    manage("payouts", "adjust", "approve", "--period=2026-Q2", "--by=jonas")
    assert closed(2) == "0"
    assert "0 correction(s)" in manage("payouts", "late-facts", "--period=2026-Q3", "--by=maren")
