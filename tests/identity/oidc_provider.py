"""
An OpenID Connect provider in a process of its own: django-oauth-toolkit on a database in memory.

Run as `python oidc_provider.py PORT CALLBACK`: it says so once it listens. Whoever asks is signed in there as the
address that the query names (`as=maren@halden.example`), and `verified=0` lets the provider not vouch for it.
"""

import sys
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

LISTENS = "the provider listens"
CLIENT, SECRET = "kamcomp-under-test", "a secret that both know"


class Quiet(WSGIRequestHandler):
    """A handler that writes no log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def configure() -> None:
    settings.configure(
        SECRET_KEY="of the provider",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        MIDDLEWARE=[f"{__name__}.SignedInByQuery"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": private_key(),
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who", "profile": "name", "email": "address"},
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Vouching",
        },
        LOGGING_CONFIG=None,
    )


class SignedInByQuery:
    """Sign in whoever the query names: the password of a provider is not what is tested here."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        from django.contrib.auth.models import AnonymousUser, User

        request.user = AnonymousUser()
        email = request.GET.get("as")
        if email:
            verified = request.GET.get("verified", "1") == "1"
            request.user, _made = User.objects.update_or_create(
                username=email, defaults={"email": email, "first_name": "verified" if verified else ""}
            )
            request.GET = request.GET.copy()
            del request.GET["as"]
            request.GET.pop("verified", None)
            request.META["QUERY_STRING"] = request.GET.urlencode()
        return self.get_response(request)


def serve(*, port: int, callback: str) -> None:
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from oauth2_provider.models import get_application_model

    call_command("migrate", verbosity=0)
    get_application_model().objects.create(
        name="kamcomp",
        client_id=CLIENT,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=callback,
        skip_authorization=True,
        algorithm="RS256",
    )
    server = make_server("127.0.0.1", port, get_wsgi_application(), handler_class=Quiet)
    print(LISTENS, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.modules["oidc_provider"] = sys.modules["__main__"]
    __name__ = "oidc_provider"
    configure()
    django.setup()

    from django.urls import include, path
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Vouching(OAuth2Validator):
        """Tell the address, and whether it was verified."""

        oidc_claim_scope = None

        def get_additional_claims(self, request: Any) -> dict[str, Any]:
            """Return the claims of the person."""
            return {
                "email": request.user.email,
                "email_verified": request.user.first_name == "verified",
                "name": request.user.email.partition("@")[0],
            }

    urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
    serve(port=int(sys.argv[1]), callback=sys.argv[2])
