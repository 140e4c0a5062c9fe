"""
Acts on acceptances: a published version is put before those it pays, who sign it or say why not.

What is signed is the text that was sent, word for word; it is kept with its digest, the moment
and the language. Nobody answers for another. A clock reminds, and lets lapse what is over.
States: docs/reference/states.md, "Acceptance".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from kamcomp.audit.context import act, acting
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.services import notices_done, notices_put
from kamcomp.refusal import Refusal, Word
from plans.choices import AcceptanceStatus, VersionStatus
from plans.engine.document import canonical_bytes
from plans.models import Acceptance, PlanVersion

SENDERS = [Role.COMP_ADMIN, Role.HR_LEGAL]
REMIND_AFTER = timedelta(days=5)
WAITING = (AcceptanceStatus.SENT, AcceptanceStatus.OPENED)


class VersionNotPublished(Refusal):
    """Only what is published is put before people."""


class NobodyToAsk(Refusal):
    """Everybody on the version who can sign in has been asked."""


class NotTheirs(Refusal):
    """Nobody answers for another."""


class AcceptanceAnswered(Refusal):
    """What was signed, refused or has lapsed takes no other answer."""


class AnotherText(Refusal):
    """What is signed is what was read."""


class RefusalWithoutReason(Refusal):
    """A refusal says why."""


@dataclass(frozen=True)
class Agreement:
    """The text put before one person, and its language."""

    language: str
    text: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text."""
        return hashlib.sha256(canonical_bytes(self.text)).hexdigest()


@act
def acceptance_send(
    *, version_id: UUID, texts: Mapping[UUID, Agreement], by: User, at: datetime
) -> list[Acceptance]:
    """
    Put a published version before people who have not been asked; `texts` holds each one's text by person id.

    :raises RoleMissing: if `by` neither administers compensation nor is HR or legal.
    :raises VersionNotPublished: if the version is not published.
    :raises NobodyToAsk: if nobody is left to be asked.
    """
    role_check(user=by, roles=SENDERS, on=at.date(), act="Sending a plan for acceptance")
    version = PlanVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version_id)
    if version.status != VersionStatus.PUBLISHED:
        raise VersionNotPublished(
            "%(version)s is not published: publish it before it is sent for acceptance.", version=version
        )
    asked = set(version.acceptances.values_list("person_id", flat=True))
    rows = [
        Acceptance(
            version=version,
            person_id=person_id,
            language=text.language,
            text=dict(text.text),
            digest=text.digest,
            sent_at=at,
            created_by=by,
        )
        for person_id, text in sorted(texts.items())
        if person_id not in asked
    ]
    if not rows:
        raise NobodyToAsk("Everybody on %(version)s who can sign in has been asked.", version=version)
    made = Acceptance.objects.bulk_create(rows)
    _tell_waiting(made, key="sent", at=at)
    return made


@act
def acceptance_open(*, acceptance_id: UUID, by: User, at: datetime) -> Acceptance:
    """
    Keep that the person has opened the text; the first time counts.

    :raises NotTheirs: if it is put before somebody else.
    """
    acceptance = _own(acceptance_id, by=by)
    if acceptance.status == AcceptanceStatus.SENT:
        acceptance.status, acceptance.opened_at = AcceptanceStatus.OPENED, at
        acceptance.save(update_fields=["status", "opened_at"])
    return acceptance


@act
def acceptance_sign(*, acceptance_id: UUID, digest: str, by: User, at: datetime) -> Acceptance:
    """
    Sign the text that was read.

    :raises NotTheirs: if it is put before somebody else.
    :raises AcceptanceAnswered: if it was answered, or has lapsed.
    :raises AnotherText: if `digest` is not that of the text.
    """
    acceptance = _to_answer(acceptance_id, by=by, at=at)
    if digest != acceptance.digest:
        raise AnotherText("This is not the text that was sent to you: open it again and read it.")
    return _answered(acceptance, AcceptanceStatus.SIGNED, by=by, at=at)


