"""The words of webhooks: what happens, how an endpoint stands, how a delivery stands."""

from django.db.models import TextChoices


class EventType(TextChoices):
    RUN_COMPLETED = "run.completed", "A run is calculated"
    STATEMENT_PUBLISHED = "statement.published", "Statements of a period are final"
    ALLOCATION_SUBMITTED = "allocation.submitted", "A team pool is handed in"
    PAYOUT_APPROVED = "payout.approved", "Payouts of a run are approved"
    PAYOUT_PAID = "payout.paid", "Payroll has paid"
    DISPUTE_OPENED = "dispute.opened", "A question or dispute is opened"


class EndpointStatus(TextChoices):
    ACTIVE = "active", "Active"
    DISABLED = "disabled", "Disabled after failures"
    ENDED = "ended", "Ended"


class DeliveryStatus(TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"
