"""
The record of who changed what. Rows are written by database functions only
(docs/adr on audit and roles): the application's role cannot write, change or
delete them. A sealer chains each day's entries.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kamcomp.audit.exact import ExactDecoder
from kamcomp.visibility import SeenQuerySet


class AuditEvent(models.Model):
    """One change of one row, or one act; the subject is a table and an id."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    user_id = models.UUIDField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=60, help_text="The act: the service's name.")
    session_role = models.CharField(max_length=63, help_text="The database role that wrote.")
    operation = models.CharField(max_length=6, help_text="insert, update, delete or act.")
    subject_table = models.CharField(max_length=63)
    subject_id = models.CharField(max_length=64)
    before = models.JSONField(null=True, decoder=ExactDecoder)
    after = models.JSONField(null=True, decoder=ExactDecoder)

    objects = SeenQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(name="audit_events_by_subject", fields=["subject_table", "subject_id"]),
            models.Index(name="audit_events_by_time", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.subject_table} {self.subject_id}"


class AuditSeal(models.Model):
    """
    A link of the chain: the digest of each of a row of entries, and one over them and the seal before.

    `digest` of the last seal is the anchor: printed outside the database, it fixes every entry up to it.
    """

    id = models.BigAutoField(primary_key=True)
    sealed_at = models.DateTimeField()
    first_event = models.BigIntegerField()
    last_event = models.BigIntegerField()
    events = models.PositiveIntegerField()
    event_ids = ArrayField(models.BigIntegerField())
    event_digests = ArrayField(models.CharField(max_length=64))
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = SeenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="audit_seals_do_not_branch", fields=["previous_digest"])]

    def __str__(self) -> str:
        return f"{self.events} entries to {self.last_event}"
