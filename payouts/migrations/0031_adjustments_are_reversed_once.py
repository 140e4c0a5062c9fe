"""An adjustment names the one it reverses, and only one that is not rejected does."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0030_register_knows_what_is_owed")]

    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="reverses",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="payouts.adjustment",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("status", "rejected"), _negated=True), ("reverses__isnull", False)
                ),
                fields=("reverses",),
                name="adjustments_are_reversed_once",
            ),
        ),
    ]
