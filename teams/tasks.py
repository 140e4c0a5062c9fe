"""What the clock asks of this room: what is kept of people is erased every day once its last day has passed."""

from celery import shared_task
from django.utils import timezone

from teams import services
from teams.services.care import care_erase_due


@shared_task(name="teams.people_erase")
def people_erase() -> None:
    """Erase what is past its last day, personal fields and what HR keeps besides pay: the clock's daily task."""
    services.people_erase_due(at=timezone.now())
    care_erase_due(at=timezone.now())
