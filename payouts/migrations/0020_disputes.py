"""Disputes and questions: one open a line, answered by others than prepared it, upheld by an adjustment."""

import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, function, numbers_only, operations, status_moves, trigger


MOVING = "'{status,assigned_to_id,due_on,answer,answered_by_id,answered_at,adjustment_id,closed_by_id,closed_at}'::text[]"


class Migration(migrations.Migration):
    dependencies = [
        ("calendar", "0004_periods_move_on_and_lock"),
        ("payouts", "0019_payout_register"),
        ("teams", "0007_amounts_are_numbers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.AlterField(
                model_name="adjustment",
                name="kind",
                field=models.CharField(
                    choices=[
                        ("correction", "Late fact"),
                        ("true_up", "True-up"),
                        ("draw", "Draw"),
                        ("guarantee", "Guarantee"),
                        ("clawback", "Clawback"),
                        ("goodwill", "Goodwill"),
                        ("ceiling", "Personal ceiling"),
                        ("dispute", "Upheld dispute"),
                    ],
                    max_length=10,
                ),
            ),
            migrations.CreateModel(
                name="Dispute",
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
                    ("line", models.PositiveSmallIntegerField(null=True)),
                    (
                        "kind",
                        models.CharField(
                            choices=[("question", "Question"), ("dispute", "Dispute")], max_length=8
                        ),
                    ),
                    ("claim", models.TextField()),
                    ("claimed", models.DecimalField(decimal_places=6, max_digits=21, null=True)),
                    ("currency", models.CharField(max_length=3)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("open", "Open"),
                                ("in_review", "In review"),
                                ("upheld", "Upheld"),
                                ("partly_upheld", "Partly upheld"),
                                ("rejected", "Rejected"),
                                ("answered", "Answered"),
                                ("closed", "Closed"),
                            ],
                            default="open",
                            max_length=13,
                        ),
                    ),
                    ("due_on", models.DateField()),
                    ("answer", models.TextField(blank=True)),
                    ("answered_at", models.DateTimeField(null=True)),
                    ("closed_at", models.DateTimeField(null=True)),
                    (
                        "about",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="disputes",
                            to="payouts.adjustment",
                        ),
                    ),
                    (
                        "adjustment",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="dispute",
                            to="payouts.adjustment",
                        ),
                    ),
                    (
                        "allocation",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="disputes",
                            to="payouts.allocation",
                        ),
                    ),
                    (
                        "answered_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "assigned_to",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                    (
                        "closed_by",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
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
                        "payout",
                        models.ForeignKey(
                            db_constraint=False,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="disputes",
                            to="payouts.payout",
                        ),
                    ),
                    (
                        "period",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="disputes",
                            to="calendar.period",
                        ),
                    ),
                    (
                        "person",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="disputes",
                            to="teams.person",
                        ),
                    ),
                ],
            ),
            migrations.CreateModel(
                name="DisputeMessage",
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
                    ("at", models.DateTimeField()),
                    ("text", models.TextField()),
                    (
                        "by",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
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
                        "dispute",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="messages",
                            to="payouts.dispute",
                        ),
                    ),
                ],
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("about", None),
                            ("allocation", None),
                            ("line__isnull", False),
                            ("payout__isnull", False),
                        ),
                        models.Q(
                            ("about", None), ("allocation__isnull", False), ("line", None), ("payout", None)
                        ),
                        models.Q(
                            ("about__isnull", False), ("allocation", None), ("line", None), ("payout", None)
                        ),
                        _connector="OR",
                    ),
                    name="disputes_have_one_subject",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("claim", ""), _negated=True),
                        models.Q(("claimed", None), ("claimed__gt", 0), _connector="OR"),
                    ),
                    name="disputes_have_a_claim",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("answer", ""),
                            ("answered_at", None),
                            ("answered_by", None),
                            ("status__in", ("open", "in_review")),
                        ),
                        models.Q(
                            models.Q(("status__in", ("open", "in_review")), _negated=True),
                            ("answered_at__isnull", False),
                            ("answered_by__isnull", False),
                            models.Q(("answer", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="disputes_answer_is_whole",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("adjustment__isnull", False), ("status__in", ("upheld", "partly_upheld"))),
                        ("status", "closed"),
                        models.Q(
                            models.Q(("status__in", ("upheld", "partly_upheld", "closed")), _negated=True),
                            ("adjustment", None),
                        ),
                        _connector="OR",
                    ),
                    name="disputes_upheld_have_an_adjustment",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("kind", "question"),
                            models.Q(("status__in", ("upheld", "partly_upheld", "rejected")), _negated=True),
                        ),
                        models.Q(("kind", "dispute"), models.Q(("status", "answered"), _negated=True)),
                        _connector="OR",
                    ),
                    name="disputes_questions_are_answered",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("closed_at__isnull", False), ("closed_by__isnull", False), ("status", "closed")
                        ),
                        models.Q(
                            models.Q(("status", "closed"), _negated=True),
                            ("closed_at", None),
                            ("closed_by", None),
                        ),
                        _connector="OR",
                    ),
                    name="disputes_closed_by_someone",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("payout__isnull", False), ("status__in", ("open", "in_review"))),
                    fields=("payout", "line"),
                    name="disputes_one_open_a_line",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("allocation__isnull", False), ("status__in", ("open", "in_review"))),
                    fields=("allocation",),
                    name="disputes_one_open_a_share",
                ),
            ),
            migrations.AddConstraint(
                model_name="dispute",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("about__isnull", False), ("status__in", ("open", "in_review"))),
                    fields=("about",),
                    name="disputes_one_open_an_adjustment",
                ),
            ),
            migrations.AddConstraint(
                model_name="disputemessage",
                constraint=models.CheckConstraint(
                    condition=models.Q(("text", ""), _negated=True), name="dispute_messages_say_something"
                ),
            ),
        ],
        numbers_only("payouts_dispute", "claimed"),
        status_moves(
            "payouts_dispute",
            law="disputes_move_on",
            born=["open"],
            moves=[
                ("open", "in_review"),
                ("in_review", "upheld"),
                ("in_review", "partly_upheld"),
                ("in_review", "rejected"),
                ("in_review", "answered"),
                ("upheld", "in_review"),
                ("partly_upheld", "in_review"),
                ("upheld", "closed"),
                ("partly_upheld", "closed"),
                ("rejected", "closed"),
                ("answered", "closed"),
            ],
        ),
        append_only("payouts_dispute", law="disputes_stay", may_update=True),
        append_only("payouts_disputemessage", law="dispute_messages_stay"),
        function(
            "law_dispute_apart",
            """
DECLARE
    apart uuid[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status = 'closed' OR to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving THEN
            PERFORM law_refuse('disputes_claims_stay', format(
                'case %s stays as it was opened; only its answer and state move on', OLD.number));
        END IF;
    END IF;
    -- Who prepared what is disputed, who handed it out, and whose pay it is.
    SELECT array_agg(who) INTO apart FROM (
        SELECT user_id AS who FROM teams_person WHERE id = NEW.person_id
        UNION ALL SELECT NEW.created_by_id
        UNION ALL SELECT run.started_by_id FROM payouts_payout AS payout
            JOIN payouts_run AS run ON run.id = payout.run_id WHERE payout.id = NEW.payout_id
        UNION ALL SELECT unnest(ARRAY[pool.submitted_by_id, allocator.user_id]) FROM payouts_allocation AS share
            JOIN payouts_pool AS pool ON pool.id = share.pool_id
            LEFT JOIN teams_person AS allocator ON allocator.id = pool.allocator_id
            WHERE share.id = NEW.allocation_id
        UNION ALL SELECT unnest(ARRAY[about.proposed_by_id, about.decided_by_id])
            FROM payouts_adjustment AS about WHERE about.id = NEW.about_id
    ) AS those WHERE who IS NOT NULL;
    IF NEW.assigned_to_id = ANY (apart) OR NEW.answered_by_id = ANY (apart) THEN
        PERFORM law_refuse('disputes_are_answered_by_others', format(
            'case %s is answered by another than prepared, allocated or is paid what it is about', NEW.number));
    END IF;
    RETURN NEW;
END""".replace("moving", MOVING),
        ),
        trigger(
            "disputes_are_answered_by_others",
            on="payouts_dispute",
            when="BEFORE INSERT OR UPDATE",
            runs="law_dispute_apart",
        ),
        audited("payouts_dispute"),
        audited("payouts_disputemessage"),
    )
