"""Plans put before those they pay: the text stays, an answer stays, and nobody answers for another."""

import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, function, operations, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0007_replays"),
        ("teams", "0009_team_edits_audit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="Acceptance",
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
                    ("language", models.CharField(max_length=8)),
                    ("text", models.JSONField()),
                    ("digest", models.CharField(help_text="SHA-256 of the text.", max_length=64)),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("sent", "Sent"),
                                ("opened", "Opened"),
                                ("signed", "Signed"),
                                ("refused", "Refused"),
                                ("lapsed", "Lapsed"),
                            ],
                            default="sent",
                            max_length=7,
                        ),
                    ),
                    ("sent_at", models.DateTimeField()),
                    ("opened_at", models.DateTimeField(null=True)),
                    ("answered_at", models.DateTimeField(null=True)),
                    ("reason", models.TextField(blank=True, help_text="Why it was refused.")),
                    ("reminded_at", models.DateTimeField(null=True)),
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
                        "person",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="acceptances",
                            to="teams.person",
                        ),
                    ),
                    (
                        "version",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="acceptances",
                            to="plans.planversion",
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(
                            fields=("version", "person"), name="acceptances_one_a_person"
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(
                                    ("answered_at__isnull", False),
                                    ("answered_by__isnull", False),
                                    ("opened_at__isnull", False),
                                    ("status__in", ["signed", "refused"]),
                                ),
                                models.Q(
                                    ("answered_at", None),
                                    ("answered_by", None),
                                    models.Q(("status__in", ["signed", "refused"]), _negated=True),
                                ),
                                _connector="OR",
                            ),
                            name="acceptances_answers_are_whole",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("status", "refused"), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                                _connector="OR",
                            ),
                            name="acceptances_refused_say_why",
                        ),
                    ],
                },
            ),
        ],
        status_moves(
            "plans_acceptance",
            law="acceptances_move_on",
            born=["sent"],
            moves=[
                ("sent", "opened"),
                ("sent", "lapsed"),
                ("opened", "signed"),
                ("opened", "refused"),
                ("opened", "lapsed"),
            ],
        ),
        append_only("plans_acceptance", law="acceptances_stay", may_update=True),
        function(
            "law_acceptance_stays",
            """
DECLARE
    steps text[] := '{status,opened_at,answered_at,answered_by_id,reason,reminded_at}';
BEGIN
    IF to_jsonb(NEW) - steps <> to_jsonb(OLD) - steps THEN
        PERFORM law_refuse('acceptances_texts_stay', 'what was put before somebody stays as it was sent');
    ELSIF OLD.status IN ('signed', 'refused') AND to_jsonb(NEW) <> to_jsonb(OLD) THEN
        PERFORM law_refuse('acceptances_texts_stay', 'what was signed or refused stays as it was answered');
    ELSIF NEW.answered_by_id IS NOT NULL AND NEW.answered_by_id IS DISTINCT FROM (
              SELECT user_id FROM teams_person WHERE id = NEW.person_id) THEN
        PERFORM law_refuse('acceptances_answered_by_their_own', 'nobody answers for another');
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "acceptances_texts_stay", on="plans_acceptance", when="BEFORE UPDATE", runs="law_acceptance_stays"
        ),
        audited("plans_acceptance", ignored=["text", "reminded_at"]),
    )
