"""Find a period's invoice lines by their day, however many years are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0006_metric_library")]

    operations = [
        migrations.AddIndex("transaction", models.Index(name="transactions_by_day", fields=["date"])),
    ]
