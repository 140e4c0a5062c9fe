"""Exceptions from a plan: requested by one, reviewed and decided by others, kept as they were decided."""

import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, function, numbers_only, operations, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [
        ("calendar", "0004_periods_move_on_and_lock"),
        ("payouts", "0023_decisions_by_the_databases_clock"),
        ("plans", "0005_amounts_are_numbers"),
        ("teams", "0009_team_edits_audit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="PlanException",
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
                    ("number", models.PositiveIntegerField(unique=True)),
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("deal", "Deal structure"),
                                ("crediting", "Crediting"),
                                ("timing", "Timing"),
                                ("quota", "Quota"),
                                ("payout", "Payout"),
                            ],
                            max_length=14,
                        ),
                    ),
                    ("reason", models.TextField()),
                    (
                        "precedent",
                        models.TextField(
                            blank=True, help_text="Where the like was allowed before, if it was."
                        ),
                    ),
                    ("amount", models.DecimalField(decimal_places=6, max_digits=21)),
                    ("currency", models.CharField(max_length=3)),
                    ("expires_on", models.DateField()),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("requested", "Requested"),
                                ("reviewed", "Reviewed"),
                                ("approved", "Approved"),
                                ("rejected", "Rejected"),
                                ("expired", "Expired"),
                            ],
                            default="requested",
                            max_length=9,
                        ),
                    ),
                    ("reviewed_at", models.DateTimeField(null=True)),
                    ("decided_at", models.DateTimeField(null=True)),
                    ("decision", models.TextField(blank=True, help_text="The approver's words.")),
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
                        "decided_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "period",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="exceptions",
                            to="calendar.period",
                        ),
                    ),
                    (
                        "person",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="exceptions",
                            to="teams.person",
                        ),
                    ),
                    (
                        "plan",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="exceptions",
                            to="plans.plan",
                        ),
                    ),
                    (
                        "requested_by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "reviewed_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("reviewed_by", None),
                                    models.Q(("reviewed_by", models.F("requested_by")), _negated=True),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("decided_by", None),
                                    models.Q(("decided_by", models.F("requested_by")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            name="exceptions_requester_neither_reviews_nor_approves",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                ("amount__gt", 0),
                                models.Q(("reason", ""), _negated=True),
                                models.Q(("currency", ""), _negated=True),
                            ),
                            name="exceptions_are_whole",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("decided_by", None),
                                    ("reviewed_by", None),
                                    ("status__in", ("requested",)),
                                ),
                                models.Q(
                                    ("decided_by", None),
                                    ("reviewed_by__isnull", False),
                                    ("status", "reviewed"),
                                ),
                                models.Q(
                                    ("decided_by__isnull", False),
                                    ("reviewed_by__isnull", False),
                                    ("status__in", ("approved", "rejected", "expired")),
                                ),
                                _connector="OR",
                            ),
                            name="exceptions_steps_have_somebody",
                        ),
                    ],
                },
            ),
        ],
        numbers_only("payouts_planexception", "amount"),
        status_moves(
            "payouts_planexception",
            law="exceptions_move_on",
            born=["requested"],
            moves=[
                ("requested", "reviewed"),
                ("reviewed", "approved"),
                ("reviewed", "rejected"),
                ("approved", "expired"),
            ],
        ),
        append_only("payouts_planexception", law="exceptions_stay", may_update=True),
        function(
            "law_exception_stays",
            """
DECLARE
    steps text[] := '{status,reviewed_by_id,reviewed_at,decided_by_id,decided_at,decision}';
BEGIN
    IF to_jsonb(NEW) - steps <> to_jsonb(OLD) - steps THEN
        PERFORM law_refuse('exceptions_requests_stay', format(
            'exception %s stays as it was requested; request another one', OLD.number));
    ELSIF OLD.status IN ('approved', 'rejected', 'expired')
          AND to_jsonb(NEW) - 'status' <> to_jsonb(OLD) - 'status' THEN
        PERFORM law_refuse('exceptions_requests_stay', format(
            'exception %s stays as it was decided', OLD.number));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "exceptions_requests_stay",
            on="payouts_planexception",
            when="BEFORE UPDATE",
            runs="law_exception_stays",
        ),
        audited("payouts_planexception"),
    )
