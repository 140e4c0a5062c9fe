"""Add a column that today's release does not know to the tables that a run and an import write."""

from django.db import migrations

TABLES = ("payouts_payout", "payouts_runchunk", "teams_person")


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL(
            sql=f"ALTER TABLE {table} ADD COLUMN tomorrow text NOT NULL DEFAULT ''",
            reverse_sql=f"ALTER TABLE {table} DROP COLUMN tomorrow",
        )
        for table in TABLES
    ]
