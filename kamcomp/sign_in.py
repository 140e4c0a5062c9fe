"""
How people sign in and how mail leaves, read from the environment: what the settings need of it.

A company's own sign-in (OpenID Connect, or SAML) is trusted with who somebody is, never with what they may do: it
lets in who is a user here already, found by the mail address it vouches for. See docs/how-to/sign-in.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

OIDC = ("KAMCOMP_OIDC_SERVER", "KAMCOMP_OIDC_CLIENT", "KAMCOMP_OIDC_SECRET")
SAML = ("KAMCOMP_SAML_METADATA", "KAMCOMP_SAML_ENTITY")
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
EMAIL_NAMES = (
    "email",
    "mail",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)


@dataclass(frozen=True)
class Providers:
    """Sign-in by others: further apps, their settings, and whether they are the only door."""

    apps: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    only: bool = False


@dataclass(frozen=True)
class Mail:
    """How mail leaves: into files of a folder, or by a server."""

    backend: str
    folder: str = ""
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    ssl: bool = False


def providers(environ: Mapping[str, str]) -> Providers:
    """
    Return the sign-in by others that the environment asks for.

    :raises ImproperlyConfigured: naming what is missing, of the variables or of the Python packages.
    """
    apps: list[str] = []
    settings: dict[str, Any] = {}
    if _asked(environ, OIDC):
        apps.append("allauth.socialaccount.providers.openid_connect")
        settings["openid_connect"] = {"OAUTH_PKCE_ENABLED": True, "APPS": [_oidc(environ)]}
    if _asked(environ, SAML):
        if find_spec("onelogin") is None:
            raise ImproperlyConfigured(
                "KAMCOMP_SAML_METADATA is set, but the SAML library is not here: pip install 'django-allauth[saml]'."
            )
        apps.append("allauth.socialaccount.providers.saml")
        settings["saml"] = {"APPS": [_saml(environ)]}
    only = environ.get("KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER") or "0"
    if only not in ("0", "1"):
        raise ImproperlyConfigured(f"KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER is {only!r}; it must be 0 or 1.")
    if only == "1" and not apps:
        raise ImproperlyConfigured(
            "KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER is 1, but neither KAMCOMP_OIDC_SERVER nor KAMCOMP_SAML_METADATA is"
            " set: nobody could sign in."
        )
    return Providers(apps=tuple(apps), settings=settings, only=only == "1")


def _asked(environ: Mapping[str, str], names: tuple[str, ...]) -> bool:
    given = [name for name in names if environ.get(name)]
    if given and len(given) < len(names):
        missing = ", ".join(name for name in names if name not in given)
        raise ImproperlyConfigured(f"{given[0]} is set but {missing} is not: they go together.")
    return bool(given)


def _oidc(environ: Mapping[str, str]) -> dict[str, Any]:
    server = environ["KAMCOMP_OIDC_SERVER"]
    if urlsplit(server).scheme != "https" and environ.get("KAMCOMP_HTTPS", "1") != "0":
        raise ImproperlyConfigured(f"KAMCOMP_OIDC_SERVER is {server!r}; it must begin with https://.")
    return {
        "provider_id": "company",
        "name": environ.get("KAMCOMP_OIDC_NAME") or "company account",
        "client_id": environ["KAMCOMP_OIDC_CLIENT"],
        "secret": environ["KAMCOMP_OIDC_SECRET"],
        "settings": {"server_url": server, "token_auth_method": "client_secret_basic"},
    }


def _saml(environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "provider_id": environ["KAMCOMP_SAML_ENTITY"],
        "name": environ.get("KAMCOMP_SAML_NAME") or "company account",
        "client_id": "company",
        "settings": {
            "idp": {
                "entity_id": environ["KAMCOMP_SAML_ENTITY"],
                "metadata_url": environ["KAMCOMP_SAML_METADATA"],
            },
            "attribute_mapping": {"uid": list(EMAIL_NAMES), "email": list(EMAIL_NAMES)},
            "advanced": {"reject_idp_initiated_sso": True, "want_assertion_signed": True},
        },
    }


def mail(environ: Mapping[str, str], *, state: Path) -> Mail:
    """
    Return how mail leaves: by KAMCOMP_MAIL, or without it into files of the state folder.

    :raises ImproperlyConfigured: if KAMCOMP_MAIL is no address of a mail server.
    """
    said = environ.get("KAMCOMP_MAIL")
    if not said:
        return Mail(backend="django.core.mail.backends.filebased.EmailBackend", folder=str(state / "mail"))
    parts = urlsplit(said)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in MAIL_PORTS or not parts.hostname or port == -1:
        raise ImproperlyConfigured(
            "KAMCOMP_MAIL must be smtp://HOST, smtp+tls://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST."
        )
    return Mail(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtp+tls",
        ssl=parts.scheme == "smtps",
    )