@act
def acceptance_refuse(*, acceptance_id: UUID, reason: str, by: User, at: datetime) -> Acceptance:
    """
    Refuse the text, with the reason; who sent it is told.

    :raises NotTheirs, AcceptanceAnswered: as for signing.
    :raises RefusalWithoutReason: if there is none.
    """
    if not reason.strip():
        raise RefusalWithoutReason("Say why you do not accept it: who sent it reads it.")
    acceptance = _to_answer(acceptance_id, by=by, at=at)
    acceptance.reason = reason.strip()
    _answered(acceptance, AcceptanceStatus.REFUSED, by=by, at=at)
    notices_put(
        users=[acceptance.created_by] if acceptance.created_by else [],
        kind=NoticeKind.ACCEPTANCE_REFUSED,
        key=f"acceptance:{acceptance.pk}:refused",
        path=_path(acceptance),
        at=at,
    )
    return acceptance


def acceptances_remind(*, at: datetime) -> int:
    """Tell those again who were asked, or last told, five days ago and have not answered; return how many."""
    over = at - REMIND_AFTER
    with acting(action="acceptances_remind"):
        due = Acceptance.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).filter(
            Q(reminded_at__lte=over) | Q(reminded_at=None, sent_at__lte=over), status__in=WAITING
        )
        waiting = list(due.select_related("person__user"))
        _tell_waiting(waiting, key=f"again:{at.date()}", at=at)
        Acceptance.objects.filter(pk__in=[each.pk for each in waiting]).update(reminded_at=at)
    return len(waiting)


def acceptances_lapse(*, on: date, at: datetime) -> int:
    """Let lapse what nobody answered of versions that are over; return how many."""
    with acting(action="acceptances_lapse"):
        rows = Acceptance.objects.select_for_update(of=("self",), no_key=True).filter(
            status__in=WAITING, version__valid__endswith__lte=on
        )
        over = list(rows)
        for acceptance in over:
            notices_done(path=_path(acceptance), kinds=[NoticeKind.ACCEPTANCE_SIGN], at=at)
        Acceptance.objects.filter(pk__in=[each.pk for each in over]).update(status=AcceptanceStatus.LAPSED)
    return len(over)


def _own(acceptance_id: UUID, *, by: User) -> Acceptance:
    rows = Acceptance.objects.select_for_update(of=("self",), no_key=True)
    acceptance = rows.select_related("person", "created_by").get(pk=acceptance_id)
    if acceptance.person.user_id != by.pk:
        raise NotTheirs("It is put before somebody else, who answers it alone.")
    return acceptance


def _to_answer(acceptance_id: UUID, *, by: User, at: datetime) -> Acceptance:
    acceptance = _own(acceptance_id, by=by)
    if acceptance.status not in WAITING:
        raise AcceptanceAnswered(
            "It is %(status)s already.", status=Word(acceptance.get_status_display().lower())
        )
    return acceptance_open(acceptance_id=acceptance_id, by=by, at=at)


def _answered(acceptance: Acceptance, status: AcceptanceStatus, *, by: User, at: datetime) -> Acceptance:
    acceptance.status, acceptance.answered_by, acceptance.answered_at = status, by, at
    acceptance.save(update_fields=["status", "answered_by", "answered_at", "reason"])
    notices_done(path=_path(acceptance), kinds=[NoticeKind.ACCEPTANCE_SIGN], at=at)
    return acceptance


def _tell_waiting(acceptances: list[Acceptance], *, key: str, at: datetime) -> None:
    users = User.objects.filter(person__in=[each.person_id for each in acceptances])
    by_person = {user.person.pk: user for user in users.select_related("person")}
    for each in acceptances:
        user = by_person.get(each.person_id)
        notices_put(
            users=[user] if user else [],
            kind=NoticeKind.ACCEPTANCE_SIGN,
            key=f"acceptance:{each.pk}:{key}",
            path=_path(each),
            at=at,
        )


def _path(acceptance: Acceptance) -> str:
    return reverse("plans:acceptance-show", args=[acceptance.pk])
