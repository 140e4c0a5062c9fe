"""Adjustments and runs keep the literal and the values of a sentence of ours, so that a page says it in any language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0026_problems_keep_their_pieces")]

    operations = [
        migrations.AddField(
            model_name="adjustment", name="said", field=models.JSONField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="run", name="error_said", field=models.JSONField(editable=False, null=True)
        ),
    ]
