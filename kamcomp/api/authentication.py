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
from kamcomp.api.oauth import is_token, token_presented
from kamcomp.api.secrets import is_secret
from kamcomp.api.selectors import key_presented
from kamcomp.api.services import api_key_used
from kamcomp.identity.models import User

REFUSED = "The key or token is not in force: it is wrong, expired or revoked."


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer kc_live_...`, or a token that a key was given."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """
        Return whom the key acts as, and the key.

        :raises AuthenticationFailed: if it is not in force.
        """
        kind, _, said = get_authorization_header(request).decode("latin-1").partition(" ")
        said = said.strip()
        if kind.lower() != "bearer" or not (is_secret(said) or is_token(said)):
            return None
        now = timezone.now()
        key = _by_token(said) if is_token(said) else key_presented(secret=said, at=now)
        if key is None:
            raise AuthenticationFailed(REFUSED, code="key_not_in_force")
        api_key_used(key=key, at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Return how to come in."""
        return 'Bearer realm="kamcomp"'


def _by_token(token: str) -> ApiKey | None:
    """Return the key behind a token, narrowed to the token's scopes; it is not saved like that."""
    found = token_presented(token=token)
    if found is None:
        return None
    key, scopes = found
    key.scopes = sorted(scopes)
    return key


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the description of the interface names it."""

    target_class = "kamcomp.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return a bearer token, which a key is and which a key is given by OAuth2."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "kc_live_...",
            "description": "A key; or a token by OAuth2 client credentials from /api/v1/oauth/token.",
        }


def scopes_of(request: Request) -> frozenset[str] | None:
    """Return what the request may be used for; None where nothing narrows it: a browser, a password."""
    given = request.auth
    if given is None:
        return None
    if isinstance(given, ApiKey):
        return frozenset(given.scopes)
    return frozenset()


def caller_of(request: Request) -> str:
    """Return who is counted: each key by itself, and everybody else by their user."""
    return f"key {request.auth.pk}" if isinstance(request.auth, ApiKey) else f"user {request.user.pk}"
