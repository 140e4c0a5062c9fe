"""A decision on an adjustment also carries the database's moment, so that it and a run's are told by one clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0022_kept_inputs_are_compressed_once")]

    operations = [
        migrations.AddField(
            model_name="adjustment",
            name="decision_recorded_at",
            field=models.DateTimeField(
                editable=False,
                help_text="By the database's clock, which tells what a run knew.",
                null=True,
            ),
        ),
    ]
