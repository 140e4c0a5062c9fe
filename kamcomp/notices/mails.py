"""The mail of a notice: what kind of thing waits and where, in the reader's language; no amount, nobody's name."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kamcomp.notices.models import Notice


def notice_mail(*, notice: Notice, language: str) -> EmailMessage:
    """Return the mail; tried again it has the same Message-ID."""
    with translation.override(language):
        words = _(notice.get_kind_display())
        subject = f"{words} ({notice.about})" if notice.about else words
        text = render_to_string(
            "notices/notice_mail.txt",
            {
                "subject": subject,
                "address": settings.SITE_ADDRESS + reverse("notice-open", args=[notice.pk]),
                "settings_address": settings.SITE_ADDRESS + reverse("notice-settings"),
            },
        )
    return EmailMessage(
        subject=subject,
        body=text,
        to=[notice.user.email],
        headers={"Message-ID": f"<notice-{notice.pk}@kamcomp>", "Auto-Submitted": "auto-generated"},
    )
