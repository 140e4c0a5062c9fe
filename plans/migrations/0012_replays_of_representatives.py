"""Replays of regional representatives, told from those of the plan's own people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plans", "0011_draft_briefs_audit")]

    operations = [
        migrations.AddField(
            model_name="replay",
            name="kind",
            field=models.CharField(
                choices=[("plan", "Of the plan"), ("reps", "Of regional representatives")],
                default="plan",
                max_length=4,
            ),
        ),
    ]
