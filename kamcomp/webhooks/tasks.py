"""The way out of what happened: rung for by the act that wrote it, and looked for by the clock."""

from celery import shared_task

from kamcomp.webhooks.deliveries import deliveries_send
from kamcomp.webhooks.outbox import DELIVER_TASK


@shared_task(name=DELIVER_TASK)
def webhooks_deliver() -> None:
    """Send what is due; a message too many finds nothing."""
    deliveries_send()
