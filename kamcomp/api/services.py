"""
Acts on keys: make one, revoke one, note that it was used.

A key acts as its user and sees what the user sees. So that nobody lends themselves somebody else's rights, a key is
made for oneself or for a program: a user who is no person to be paid and cannot sign in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from kamcomp.api.models import ApiKey, KeptAnswer
from kamcomp.api.secrets import secret_digest, secret_made, secret_prefix
from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal

MAKERS = [Role.COMP_ADMIN]
MOST_DAYS = 365
NOTED_EVERY = timedelta(minutes=1)
ANSWERS_KEPT = timedelta(hours=24)


class KeyForSomebodyElse(Refusal):
    """A key is made for oneself or for a program, not to act as somebody else."""


class KeyWithoutScope(Refusal):
    """A key says what it may be used for."""


class KeyExpiryUnsound(Refusal):
    """A key ends after today and within a year."""


class KeyRevoked(Refusal):
    """A key is revoked once."""


@act
def api_key_make(
    *,
    name: str,
    user: User,
    scopes: Collection[str],
    known: Collection[str],
    days: int,
    by: User,
    at: datetime,
) -> tuple[ApiKey, str]:
    """
    Make a key and return it with its secret, which nobody can be told again.

    Units: `days` from now; `scopes` are some of `known`, those there are.

    :raises RoleMissing: if `by` is no comp admin.
    :raises KeyForSomebodyElse: if `user` is another person.
    :raises KeyWithoutScope: if there is none, or one there is not.
    :raises KeyExpiryUnsound: if it would end today or after more than a year.
    """
    role_check(user=by, roles=MAKERS, on=at.date(), act="Making a key")
    if user.pk != by.pk and not is_program(user=user, at=at):
        raise KeyForSomebodyElse(
            "%(user)s is a person: make the key for yourself, or for a program with the role API client.",
            user=user.get_username(),
        )
    unknown = sorted(set(scopes) - set(known))
    if unknown or not scopes or not name.strip():
        raise KeyWithoutScope(
            "Say what the key is for and choose at least one scope; there is no scope %(unknown)s.",
            unknown=", ".join(unknown) or "-",
        )
    if not 1 <= days <= MOST_DAYS:
        raise KeyExpiryUnsound("A key lasts from 1 to %(most)s days.", most=MOST_DAYS)
    secret = secret_made()
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        prefix=secret_prefix(secret),
        digest=secret_digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=at + timedelta(days=days),
        created_by=by,
    )
    return key, secret


@act
def api_key_revoke(*, key_id: UUID, by: User, at: datetime) -> ApiKey:
    """
    End a key now, for good.

    :raises RoleMissing: if `by` is no comp admin.
    :raises KeyRevoked: if it was revoked before.
    """
    role_check(user=by, roles=MAKERS, on=at.date(), act="Revoking a key")
    key = ApiKey.objects.select_for_update(no_key=True).get(pk=key_id)
    if key.revoked_at is not None:
        raise KeyRevoked("The key %(key)s was revoked before.", key=key.prefix)
    key.revoked_at, key.revoked_by = at, by
    key.save(update_fields=["revoked_at", "revoked_by"])
    return key


def api_key_used(*, key: ApiKey, at: datetime) -> None:
    """Note that a key is used, at most once a minute."""
    if key.last_used_at is None or at - key.last_used_at >= NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)


def answers_clear(*, at: datetime) -> int:
    """Forget the answers of writes that nobody will send again; return how many."""
    gone, _by_table = KeptAnswer.objects.filter(kept_at__lt=at - ANSWERS_KEPT).delete()
    return gone


def is_program(*, user: User, at: datetime) -> bool:
    """Tell whether a user is a program: an API client that is nobody to be paid and cannot sign in."""
    return (
        Role.API_CLIENT in user.roles_on(at.date())
        and not user.has_usable_password()
        and getattr(user, "person", None) is None
    )
