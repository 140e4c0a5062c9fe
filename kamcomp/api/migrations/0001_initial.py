"""Keys of programs, answers that are kept for a day, and how often a caller asked."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
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
                name="Usage",
                fields=[
                    ("caller", models.CharField(max_length=80, primary_key=True, serialize=False)),
                    ("minute", models.BigIntegerField(help_text="Minutes since 1970.")),
                    ("asked", models.PositiveIntegerField()),
                ],
            ),
            migrations.CreateModel(
                name="ApiKey",
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
                    (
                        "prefix",
                        models.CharField(
                            help_text="How the key begins; not secret.", max_length=24, unique=True
                        ),
                    ),
                    ("digest", models.CharField(help_text="SHA-256 of the whole key.", max_length=64)),
                    (
                        "scopes",
                        django.contrib.postgres.fields.ArrayField(
                            base_field=models.CharField(max_length=40), size=None
                        ),
                    ),
                    ("expires_at", models.DateTimeField()),
                    ("last_used_at", models.DateTimeField(null=True)),
                    ("revoked_at", models.DateTimeField(null=True)),
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
                        "revoked_by",
                        models.ForeignKey(
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
                            related_name="api_keys",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "constraints": [
                        models.UniqueConstraint(fields=("digest",), name="api_keys_one_secret"),
                        models.CheckConstraint(
                            condition=models.Q(
                                (
                                    "expires_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("created_at"),
                                        "+",
                                        models.Value("366 days", models.DurationField()),
                                    ),
                                )
                            ),
                            name="api_keys_expire_within_a_year",
                        ),
                        models.CheckConstraint(
                            condition=models.Q(
                                models.Q(("revoked_at", None), ("revoked_by", None)),
                                models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                                _connector="OR",
                            ),
                            name="api_keys_revoked_by_someone",
                        ),
                    ],
                },
            ),
            migrations.CreateModel(
                name="KeptAnswer",
                fields=[
                    ("id", models.BigAutoField(primary_key=True, serialize=False)),
                    ("key", models.CharField(max_length=255)),
                    (
                        "body_digest",
                        models.CharField(help_text="SHA-256 of method, address and body.", max_length=64),
                    ),
                    ("status", models.PositiveSmallIntegerField()),
                    ("headers", models.JSONField(default=dict)),
                    ("body", models.TextField(blank=True)),
                    ("kept_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    (
                        "user",
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    ),
                ],
                options={
                    "indexes": [models.Index(fields=["kept_at"], name="kept_answers_by_age")],
                    "constraints": [
                        models.UniqueConstraint(fields=("user", "key"), name="kept_answers_one_each")
                    ],
                },
            ),
        ],
        audited("api_apikey", masked=["digest"], ignored=["last_used_at"]),
        # Counts of requests are worth no write-ahead log: a crash forgets them.
        [migrations.RunSQL("ALTER TABLE api_usage SET UNLOGGED", "ALTER TABLE api_usage SET LOGGED")],
    )
