"""The daily check of the books leaves a row, which is audited as every other."""

import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    dependencies = [
        ("calendar", "0004_periods_move_on_and_lock"),
        ("payouts", "0012_adjustments_are_held_and_paid_too"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="LedgerCheck",
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
                    ("checked_at", models.DateTimeField()),
                    (
                        "period",
                        models.ForeignKey(
                            help_text="Empty: the books of all periods.",
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="calendar.period",
                        ),
                    ),
                    ("runs", models.PositiveIntegerField()),
                    ("postings", models.PositiveIntegerField()),
                    ("files", models.PositiveIntegerField()),
                    (
                        "found",
                        models.PositiveIntegerField(default=0, help_text="How many findings there were."),
                    ),
                    (
                        "findings",
                        models.JSONField(default=list, help_text="The first of them: code and sentence."),
                    ),
                    (
                        "unexplained",
                        models.JSONField(default=dict, help_text="Amounts that do not follow, by currency."),
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
                ],
                options={
                    "abstract": False,
                },
            ),
        ],
        audited("payouts_ledgercheck"),
    )
