"""
What a chunk keeps is compressed when it is made, and digests do not compress: the database need not try again.

Rows stored before stay readable; only what is stored from now on lies outside the row as it is.
"""

from django.db import migrations

COLUMNS = ("inputs", "input_digests", "result_digests")


def stored(how: str) -> str:
    return "ALTER TABLE payouts_runchunk " + ", ".join(
        f"ALTER COLUMN {column} SET STORAGE {how}" for column in COLUMNS
    )


class Migration(migrations.Migration):
    dependencies = [("payouts", "0021_statement_readings")]

    operations = [migrations.RunSQL(sql=stored("EXTERNAL"), reverse_sql=stored("EXTENDED"))]
