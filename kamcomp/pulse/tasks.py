"""The clock's question to the workers: is somebody there?"""

from celery import shared_task

from kamcomp.pulse.choices import Door
from kamcomp.pulse.services import canary_touch, worker_name


@shared_task(name="pulse.canary")
def canary() -> None:
    """Touch the canary of messages."""
    canary_touch(door=Door.MESSAGE, worker=worker_name())
