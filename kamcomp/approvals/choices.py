"""States of a decision and weights of a finding."""

from django.db.models import TextChoices


class Decision(TextChoices):
    PENDING = "pending", "Waiting"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class Severity(TextChoices):
    BLOCKS = "blocks", "Blocks"
    TO_LOOK_AT = "to_look_at", "To look at"
    INFORMATION = "information", "Information"


class FindingStatus(TextChoices):
    OPEN = "open", "Open"
    SETTLED = "settled", "Settled"
    WAIVED = "waived", "Waived with a reason"
