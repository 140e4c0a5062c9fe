"""Why somebody takes no part in a pool keeps its literal and values, so that a page says it in the reader's language."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0028_exceptions_of_terms")]

    operations = [
        migrations.AddField(
            model_name="allocation", name="said", field=models.JSONField(editable=False, null=True)
        ),
    ]
