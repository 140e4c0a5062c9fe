"""The receipt of a statement: kept when the person themselves opens it for the first time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.notices.choices import NoticeKind
from kamcomp.notices.services import notices_done
from kamcomp.refusal import Refusal
from payouts.models import StatementReading
from payouts.services.telling import statement_path
from teams.models import Person


class StatementOfAnother(Refusal):
    """Only the person themselves leaves a receipt of having read."""


@act
def statement_read(*, person_id: UUID, period_id: UUID, by: User, at: datetime) -> StatementReading:
    """
    Keep that somebody has opened their own statement of a period; the first time counts.

    :raises StatementOfAnother: if `by` is not the person.
    """
    if not Person.objects.filter(pk=person_id, user=by).exists():
        raise StatementOfAnother("%(by)s reads somebody else's statement: that leaves no receipt.", by=by)
    reading, _made = StatementReading.objects.get_or_create(
        person_id=person_id, period_id=period_id, defaults={"first_read_at": at, "created_by": by}
    )
    kinds, person = [NoticeKind.STATEMENT_FINAL], reading.person_id
    notices_done(
        path=statement_path(person_id=person, period=reading.period.code), kinds=kinds, user=by, at=at
    )
    return reading
