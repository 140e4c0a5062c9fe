"""A problem of a run keeps the literal and the values of its sentence, so that a page says it in the reader's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0025_replays")]

    operations = [
        migrations.AddField(
            model_name="runproblem", name="said", field=models.JSONField(editable=False, null=True)
        ),
    ]
