"""Reads of keys: who a secret belongs to, and which keys there are."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from kamcomp.api.models import ApiKey
from kamcomp.api.secrets import secret_digest, secret_prefix


def key_presented(*, secret: str, at: datetime) -> ApiKey | None:
    """Return the key of a secret, if it is in force and its user may act; one query."""
    key = ApiKey.objects.select_related("user").filter(digest=secret_digest(secret)).first()
    if key is None or key.prefix != secret_prefix(secret):
        return None
    in_force = key.revoked_at is None and at < key.expires_at and key.user.is_active
    return key if in_force else None


def keys_read(rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Return keys with what a page shows of them joined in."""
    return rows.select_related("user", "created_by", "revoked_by")
