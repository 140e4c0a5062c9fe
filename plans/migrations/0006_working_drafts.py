"""Working drafts and their steps: designed here, submitted as versions; what was done stays."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

from kamcomp.laws import append_only, audited, operations, status_moves


class Migration(migrations.Migration):
    dependencies = [
        ("calendar", "0006_dates_moved_audit"),
        ("plans", "0005_amounts_are_numbers"),
        ("teams", "0009_team_edits_audit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = operations(
        [
            migrations.CreateModel(
                name="Draft",
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
                    ("name", models.CharField(max_length=160)),
                    ("document", models.JSONField()),
                    (
                        "status",
                        models.CharField(
                            choices=[
                                ("editing", "Editing"),
                                ("submitted", "Submitted"),
                                ("discarded", "Discarded"),
                            ],
                            default="editing",
                            max_length=9,
                        ),
                    ),
                    ("step", models.PositiveIntegerField(default=0)),
                    (
                        "undoable",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.PositiveIntegerField(), default=list, size=None
                        ),
                    ),
                    (
                        "redoable",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.PositiveIntegerField(), default=list, size=None
                        ),
                    ),
                    ("changed_at", models.DateTimeField()),
                    (
                        "account",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="teams.strategicaccount",
                        ),
                    ),
                    (
                        "based_on",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="plans.planversion",
                        ),
                    ),
                    (
                        "calendar",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="calendar.fiscalcalendar",
                        ),
                    ),
                    (
                        "changed_by",
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
                        "plan",
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="drafts",
                            to="plans.plan",
                        ),
                    ),
                    (
                        "version",
                        models.OneToOneField(
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="draft",
                            to="plans.planversion",
                        ),
                    ),
                ],
            ),
            migrations.CreateModel(
                name="DraftStep",
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
                    ("number", models.PositiveIntegerField()),
                    (
                        "kind",
                        models.CharField(
                            choices=[("change", "Change"), ("undo", "Undone"), ("redo", "Done again")],
                            default="change",
                            max_length=6,
                        ),
                    ),
                    ("edits", models.JSONField()),
                    ("back", models.JSONField()),
                    ("made_at", models.DateTimeField()),
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
                        "draft",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="steps",
                            to="plans.draft",
                        ),
                    ),
                ],
            ),
            migrations.AddConstraint(
                model_name="draft",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("status", "submitted"), ("version__isnull", False)),
                        models.Q(models.Q(("status", "submitted"), _negated=True), ("version", None)),
                        _connector="OR",
                    ),
                    name="plan_drafts_submitted_are_versions",
                ),
            ),
            migrations.AddConstraint(
                model_name="draftstep",
                constraint=models.UniqueConstraint(
                    fields=("draft", "number"), name="plan_draft_steps_one_number"
                ),
            ),
        ],
        status_moves(
            "plans_draft",
            law="plan_drafts_move_on",
            born=["editing"],
            moves=[("editing", "submitted"), ("editing", "discarded"), ("discarded", "editing")],
        ),
        append_only("plans_draft", law="plan_drafts_stay", may_update=True),
        append_only("plans_draftstep", law="plan_draft_steps_stay"),
        # The steps say what was changed of the document; the entry says that, by whom and when.
        audited("plans_draft", masked=["document"]),
        audited("plans_draftstep"),
    )
