"""
The payout register before the lock pays what the lock will: what is owed on balance takes nothing off the payment.

After the lock the ledger says so; before, it follows from the decided adjustments.
"""

from importlib import import_module

from django.db import migrations

BEFORE: str = import_module("payouts.migrations.0019_payout_register").VIEW
OWED = """
UNION ALL
    SELECT run.id, a.person_id, a.currency, 0, 0, -sum(a.amount), 0, 0
      FROM payouts_adjustment a
      JOIN current_run run ON run.period_id = a.period_id
     WHERE a.status = 'approved' AND a.person_id IS NOT NULL AND a.kind <> 'ceiling' AND run.status <> 'locked'
     GROUP BY run.id, a.person_id, a.currency
    HAVING sum(a.amount) < 0
), whole AS (
"""


def replacing(view: str) -> str:
    """Return the statement that puts a text in the view's place."""
    return view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW")


class Migration(migrations.Migration):
    dependencies = [("payouts", "0029_what_shares_lack_keeps_its_pieces")]

    operations = [
        migrations.RunSQL(replacing(BEFORE.replace("\n), whole AS (\n", OWED)), replacing(BEFORE)),
    ]
