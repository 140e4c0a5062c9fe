"""What happens after the lock happens to adjustments too; payment may be known from a file alone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("payouts", "0011_amounts_are_numbers"),
    ]

    operations = [
        migrations.AddField(
            "payoutevent",
            "adjustment",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="payouts.adjustment",
            ),
        ),
        migrations.AlterField(
            "payoutevent",
            "by",
            models.ForeignKey(
                help_text="Empty: a file.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveConstraint("payoutevent", "payout_events_have_one_subject"),
        migrations.AddConstraint(
            "payoutevent",
            models.CheckConstraint(
                name="payout_events_have_one_subject",
                condition=Q(payout__isnull=False, allocation=None, adjustment=None)
                | Q(payout=None, allocation__isnull=False, adjustment=None)
                | Q(payout=None, allocation=None, adjustment__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "payoutevent",
            models.CheckConstraint(
                name="payout_events_have_an_actor", condition=Q(kind="paid") | Q(by__isnull=False)
            ),
        ),
    ]
