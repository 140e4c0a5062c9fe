"""A correction keeps what of it is of leaves that count a period alone: no later run of the year settles that."""

from django.db import migrations, models

from kamcomp.laws import numbers_only, operations

AMOUNTS = ("amount", "due", "posted_before")
BEFORE = numbers_only("payouts_adjustment", *AMOUNTS)
WITH_IT = numbers_only("payouts_adjustment", *AMOUNTS, "alone")


class Migration(migrations.Migration):
    dependencies = [("payouts", "0031_adjustments_are_reversed_once")]

    operations = operations(
        migrations.AddField(
            model_name="adjustment",
            name="alone",
            field=models.DecimalField(
                db_default=0,
                decimal_places=6,
                default=0,
                help_text="The part of the amount of leaves that count a period alone, where others of the plan "
                "accumulate.",
                max_digits=21,
            ),
        ),
        migrations.RunSQL(sql=BEFORE.reverse_sql, reverse_sql=BEFORE.sql),
        WITH_IT,
    )
