"""What people are told, once by its key; and what they want by mail."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import kamcomp.ids
from django.conf import settings
from django.db import migrations, models

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
                name="NoticeSetting",
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
                    ("by_mail", models.BooleanField(default=True)),
                    (
                        "not_by_mail",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(
                                choices=[
                                    ("account_review", "Results of your accounts wait for your review"),
                                    ("adjustment_decide", "An adjustment waits for your decision"),
                                    ("dispute_answer", "A question or dispute waits for your answer"),
                                    ("dispute_answered", "Your question or dispute has been answered"),
                                    ("dispute_message", "Somebody wrote in a question or dispute of yours"),
                                    ("exception_decide", "An exception waits for you"),
                                    ("exception_decided", "An exception you asked for has been decided"),
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
                    ("language", models.CharField(default="en", max_length=8)),
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
                        "user",
                        models.OneToOneField(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="notice_setting",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "abstract": False,
                },
            ),
            migrations.CreateModel(
                name="Notice",
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
                    (
                        "kind",
                        models.CharField(
                            choices=[
                                ("account_review", "Results of your accounts wait for your review"),
                                ("adjustment_decide", "An adjustment waits for your decision"),
                                ("dispute_answer", "A question or dispute waits for your answer"),
                                ("dispute_answered", "Your question or dispute has been answered"),
                                ("dispute_message", "Somebody wrote in a question or dispute of yours"),
                                ("exception_decide", "An exception waits for you"),
                                ("exception_decided", "An exception you asked for has been decided"),
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
                    ("key", models.CharField(max_length=120)),
                    (
                        "about",
                        models.CharField(
                            blank=True,
                            help_text="A period or a number; never a name or amount.",
                            max_length=60,
                        ),
                    ),
                    ("path", models.CharField(max_length=200)),
                    ("at", models.DateTimeField()),
                    (
                        "read_at",
                        models.DateTimeField(
                            help_text="When it was read, or what waited was done.", null=True
                        ),
                    ),
                    (
                        "mail",
                        models.CharField(
                            choices=[
                                ("waiting", "Waiting"),
                                ("begun", "Begun"),
                                ("sent", "Sent"),
                                ("off", "Not wanted"),
                                ("late", "Too late"),
                                ("failed", "Failed"),
                            ],
                            default="waiting",
                            max_length=7,
                        ),
                    ),
                    ("mail_after", models.DateTimeField(help_text="Not mailed before.")),
                    ("mailed_at", models.DateTimeField(null=True)),
                    ("attempts", models.PositiveSmallIntegerField(default=0)),
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
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="notices",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "indexes": [
                        models.Index(
                            condition=models.Q(("mail", "waiting")),
                            fields=["mail_after"],
                            name="notices_to_mail",
                        ),
                        models.Index(
                            condition=models.Q(("read_at", None)), fields=["user"], name="notices_unread"
                        ),
                        models.Index(
                            condition=models.Q(("read_at", None)),
                            fields=["path"],
                            name="notices_waiting_there",
                        ),
                    ],
                    "constraints": [
                        models.UniqueConstraint(fields=("user", "key"), name="notices_told_once"),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("mail", "sent"), ("mailed_at__isnull", False)),
                                models.Q(models.Q(("mail", "sent"), _negated=True), ("mailed_at", None)),
                                _connector="OR",
                            ),
                            name="notices_sent_have_a_moment",
                        ),
                    ],
                },
            ),
        ],
        audited("notices_notice", ignored=["attempts", "mail_after"]),
        audited("notices_noticesetting"),
    )
