"""Signing in, failing to and signing out leave an entry each in the audit trail."""

import time
from typing import Any

import structlog
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q
from django.http import HttpRequest

from kamcomp.audit.context import acting, audit_act
from kamcomp.identity.models import User

log = structlog.get_logger(__name__)
USERS = "identity_user"


def join() -> None:
    """Listen to the signals of signing in."""
    user_logged_in.connect(signed_in, dispatch_uid="kamcomp.identity.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="kamcomp.identity.signed_out")
    user_login_failed.connect(sign_in_failed, dispatch_uid="kamcomp.identity.sign_in_failed")


def signed_in(*, request: HttpRequest, user: User, **_signal: Any) -> None:
    """Note who signed in, and when the session began."""
    request.session["begun_at"] = request.session["seen_at"] = int(time.time())
    with acting(action="sign_in", user=user):
        audit_act(subject_table=USERS, subject_id=user.pk)


def signed_out(*, request: HttpRequest, user: User | None, **_signal: Any) -> None:
    """Note who signed out."""
    if user is not None:
        with acting(action="sign_out", user=user):
            audit_act(subject_table=USERS, subject_id=user.pk)


def sign_in_failed(*, credentials: dict[str, Any], **_signal: Any) -> None:
    """
    Note that somebody failed to sign in, and as whom they tried.

    What nobody is called may be a password typed into the wrong field, so it is not kept.
    """
    said = str(credentials.get("username") or credentials.get("email") or "")
    user = User.objects.filter(Q(username=said) | Q(email__iexact=said)).first() if said else None
    subject = str(user.pk) if user else "unknown"
    with acting(action="sign_in_failed"):
        audit_act(subject_table=USERS, subject_id=subject)
    log.warning("sign_in_failed", subject=subject)
