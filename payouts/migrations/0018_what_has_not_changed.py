"""What a run takes over from the one before: which run, how many payouts, and the digests by which it is known."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payouts", "0017_chunks_are_audited_by_their_figures")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="based_on",
            field=models.ForeignKey(
                db_index=False,
                help_text="The earlier run whose payouts are taken over where their inputs are the same.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="payouts.run",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="taken_over",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Payouts taken over unchanged."
            ),
        ),
        migrations.AddField(
            model_name="runchunk",
            name="engine_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the engine's source that computed it.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="runchunk",
            name="taken_over",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Payouts taken over unchanged."
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="result_digest",
            field=models.BinaryField(
                help_text="32 bytes: of this payout and its lines, without ids.", null=True
            ),
        ),
    ]
