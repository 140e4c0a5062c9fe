"""The daily seal."""

from celery import shared_task
from django.utils import timezone

from kamcomp.audit import services


@shared_task
def audit_seal() -> None:
    """Seal the day's entries."""
    services.audit_seal(at=timezone.now())
