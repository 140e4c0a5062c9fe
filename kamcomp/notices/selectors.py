"""Reads of notices: whose are whose, and what a user wants by mail."""

from django.db.models import QuerySet

from kamcomp.identity.models import User
from kamcomp.notices.models import Notice, NoticeSetting


def notices_of(*, user: User) -> QuerySet[Notice]:
    """Return what a user was told, newest first."""
    return Notice.objects.filter(user=user).order_by("-at", "-pk")


def notices_unread(*, user: User) -> int:
    """Return how many of them the user has not read."""
    return Notice.objects.filter(user=user, read_at=None).count()


def setting_of(*, user: User) -> NoticeSetting:
    """Return what a user wants by mail; what holds for everybody where they said nothing."""
    return NoticeSetting.objects.filter(user=user).first() or NoticeSetting(user=user)
