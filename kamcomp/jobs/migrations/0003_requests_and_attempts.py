"""A job knows what was asked for and how often it was begun, and moves on as its states say."""

from django.db import migrations, models

from kamcomp.laws import operations, status_moves


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_audit"),
        ("audit", "0003_refusals"),
    ]

    operations = operations(
        [
            migrations.AddField(
                model_name="job",
                name="attempt",
                field=models.PositiveSmallIntegerField(default=0, help_text="How often it was begun."),
            ),
            migrations.AddField(
                model_name="job",
                name="request",
                field=models.JSONField(
                    default=dict, help_text="What was asked for: words and ids, no amounts."
                ),
            ),
        ],
        status_moves(
            "jobs_job",
            law="jobs_move_on",
            born=["queued", "done"],
            moves=[("queued", "running"), ("running", "queued"), ("running", "done"), ("running", "failed")],
        ),
    )
