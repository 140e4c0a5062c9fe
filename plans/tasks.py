"""What the clock asks of plans."""

from celery import shared_task
from django.utils import timezone

from plans.services.acceptances import acceptances_lapse, acceptances_remind


@shared_task(name="plans.acceptances_sweep")
def acceptances_sweep() -> None:
    """Let lapse what is over, and remind who has not answered: the clock's daily task."""
    at = timezone.now()
    acceptances_lapse(on=timezone.localdate(at), at=at)
    acceptances_remind(at=at)
