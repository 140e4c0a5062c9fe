"""
Telling people: written with the act that makes them wait, settled with the act that ends it, mailed by a worker.

A notice is written once by its key, and its mail goes out at most once: that it begins is
committed before the mail server is spoken to. What the server says it did not take is tried
again, later each time; where nobody knows (the line went dead, a worker died), it stays
begun, for the notice itself is there to be read. docs/reference/notices.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from uuid import UUID

import structlog
from celery import current_app
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from kamcomp.audit.context import act, acting
from kamcomp.identity.models import User
from kamcomp.notices.choices import MailStatus, NoticeKind
from kamcomp.notices.mails import notice_mail
from kamcomp.notices.models import Notice, NoticeSetting
from kamcomp.notices.selectors import setting_of

MAIL_TASK = "notices.mail"
MOST_ATTEMPTS = 8
AT_ONCE = 200
STALE_AFTER = timedelta(days=3)
REFUSED = (SMTPResponseException, SMTPRecipientsRefused, SMTPNotSupportedError)
"""What a mail server answers when it did not take a mail."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What users are told of: the key it is told by once, where it leads, and the period or number it is."""

    key: str
    path: str
    about: str = ""


def notices_put(
    *,
    users: Iterable[User],
    kind: NoticeKind,
    key: str,
    path: str | Mapping[UUID, str],
    about: str = "",
    at: datetime,
) -> None:
    """
    Tell users something, in the transaction that is open; a key that was told before is not told again.

    `path` is where it leads, or by user id where each has a page of their own. `about` is a
    period or a number, never a name or an amount: it stands in the mail.
    """
    rows = [
        Notice(
            user=user,
            kind=kind,
            key=key,
            path=path if isinstance(path, str) else path[user.pk],
            about=about,
            at=at,
            mail_after=at,
        )
        for user in dict.fromkeys(users)
        if user.is_active
    ]
    _put(rows)


def notices_put_of(
    *, users: Iterable[User], kind: NoticeKind, matters: Iterable[Matter], at: datetime
) -> None:
    """Tell users of several matters at once, each of them a notice of its own; rules as `notices_put`."""
    told = [user for user in dict.fromkeys(users) if user.is_active]
    _put(
        [
            Notice(
                user=user,
                kind=kind,
                key=matter.key,
                path=matter.path,
                about=matter.about,
                at=at,
                mail_after=at,
            )
            for matter in matters
            for user in told
        ]
    )


def _put(rows: Sequence[Notice]) -> None:
    if not rows:
        return
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    if not any(waiting[1] is _ring for waiting in transaction.get_connection().run_on_commit):
        transaction.on_commit(_ring, robust=True)


def notices_done(*, path: str, kinds: Collection[NoticeKind], user: User | None = None, at: datetime) -> int:
    """
    Let what was told there be over, for everybody or for one user: nothing waits any more; return how many it was.

    Belongs to the transaction that is open: the act that ends the waiting says so.
    """
    over = Notice.objects.filter(path=path, kind__in=list(kinds), read_at=None)
    if user is not None:
        over = over.filter(user=user)
    return over.update(read_at=at)


@act
def notices_read(*, notice_ids: Sequence[UUID] | None = None, by: User, at: datetime) -> int:
    """Mark the user's notices as read, all or those named; return how many were unread."""
    mine = Notice.objects.filter(user=by, read_at=None)
    if notice_ids is not None:
        mine = mine.filter(pk__in=notice_ids)
    return mine.update(read_at=at)


@act
def notice_setting_put(
    *, by_mail: bool, not_by_mail: Sequence[str], language: str, by: User, at: datetime
) -> NoticeSetting:
    """Say what the user wants by mail, and in which language."""
    known = [kind for kind in NoticeKind.values if kind in not_by_mail]
    return _setting_keep(by=by, at=at, by_mail=by_mail, not_by_mail=known, language=language)


