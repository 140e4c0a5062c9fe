"""Replays: the evidence of what a version would have paid, written once."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, numbers_only, operations


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0006_working_drafts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="Replay",
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
                    ("version_digest", models.CharField(max_length=64)),
                    ("at", models.DateTimeField()),
                    (
                        "periods",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=20),
                            help_text="Codes of the locked periods, in order.",
                            size=None,
                        ),
                    ),
                    (
                        "people_of",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=60), size=None
                        ),
                    ),
                    ("currency", models.CharField(max_length=3)),
                    ("people", models.PositiveIntegerField()),
                    (
                        "paid",
                        models.DecimalField(
                            decimal_places=6, help_text="To people, in these periods.", max_digits=21
                        ),
                    ),
                    ("replayed", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("pools_paid", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("pools_replayed", models.DecimalField(decimal_places=6, max_digits=21)),
                    (
                        "figures",
                        models.JSONField(
                            help_text="Sums by period, by leaf and by pool; what was read anew."
                        ),
                    ),
                    (
                        "problems",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.TextField(),
                            help_text="Who could not be replayed, and why.",
                            size=None,
                        ),
                    ),
                    ("input_digest", models.CharField(max_length=64)),
                    ("result_digest", models.CharField(max_length=64)),
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
                        "version",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="replays",
                            to="plans.planversion",
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("periods", []), _negated=True),
                                models.Q(("people_of", []), _negated=True),
                            ),
                            name="replays_are_of_periods",
                        )
                    ],
                },
            ),
        ],
        numbers_only("plans_replay", "paid", "replayed", "pools_paid", "pools_replayed"),
        append_only("plans_replay", law="replays_stay"),
        audited("plans_replay", ignored=["figures", "problems"]),
    )
