"""
Look a line's credits up by their index, always.

The check runs for every credit when its import commits. On a table that the same import has just filled, the
planner still believes it empty and would read all of it for each row.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0008_amounts_are_numbers")]

    operations = [
        migrations.RunSQL(
            sql="ALTER FUNCTION law_credits_whole() SET enable_seqscan = off",
            reverse_sql="ALTER FUNCTION law_credits_whole() RESET enable_seqscan",
        )
    ]