@act
def notice_language_put(*, language: str, by: User, at: datetime) -> NoticeSetting:
    """Let mail come in the language in which the user reads the pages."""
    return _setting_keep(by=by, at=at, language=language)


def _setting_keep(*, by: User, at: datetime, **said: object) -> NoticeSetting:
    setting, _made = NoticeSetting.objects.update_or_create(
        user=by, defaults=said, create_defaults={**said, "created_by": by, "created_at": at}
    )
    return setting


def notices_mail(*, at: datetime) -> int:
    """
    Mail what waits, each begun in a transaction of its own and by one worker only; return how many went.

    What nobody wants any more is put aside first. A server that cannot be reached ends the call
    with nothing begun: the clock asks again.
    """
    due = Notice.objects.filter(mail=MailStatus.WAITING, mail_after__lte=at).order_by("mail_after", "pk")
    waiting = list(due.values_list("pk", flat=True)[:AT_ONCE])
    server, sent = get_connection(), 0
    try:
        for notice_id in waiting:
            if _mail_wanted(notice_id, at=at):
                server.open()
                sent += _mail_one(notice_id, server=server, at=at)
    except OSError as error:
        log.warning("no mail server to be reached", error=type(error).__name__)
    finally:
        server.close()
    return sent


def _mail_one(notice_id: UUID, *, server: BaseEmailBackend, at: datetime) -> int:
    notice = _mail_begin(notice_id)
    if notice is None:
        return 0
    try:
        server.send_messages([notice_mail(notice=notice, language=setting_of(user=notice.user).language)])
    except REFUSED as error:
        log.warning(
            "mail refused", notice=str(notice.pk), attempt=notice.attempts, error=type(error).__name__
        )
        server.close()
        _mail_later(notice, at=at)
        return 0
    except OSError as error:
        log.warning("mail perhaps sent", notice=str(notice.pk), error=type(error).__name__)
        server.close()
        return 0
    notice.mail, notice.mailed_at = MailStatus.SENT, at
    _mail_keep(notice)
    return 1


def _mail_begin(notice_id: UUID) -> Notice | None:
    """Return a notice whose mail this call alone sends; None if another does."""
    with acting(action="notice_mail"):
        notice = _waiting(notice_id)
        if notice is not None:
            notice.mail, notice.attempts = MailStatus.BEGUN, notice.attempts + 1
            notice.save(update_fields=["mail", "attempts"])
    return notice


def _mail_wanted(notice_id: UUID, *, at: datetime) -> bool:
    """Tell whether a notice is to be mailed; put aside what is not wanted, was read, or is days old."""
    with acting(action="notice_mail"):
        notice = _waiting(notice_id)
        if notice is None:
            return False
        setting = setting_of(user=notice.user)
        if not notice.user.email or not setting.by_mail or notice.kind in setting.not_by_mail:
            notice.mail = MailStatus.OFF
        elif notice.read_at is not None or at - notice.at > STALE_AFTER:
            notice.mail = MailStatus.LATE
        else:
            return True
        notice.save(update_fields=["mail"])
    return False


def _waiting(notice_id: UUID) -> Notice | None:
    rows = Notice.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user")
    return rows.filter(pk=notice_id, mail=MailStatus.WAITING).first()


def _mail_later(notice: Notice, *, at: datetime) -> None:
    last = notice.attempts >= MOST_ATTEMPTS
    notice.mail = MailStatus.FAILED if last else MailStatus.WAITING
    notice.mail_after = at + timedelta(minutes=2**notice.attempts)
    _mail_keep(notice)


def _mail_keep(notice: Notice) -> None:
    with acting(action="notice_mail"):
        notice.save(update_fields=["mail", "mail_after", "mailed_at"])


def _ring() -> None:
    """Say that something waits; a broker that is away costs time only, as the clock looks every minute."""
    try:
        current_app.send_task(MAIL_TASK, expires=60, retry=False, ignore_result=True)
    except Exception as error:  # whatever the broker's library raises: the clock asks within a minute
        log.warning("no bell could be rung for mail", error=type(error).__name__)
