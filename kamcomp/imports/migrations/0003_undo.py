"""Keep what an undo needs: the row an import left, its first day, the periods locked before it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("imports", "0002_audit")]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="first_day",
            field=models.DateField(
                help_text="The earliest day that its rows say something about.", null=True
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="locked_before",
            field=models.JSONField(
                default=list, help_text="Ids of the periods that were locked already when it was committed."
            ),
        ),
        migrations.AddField(
            model_name="importchange",
            name="after",
            field=models.JSONField(
                help_text="The row the import left; null when it took the row away.", null=True
            ),
        ),
    ]
