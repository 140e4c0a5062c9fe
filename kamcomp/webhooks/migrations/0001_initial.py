"""Who is told, what happened, and what became of telling it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.grants import narrowed
from kamcomp.laws import audited, operations


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0005_seals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="WebhookDelivery",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=kamcomp.ids.uuid7, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("waiting", "Waiting"),
                                ("delivered", "Delivered"),
                                ("failed", "Given up"),
                            ],
                            default="waiting",
                            max_length=9,
                        ),
                    ),
                    (
                        "tries",
                        models.PositiveSmallIntegerField(default=0, help_text="Since it was last asked for."),
                    ),
                    (
                        "due_at",
                        models.DateTimeField(
                            db_default=django.db.models.functions.datetime.Now(),
                            help_text="Not tried before.",
                        ),
                    ),
                    ("delivered_at", models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name="WebhookAttempt",
                fields=[
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    ("at", models.DateTimeField()),
                    (
                        "status_code",
                        models.PositiveSmallIntegerField(help_text="null: there was no answer.", null=True),
                    ),
                    (
                        "answer",
                        models.CharField(blank=True, help_text="How the answer began.", max_length=500),
                    ),
                    (
                        "error",
                        models.CharField(blank=True, help_text="Why there was no answer.", max_length=300),
                    ),
                    ("milliseconds", models.PositiveIntegerField()),
                    (
                        "delivery",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="attempts",
                            to="webhooks.webhookdelivery",
                        ),
                    ),
                ],
            ),
            migrations.CreateModel(
                name="WebhookEndpoint",
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
                    ("name", models.CharField(help_text="What it is for.", max_length=80)),
                    ("url", models.CharField(max_length=500)),
                    (
                        "events",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(
                                choices=[
                                    ("run.completed", "A run is calculated"),
                                    ("statement.published", "Statements of a period are final"),
                                    ("allocation.submitted", "A team pool is handed in"),
                                    ("payout.approved", "Payouts of a run are approved"),
                                    ("payout.paid", "Payroll has paid"),
                                    ("dispute.opened", "A question or dispute is opened"),
                                ],
                                max_length=24,
                            ),
                            size=None,
                        ),
                    ),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("active", "Active"),
                                ("disabled", "Disabled after failures"),
                                ("ended", "Ended"),
                            ],
                            default="active",
                            max_length=8,
                        ),
                    ),
                    (
                        "failing_since",
                        models.DateTimeField(help_text="Since when every delivery has failed.", null=True),
                    ),
                    (
                        "stopped_at",
                        models.DateTimeField(help_text="When it was disabled or ended.", null=True),
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
            ),
            migrations.AddField(
                model_name="webhookdelivery",
                name="endpoint",
                field=models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="deliveries",
                    to="webhooks.webhookendpoint",
                ),
            ),
            migrations.CreateModel(
                name="WebhookEvent",
                fields=[
                    (
                        "id",
                        models.UUIDField(
                            default=kamcomp.ids.uuid7, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    (
                        "type",
                        models.CharField(
                            choices=[
                                ("run.completed", "A run is calculated"),
                                ("statement.published", "Statements of a period are final"),
                                ("allocation.submitted", "A team pool is handed in"),
                                ("payout.approved", "Payouts of a run are approved"),
                                ("payout.paid", "Payroll has paid"),
                                ("dispute.opened", "A question or dispute is opened"),
                            ],
                            max_length=24,
                        ),
                    ),
                    ("key", models.CharField(max_length=120)),
                    ("at", models.DateTimeField()),
                    (
                        "data",
                        models.JSONField(help_text="Public ids and codes; no name of a person, no amount."),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["at"], name="webhook_events_by_moment")],
                    "constraints": [
                        models.UniqueConstraint(fields=("key",), name="webhook_events_happen_once")
                    ],
                },
            ),
            migrations.AddField(
                model_name="webhookdelivery",
                name="event",
                field=models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="deliveries",
                    to="webhooks.webhookevent",
                ),
            ),
            migrations.CreateModel(
                name="WebhookSecret",
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
                    ("salt", models.CharField(help_text="256 random bits.", max_length=64)),
                    ("made_at", models.DateTimeField()),
                    (
                        "until",
                        models.DateTimeField(help_text="Until when it signs; null: in use.", null=True),
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
                        "endpoint",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="secrets",
                            to="webhooks.webhookendpoint",
                        ),
                    ),
                ],
            ),
            migrations.AddConstraint(
                model_name="webhookendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(("events__len__gt", 0)), name="webhook_endpoints_hear_something"
                ),
            ),
            migrations.AddConstraint(
                model_name="webhookendpoint",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "active"), ("stopped_at", None)),
                        models.Q(
                            models.Q(("status", "active"), _negated=True), ("stopped_at__isnull", False)
                        ),
                        _connector="OR",
                    ),
                    name="webhook_endpoints_stopped_have_a_moment",
                ),
            ),
            migrations.AddIndex(
                model_name="webhookdelivery",
                index=models.Index(
                    condition=models.Q(("status", "waiting")),
                    fields=["due_at"],
                    name="webhook_deliveries_due",
                ),
            ),
            migrations.AddConstraint(
                model_name="webhookdelivery",
                constraint=models.UniqueConstraint(
                    fields=("endpoint", "event"), name="webhook_deliveries_one_each"
                ),
            ),
            migrations.AddConstraint(
                model_name="webhookdelivery",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "delivered"), _negated=True),
                        ("delivered_at__isnull", False),
                        _connector="OR",
                    ),
                    name="webhook_deliveries_made_have_a_moment",
                ),
            ),
            migrations.AddConstraint(
                model_name="webhooksecret",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("until", None)),
                    fields=("endpoint",),
                    name="webhook_secrets_one_in_use",
                ),
            ),
            migrations.AddConstraint(
                model_name="webhooksecret",
                constraint=models.CheckConstraint(
                    condition=models.Q(("until", None), ("until__gte", models.F("made_at")), _connector="OR"),
                    name="webhook_secrets_end_after_they_begin",
                ),
            ),
        ],
        audited("webhooks_webhookendpoint", ignored=["failing_since"]),
        audited("webhooks_webhooksecret", masked=["salt"]),
        # What happened, and each try, is only added to.
        [
            narrowed("webhooks_webhookevent", to=["SELECT", "INSERT"]),
            narrowed("webhooks_webhookattempt", to=["SELECT", "INSERT"]),
        ],
    )
