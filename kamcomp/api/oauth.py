"""
OAuth2 client credentials: a key is a client, and its tokens last an hour.

oauthlib speaks the protocol. The client's id is the beginning of a key, its secret the key; a token is a signed text
that names the key and the scopes, so none is stored, and ending the key ends its tokens. Why not a table of tokens:
docs/adr/0018-tokens-are-signed.md.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauthlib.common import Request as Asked
from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from kamcomp.api.models import ApiKey
from kamcomp.api.selectors import key_in_force, key_presented

BEGIN = "kc_token_"
SALT = "kamcomp.api.oauth"
SECONDS = 3600
CLIENT_CREDENTIALS = "client_credentials"


def token_made(asked: Asked) -> str:
    """Return a token for the key that asks."""
    said = {"key": str(asked.client.pk), "scopes": sorted(asked.scopes)}
    return BEGIN + signing.dumps(said, salt=SALT, compress=True)


def is_token(text: str) -> bool:
    """Tell whether a text looks like a token of ours."""
    return text.startswith(BEGIN)


def token_presented(*, token: str) -> tuple[ApiKey, frozenset[str]] | None:
    """Return the key behind a token and what the token may be used for; None if it is not in force."""
    try:
        said = signing.loads(token.removeprefix(BEGIN), salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    key = key_in_force(key_id=said["key"], at=timezone.now())
    return None if key is None else (key, frozenset(said["scopes"]) & frozenset(key.scopes))


class Validator(RequestValidator):
    """What oauthlib asks us: who the client is, and which scopes it has."""

    def authenticate_client(self, request: Asked, *args: Any, **kwargs: Any) -> bool:
        """Tell whether the client is a key in force, by HTTP Basic or in the form."""
        name, secret = _basic(request) or (request.client_id, request.client_secret)
        key = key_presented(secret=secret or "", at=timezone.now())
        if key is None or key.prefix != name:
            return False
        key.client_id = key.prefix  # type: ignore[attr-defined]  # what oauthlib calls it
        request.client = key
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: ApiKey, request: Asked, *args: Any, **kwargs: Any
    ) -> bool:
        """Take client credentials only."""
        return grant_type == CLIENT_CREDENTIALS

    def get_default_scopes(self, client_id: str, request: Asked, *args: Any, **kwargs: Any) -> list[str]:
        """Return all scopes of the key, for a client that names none."""
        return list(request.client.scopes)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: ApiKey, request: Asked, *args: Any, **kwargs: Any
    ) -> bool:
        """Tell whether the key has every scope that is asked for."""
        return set(scopes) <= set(client.scopes)

    def save_bearer_token(self, token: Any, request: Asked, *args: Any, **kwargs: Any) -> None:
        """Keep nothing: the token says it all."""


SERVER = BackendApplicationServer(Validator(), token_generator=token_made, token_expires_in=SECONDS)


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Answer a client that asks for a token, as RFC 6749 says it."""
    # The protocol refuses plain http; where this installation is set up for it, its operator has decided.
    address = (
        request.build_absolute_uri() if settings.HTTPS else f"https://{request.get_host()}{request.path}"
    )
    sent = {name: str(value) for name, value in request.headers.items()}
    headers, body, status = SERVER.create_token_response(address, "POST", request.POST.dict(), sent)
    return HttpResponse(body, status=status, headers=headers)


def _basic(request: Asked) -> tuple[str, str] | None:
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(said, validate=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return name, secret
