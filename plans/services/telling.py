"""
Whom the acts on versions tell: who decides next, and who prepared what was sent back.

Called by the acts within their transaction. A notice leads to the version; it names nobody and no amount.
"""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from kamcomp.identity.models import User
from kamcomp.identity.selectors import users_holding
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.services import notices_done, notices_put
from plans.models import PlanVersion
from plans.selectors.approvals import version_progress

KINDS = (NoticeKind.PLAN_APPROVE, NoticeKind.PLAN_RETURNED)


def approval_told(*, version: PlanVersion, at: datetime) -> None:
    """Tell those who decide the next step of a version, but for who prepared it or decided a step."""
    notices_done(path=_path(version), kinds=KINDS, at=at)
    progress = version_progress(version=version, on=at.date())
    if progress.next is None:
        return
    apart = [each for each in (version.prepared_by_id, version.created_by_id, *progress.deciders) if each]
    notices_put(
        users=users_holding(roles=progress.next.roles, on=at.date()).exclude(pk__in=apart),
        kind=NoticeKind.PLAN_APPROVE,
        key=f"version:{version.pk}:{version.digest[:16]}:{progress.next.step}:{at.isoformat()}",
        path=_path(version),
        at=at,
    )


def version_returned_told(*, version: PlanVersion, by: User, at: datetime) -> None:
    """Tell who prepared a version that it was sent back; nobody decides on it any more."""
    notices_done(path=_path(version), kinds=KINDS, at=at)
    notices_put(
        users=[version.prepared_by],
        kind=NoticeKind.PLAN_RETURNED,
        key=f"version:{version.pk}:returned:{at.isoformat()}",
        path=_path(version),
        at=at,
    )


def version_done_told(*, version: PlanVersion, at: datetime) -> None:
    """Let all that was told about a version be over."""
    notices_done(path=_path(version), kinds=KINDS, at=at)


def _path(version: PlanVersion) -> str:
    return reverse("plans:version-decide", args=[version.pk])
