"""Leave an audit entry for every change of a milestone, and let the weight of the long run be a number like the others."""

from django.db import migrations

from kamcomp.laws import audited, numbers_only, operations

WEIGHTS = ("defend_weight", "grow_weight", "profit_weight")
BEFORE = numbers_only("teams_strategicaccount", *WEIGHTS)
WITH_IT = numbers_only("teams_strategicaccount", *WEIGHTS, "long_emphasis")


class Migration(migrations.Migration):
    dependencies = [("teams", "0010_programme_terms")]

    operations = operations(
        audited("teams_objectivemilestone"),
        migrations.RunSQL(sql=BEFORE.reverse_sql, reverse_sql=BEFORE.sql),
        WITH_IT,
    )
