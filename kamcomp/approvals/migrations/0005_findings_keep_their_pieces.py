"""A finding keeps the literal and the values of its sentence, so that a page says it in the reader's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_decided_once")]

    operations = [
        migrations.AddField(
            model_name="finding", name="said", field=models.JSONField(editable=False, null=True)
        ),
    ]
