"""The mail of notices: rung for by the act that wrote them, and looked for by the clock."""

from celery import shared_task
from django.utils import timezone

from kamcomp.notices.services import MAIL_TASK, notices_mail


@shared_task(name=MAIL_TASK)
def notices_mail_all() -> None:
    """Mail what waits; a message too many finds nothing."""
    notices_mail(at=timezone.now())
