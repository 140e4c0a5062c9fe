"""What a job failed of keeps its literal and values, so that a page says it in the reader's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_requests_and_attempts")]

    operations = [
        migrations.AddField(model_name="job", name="said", field=models.JSONField(editable=False, null=True)),
    ]
