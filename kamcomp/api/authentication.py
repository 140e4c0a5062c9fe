"""
Who asks: a program by its key, or somebody in a browser by their session.

A key comes in the header and nowhere else: an address is written into logs. What is presented and not in force is
refused, never passed over for another way in.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kamcomp.api.models import ApiKey
from kamcomp.api.secrets import is_secret
from kamcomp.api.selectors import key_presented
from kamcomp.api.services import api_key_used
from kamcomp.identity.models import User

REFUSED = "The key is not in force: it is wrong, expired or revoked."


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer kc_live_...`"""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """
        Return whom the key acts as, and the key.

        :raises AuthenticationFailed: if it is not in force.
        """
        kind, _, said = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not is_secret(said.strip()):
            return None
        now = timezone.now()
        key = key_presented(secret=said.strip(), at=now)
        if key is None:
            raise AuthenticationFailed(REFUSED, code="key_not_in_force")
        api_key_used(key=key, at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Return how to come in."""
        return 'Bearer realm="kamcomp"'


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the interface names it."""

    target_class = "kamcomp.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return a bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "kc_live_...", "description": "A key."}


def scopes_of(request: Request) -> frozenset[str] | None:
    """Return what the request may be used for; None where nothing narrows it: a browser, a password."""
    given = request.auth
    if given is None:
        return None
    if isinstance(given, ApiKey):
        return frozenset(given.scopes)
    return frozenset(str(getattr(given, "scope", "")).split())


def caller_of(request: Request) -> str:
    """Return who is counted: each key by itself, and everybody else by their user."""
    return f"key {request.auth.pk}" if isinstance(request.auth, ApiKey) else f"user {request.user.pk}"
