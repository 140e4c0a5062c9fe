"""
Notices: that something waits for somebody, or was answered. Written by the act that makes somebody wait, in its
transaction, once by its key; read by whose it is; mailed by a worker.

A notice holds no amount and no name of another: it says what kind of thing waits and where it is. What it is about is
read there, by whoever may see it.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kamcomp.notices.choices import MailStatus, NoticeKind
from kamcomp.records import Record


class Notice(Record):
    """One thing one user is told; `key` makes it once however often its act is tried, `path` is where it leads."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=NoticeKind)
    key = models.CharField(max_length=120)
    about = models.CharField(
        max_length=60, blank=True, help_text="A period or a number; never a name or amount."
    )
    path = models.CharField(max_length=200)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, help_text="When it was read, or what waited was done.")
    mail = models.CharField(max_length=7, choices=MailStatus, default=MailStatus.WAITING)
    mail_after = models.DateTimeField(help_text="Not mailed before.")
    mailed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notices_told_once", fields=["user", "key"]),
            models.CheckConstraint(
                name="notices_sent_have_a_moment",
                condition=Q(mail=MailStatus.SENT, mailed_at__isnull=False)
                | (~Q(mail=MailStatus.SENT) & Q(mailed_at=None)),
            ),
        ]
        indexes = [
            models.Index(name="notices_to_mail", fields=["mail_after"], condition=Q(mail="waiting")),
            models.Index(name="notices_unread", fields=["user"], condition=Q(read_at=None)),
            models.Index(name="notices_waiting_there", fields=["path"], condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class NoticeSetting(Record):
    """What a user wants by mail, and in which language; without a row, everything."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notice_setting")
    by_mail = models.BooleanField(default=True)
    not_by_mail = ArrayField(models.CharField(max_length=20, choices=NoticeKind), default=list)
    language = models.CharField(max_length=8, default=settings.LANGUAGE_CODE)

    def __str__(self) -> str:
        return f"{self.user}"
