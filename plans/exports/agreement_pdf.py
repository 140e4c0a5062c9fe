"""
The copy of a plan that was put before somebody: the text as it was sent, on A4, with what they said to it.

Nothing is worked out here: the words are those that are kept. The same answer gives the same bytes.
The document: templates/plans/agreement.typ.
"""

from __future__ import annotations

import json

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from kamcomp.pages.figures import moment_text
from kamcomp.typeset import pdf_set
from plans.choices import AcceptanceStatus
from plans.models import Acceptance


def agreement_pdf(*, acceptance: Acceptance, name: str) -> bytes:
    """Return the copy as a PDF, in the language of the text."""
    with translation.override(acceptance.language):
        said = {
            **acceptance.text,
            "language": acceptance.language,
            "company": str(settings.COMPANY_NAME) or "kamcomp",
            "name": name,
            "state": _state(acceptance),
            "foot": f"SHA-256 {acceptance.digest}",
        }
    last = acceptance.answered_at or acceptance.sent_at
    return pdf_set(
        document="plans/agreement.typ",
        said=json.dumps(said, ensure_ascii=False, sort_keys=True),
        at=int(last.timestamp()),
    )


def _state(acceptance: Acceptance) -> str:
    if acceptance.status == AcceptanceStatus.SIGNED:
        return _("Signed on %(moment)s") % {"moment": moment_text(acceptance.answered_at)}
    if acceptance.status == AcceptanceStatus.REFUSED:
        return _("Not accepted, %(moment)s") % {"moment": moment_text(acceptance.answered_at)}
    return _("Sent on %(moment)s, not signed") % {"moment": moment_text(acceptance.sent_at)}
