"""An exception can ask for personal terms: which assignment it departs from, and what is to hold instead."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0027_reasons_keep_their_pieces"),
        ("plans", "0014_returned_drafts_are_edited"),
    ]

    operations = [
        migrations.AddField(
            model_name="planexception",
            name="assignment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="exceptions",
                to="plans.assignment",
            ),
        ),
        migrations.AddField(
            model_name="planexception",
            name="terms",
            field=models.JSONField(
                help_text="Share, values by name and days, with the usual, as text.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="planexception",
            name="kind",
            field=models.CharField(
                choices=[
                    ("deal", "Deal structure"),
                    ("crediting", "Crediting"),
                    ("timing", "Timing"),
                    ("quota", "Quota"),
                    ("payout", "Payout"),
                    ("terms", "Personal terms"),
                ],
                max_length=14,
            ),
        ),
        migrations.AddConstraint(
            model_name="planexception",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assignment__isnull", True), ("terms__isnull", True)),
                    models.Q(("assignment__isnull", False), ("terms__isnull", False)),
                    _connector="OR",
                ),
                name="exceptions_terms_are_of_an_assignment",
            ),
        ),
    ]
