"""Ship the metric library, and keep the full quotient of a result."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from kamcomp.ids import uuid7
from scorecards.catalogue import catalogue_metrics


def ship(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    metrics = apps.get_model("scorecards", "Metric").objects.using(schema_editor.connection.alias)
    known = set(metrics.values_list("code", flat=True))
    metrics.bulk_create(
        metrics.model(id=uuid7(), **metric._asdict())
        for metric in catalogue_metrics()
        if metric.code not in known
    )


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    metrics = apps.get_model("scorecards", "Metric").objects.using(schema_editor.connection.alias)
    metrics.filter(
        code__in=[metric.code for metric in catalogue_metrics()], results=None, targets=None
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0005_credits_are_whole")]

    operations = [
        *(
            migrations.AlterField(
                "result", name, models.DecimalField(max_digits=60, decimal_places=34, null=True)
            )
            for name in ("numerator", "denominator", "value")
        ),
        migrations.RunPython(ship, take_back),
    ]
