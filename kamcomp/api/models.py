"""
What the REST interface keeps: the keys of programs, the answers of writes that carried a key, and counts of requests.

A key is a random secret of which only the SHA-256 is kept. Rules: docs/how-to/use-the-api.md.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from kamcomp.records import Record
from kamcomp.visibility import SeenQuerySet


class ApiKey(Record):
    """A secret with which a program acts as a user, within scopes and until a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80, help_text="What it is for.")
    prefix = models.CharField(max_length=24, unique=True, help_text="How the key begins; not secret.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the whole key.")
    scopes = ArrayField(models.CharField(max_length=40))
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="api_keys_one_secret", fields=["digest"]),
            models.CheckConstraint(
                name="api_keys_expire_within_a_year",
                condition=Q(
                    expires_at__lte=F("created_at") + models.Value("366 days", models.DurationField())
                ),
            ),
            models.CheckConstraint(
                name="api_keys_revoked_by_someone",
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class KeptAnswer(models.Model):
    """The answer of a write that carried an idempotency key: said again to whoever sends the same once more."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    kept_at = models.DateTimeField(db_default=Now())

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="kept_answers_one_each", fields=["user", "key"])]
        indexes = [models.Index(name="kept_answers_by_age", fields=["kept_at"])]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"


class Usage(models.Model):
    """How often a caller asked within one minute. Unlogged: a crash forgets it, which lets somebody ask again."""

    caller = models.CharField(primary_key=True, max_length=80)
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    asked = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.caller}: {self.asked}"
