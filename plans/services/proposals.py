"""
Acts of a new programme: begin a working draft from the answers, and go through what sets it apart.

The draft is an ordinary one. Where it came from stays beside it: the answers, the type proposed and why, the measures
with their scores, and the elements somebody went through against the account managers' default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.calendar.models import FiscalCalendar
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from plans.choices import DraftStatus, Element, PlanType
from plans.engine.conventions import PlanType as DocumentType
from plans.engine.first_draft import Wanted, first_draft
from plans.models import Draft, DraftBrief
from plans.services.drafts import DESIGNERS, DraftNotOpen, draft_begin
from plans.templates_library import plan_template
from teams.models import StrategicAccount


class BriefMissing(Refusal):
    """The draft did not begin with answers, so there is nothing to go through."""


class ElementUnknown(Refusal):
    """Only the named elements are gone through."""


@act
def draft_propose(
    *,
    wanted: Wanted,
    proposed: PlanType,
    answers: Mapping[str, Any],
    reasons: Sequence[str],
    measures: Sequence[Mapping[str, Any]],
    targets: Sequence[Mapping[str, Any]],
    ticked: Collection[str],
    calendar: FiscalCalendar | None,
    account: StrategicAccount | None,
    by: User,
    at: datetime,
) -> Draft:
    """
    Begin a working draft from the answers to the founding questions, and keep them beside it.

    :raises RoleMissing, DocumentInvalid, PlanExists, CalendarMissing: as `draft_begin` does.
    :raises ElementUnknown: naming what is no element.
    """
    templates = {each: plan_template(plan_type=each) for each in DocumentType}
    draft = draft_begin(
        document=first_draft(wanted=wanted, templates=templates),
        calendar=calendar,
        account=account,
        by=by,
        at=at,
    )
    DraftBrief.objects.create(
        draft=draft,
        proposed=proposed,
        answers=dict(answers),
        reasons=list(reasons),
        measures=[dict(each) for each in measures],
        targets=[dict(each) for each in targets],
        ticked=_known(ticked),
        created_by=by,
    )
    return draft


@act
def draft_elements_tick(*, draft_id: UUID, ticked: Collection[str], by: User, at: datetime) -> DraftBrief:
    """
    Say which elements of a draft somebody went through against the account managers' default.

    :raises RoleMissing: if `by` does not design plans.
    :raises BriefMissing: if the draft did not begin with answers.
    :raises DraftNotOpen: if it is not being edited.
    :raises ElementUnknown: naming what is no element.
    """
    role_check(user=by, roles=DESIGNERS, on=at.date(), act="Designing a plan")
    brief = DraftBrief.objects.select_for_update(of=("self",)).select_related("draft").filter(draft=draft_id)
    found = brief.first()
    if found is None:
        raise BriefMissing("This draft did not begin with answers; there is nothing to go through.")
    if found.draft.status != DraftStatus.EDITING:
        raise DraftNotOpen("The draft of %(draft)s is not edited any more.", draft=found.draft)
    found.ticked = _known(ticked)
    found.save(update_fields=["ticked"])
    return found


def _known(ticked: Collection[str]) -> list[str]:
    unknown = sorted(set(ticked) - set(Element.values))
    if unknown:
        raise ElementUnknown("%(name)s is no element of a plan.", name=unknown[0])
    return [each for each in Element.values if each in ticked]
