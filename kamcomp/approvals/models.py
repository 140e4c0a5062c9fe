"""Second-person decisions, and findings. Both point at their subject by table and id."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.records import Record
from kamcomp.said import SaidField, spoken
from kamcomp.visibility import SeenQuerySet


class Approval(Record):
    """One step that somebody prepared and somebody else decides, bound to a digest of what they saw."""

    subject_table = models.CharField(max_length=63)
    subject_id = models.UUIDField()
    step = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the content approved.")
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    comment = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(name="approvals_by_subject", fields=["subject_table", "subject_id"])]
        constraints = [
            models.CheckConstraint(
                name="approvals_preparer_is_not_approver",
                condition=Q(decided_by=None) | ~Q(decided_by=F("prepared_by")),
            ),
            models.CheckConstraint(
                name="approvals_decision_has_a_decider",
                condition=Q(decision=Decision.PENDING, decided_by=None, decided_at=None)
                | Q(
                    decision__in=[Decision.APPROVED, Decision.REJECTED],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.subject_table}: {self.get_decision_display()}"


class Finding(models.Model):
    """What a check, an import or a run found about an object."""

    id = models.BigAutoField(primary_key=True)
    found_at = models.DateTimeField(db_default=Now())
    subject_table = models.CharField(max_length=63)
    subject_id = models.CharField(max_length=64)
    rule = models.CharField(max_length=60)
    message = models.TextField()
    said = SaidField(of="message")
    value = models.CharField(max_length=200, blank=True)
    limit = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=12, choices=Severity)
    status = models.CharField(max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_reason = models.TextField(blank=True)

    objects = SeenQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(name="findings_by_subject", fields=["subject_table", "subject_id"])]

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"

    @property
    def words(self) -> str:
        """Return the message with its pieces, for pages to word."""
        return spoken(self.message, self.said)
