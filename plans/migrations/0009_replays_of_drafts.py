"""A replay is of a working draft too, before it is a version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0008_acceptances"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="replay",
            name="draft",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replays",
                to="plans.draft",
            ),
        ),
        migrations.AlterField(
            model_name="replay",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replays",
                to="plans.planversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="replay",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("draft", None), ("version__isnull", False)),
                    models.Q(("draft__isnull", False), ("version", None)),
                    _connector="OR",
                ),
                name="replays_are_of_one_document",
            ),
        ),
    ]
