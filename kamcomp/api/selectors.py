"""Reads of keys: who a secret belongs to, and which keys there are."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from kamcomp.api.models import ApiKey
from kamcomp.api.secrets import secret_digest, secret_prefix
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import users_holding


def key_presented(*, secret: str, at: datetime) -> ApiKey | None:
    """Return the key of a secret, if it is in force and its user may act; one query."""
    key = _in_force(digest=secret_digest(secret), at=at)
    return key if key is not None and key.prefix == secret_prefix(secret) else None


def key_in_force(*, key_id: str, at: datetime) -> ApiKey | None:
    """Return a key by its id, if it is in force and its user may act; one query."""
    return _in_force(pk=key_id, at=at)


def _in_force(*, at: datetime, **said: str) -> ApiKey | None:
    rows = ApiKey.objects.select_related("user").filter(**said)
    return rows.filter(revoked_at=None, expires_at__gt=at, user__is_active=True).first()


def users_for_keys(*, by: User, on: date) -> QuerySet[User]:
    """Return whom somebody may make a key for: themselves, and programs (users who are nobody and cannot sign in)."""
    programs = users_holding(roles=[Role.API_CLIENT], on=on).filter(
        password__startswith=UNUSABLE_PASSWORD_PREFIX, person=None
    )
    return User.objects.filter(Q(pk=by.pk) | Q(pk__in=programs.values("pk"))).order_by("username")


def keys_read(rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Return keys with what a page shows of them joined in."""
    return rows.select_related("user", "created_by", "revoked_by")
