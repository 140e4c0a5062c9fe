"""States of an import batch."""

from django.db.models import TextChoices


class BatchStatus(TextChoices):
    UPLOADED = "uploaded", "Uploaded"
    PREVIEWED = "previewed", "Previewed"
    COMMITTED = "committed", "Committed"
    UNDONE = "undone", "Undone"
    REJECTED = "rejected", "Rejected"
