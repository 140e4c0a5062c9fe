"""What the clock does for the REST interface."""

from celery import shared_task
from django.utils import timezone

from kamcomp.api.services import answers_clear


@shared_task(name="api.answers_clear")
def answers_clear_task() -> int:
    """Forget answers older than a day."""
    return answers_clear(at=timezone.now())
