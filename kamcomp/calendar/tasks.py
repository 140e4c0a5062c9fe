"""The calendar's beat: periods open and cut off on their dates."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from kamcomp.calendar import services


@shared_task
def periods_advance() -> None:
    """Move every period on as today's date says. The demo company's days stand still."""
    if not settings.DEMO_MODE:
        services.periods_advance(on=timezone.localdate())
