"""Passwords sent with a request to the REST interface: counted like those of the sign-in page, a first factor only."""

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.authentication import BasicScheme
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kamcomp.identity.models import User


class LimitedBasicAuthentication(BasicAuthentication):
    """User name and password by header, for a first try; whoever has a second factor has to sign in."""

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[User, None]:
        """
        Return the user of a name and password.

        :raises AuthenticationFailed: if they are not right, were tried too often, or are not all it takes.
        """
        try:
            user = get_adapter().authenticate(
                request._request if isinstance(request, Request) else request,
                username=userid,
                password=password,
            )
        except ValidationError as refusal:
            raise AuthenticationFailed(" ".join(refusal.messages)) from refusal
        if user is None or not user.is_active:
            raise AuthenticationFailed(_("User name or password is not right."))
        if is_mfa_enabled(user):
            raise AuthenticationFailed(_("This user signs in with a second factor: use a token."))
        return user, None


class LimitedBasicScheme(BasicScheme):
    """How the description of the REST interface names it: basic authentication, as any client knows it."""

    target_class = "kamcomp.identity.passwords.LimitedBasicAuthentication"
