"""What a replay comes to for each person, written once."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from kamcomp.laws import append_only, audited_in_bulk, numbers_only, operations


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0024_plan_exceptions"),
        ("plans", "0007_replays"),
        ("teams", "0009_team_edits_audit"),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="ReplayPerson",
                fields=[
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    (
                        "account",
                        models.CharField(
                            blank=True,
                            help_text="Name of the account they were paid on last.",
                            max_length=160,
                        ),
                    ),
                    ("currency", models.CharField(max_length=3)),
                    ("target", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("paid", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("replayed", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("difference", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("figures", models.JSONField()),
                    (
                        "person",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="+", to="teams.person"
                        ),
                    ),
                    (
                        "replay",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="payees",
                            to="plans.replay",
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("replay", "person"), name="replay_people_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "difference",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("replayed"), "-", models.F("paid")
                                    ),
                                )
                            ),
                            name="replay_people_differ_by_the_difference",
                        ),
                    ],
                },
            ),
        ],
        numbers_only("payouts_replayperson", "target", "paid", "replayed", "difference"),
        append_only("payouts_replayperson", law="replay_people_stay"),
        audited_in_bulk("payouts_replayperson"),
    )
