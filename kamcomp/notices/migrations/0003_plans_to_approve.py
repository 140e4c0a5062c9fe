"""Notices of plans that wait for an approval, or came back."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_plans_to_sign"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("acceptance_refused", "A plan you sent has been refused"),
                    ("acceptance_sign", "A plan waits for your signature"),
                    ("account_review", "Results of your accounts wait for your review"),
                    ("adjustment_decide", "An adjustment waits for your decision"),
                    ("dispute_answer", "A question or dispute waits for your answer"),
                    ("dispute_answered", "Your question or dispute has been answered"),
                    ("dispute_message", "Somebody wrote in a question or dispute of yours"),
                    ("exception_decide", "An exception waits for you"),
                    ("exception_decided", "An exception you asked for has been decided"),
                    ("plan_approve", "A plan waits for your approval"),
                    ("plan_returned", "A plan came back to you"),
                    ("pool_allocate", "A team pool waits to be allocated"),
                    ("pool_decide", "A team pool waits for your decision"),
                    ("pool_returned", "A team pool came back to you"),
                    ("run_approve", "A run waits for your approval"),
                    ("run_lock", "A run waits to be locked"),
                    ("run_review", "A run waits for your review"),
                    ("statement_final", "Your statement is final"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="noticesetting",
            name="not_by_mail",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("acceptance_refused", "A plan you sent has been refused"),
                        ("acceptance_sign", "A plan waits for your signature"),
                        ("account_review", "Results of your accounts wait for your review"),
                        ("adjustment_decide", "An adjustment waits for your decision"),
                        ("dispute_answer", "A question or dispute waits for your answer"),
                        ("dispute_answered", "Your question or dispute has been answered"),
                        ("dispute_message", "Somebody wrote in a question or dispute of yours"),
                        ("exception_decide", "An exception waits for you"),
                        ("exception_decided", "An exception you asked for has been decided"),
                        ("plan_approve", "A plan waits for your approval"),
                        ("plan_returned", "A plan came back to you"),
                        ("pool_allocate", "A team pool waits to be allocated"),
                        ("pool_decide", "A team pool waits for your decision"),
                        ("pool_returned", "A team pool came back to you"),
                        ("run_approve", "A run waits for your approval"),
                        ("run_lock", "A run waits to be locked"),
                        ("run_review", "A run waits for your review"),
                        ("statement_final", "Your statement is final"),
                    ],
                    max_length=20,
                ),
                default=list,
                size=None,
            ),
        ),
    ]
