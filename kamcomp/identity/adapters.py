"""
How the sign-in library is used here: nobody makes a user by themselves, and secrets are stored sealed.

Users are made by a comp admin or an import; a company's own sign-in only lets in who is a user already.
"""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Passwords and sessions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Answer that nobody signs up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from; a socket of this machine has no address."""
        forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
        # The last one is what our own proxy saw; those before it are what the client said.
        return forwarded.split(",")[-1].strip() or request.META.get("REMOTE_ADDR") or "127.0.0.1"


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Sign-in by the company's own provider."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Answer that a provider makes no users."""
        return False


class MfaAdapter(DefaultMFAAdapter):
    """One-time codes, passkeys and recovery codes."""

    def encrypt(self, text: str) -> str:
        """Seal a secret with a key that only the installation has."""
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return _seal().decrypt(encrypted_text.encode()).decode()


def _seal() -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kamcomp second factors")
    return Fernet(base64.urlsafe_b64encode(key.derive(settings.SECRET_KEY.encode())))
