"""What the clock asks of this room: personal fields past their retention date are erased every day."""

from celery import shared_task
from django.utils import timezone

from teams import services


@shared_task(name="teams.people_erase")
def people_erase() -> None:
    """Erase the personal fields of everybody whose retention date has passed: the clock's daily task."""
    services.people_erase_due(at=timezone.now())
