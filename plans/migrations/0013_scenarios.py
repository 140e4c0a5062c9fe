"""Scenarios: simulations that were kept, written once."""

import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, operations


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0012_replays_of_representatives"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="Scenario",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=kamcomp.ids.uuid7, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "created_at",
                        models.DateTimeField(
                            db_default=django.db.models.functions.datetime.Now(), editable=False
                        ),
                    ),
                    ("document_digest", models.CharField(max_length=64)),
                    ("name", models.CharField(max_length=80)),
                    ("at", models.DateTimeField()),
                    ("asked", models.JSONField(blank=True, default=dict)),
                    ("currency", models.CharField(max_length=3)),
                    ("people", models.PositiveIntegerField()),
                    ("draws", models.PositiveIntegerField()),
                    (
                        "figures",
                        models.JSONField(
                            help_text="Quantiles of cost, cost at stated results, chances by measure; as text."
                        ),
                    ),
                    (
                        "created_by",
                        models.ForeignKey(
                            editable=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "draft",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="scenarios",
                            to="plans.draft",
                        ),
                    ),
                    (
                        "version",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="scenarios",
                            to="plans.planversion",
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("draft__isnull", True), ("version__isnull", False)),
                                models.Q(("draft__isnull", False), ("version__isnull", True)),
                                _connector="OR",
                            ),
                            name="scenarios_are_of_a_draft_or_a_version",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(("name", ""), _negated=True), name="scenarios_have_a_name"
                        ),
                    ],
                },
            ),
        ],
        append_only("plans_scenario", law="scenarios_stay"),
        audited("plans_scenario", ignored=["figures"]),
    )
