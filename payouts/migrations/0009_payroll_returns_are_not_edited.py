"""What payroll answered is a fact: restated by a new row, never edited."""

from django.db import migrations

from kamcomp.laws import not_edited, operations


class Migration(migrations.Migration):
    dependencies = [("payouts", "0008_payout_closing_balances"), ("scorecards", "0003_facts_are_not_edited")]

    operations = operations(
        not_edited("payouts_payrollreturn", law="payroll_returns_are_not_edited", stay="payroll_returns_stay")
    )
