"""
The history load: past plan versions, taken in by a named act at their own stated dates.

A programme that starts with past years has versions nobody published here. They come in with a reason and a
second person, and only while the programme pays nobody yet. What a live version would be refused for (lateness,
a missing signature, a missing replay) is recorded as a finding instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal, Word
from plans.choices import Loading
from plans.models import Plan, PlanVersion
from plans.services.versions import (
    LATE_RULE,
    VERSION_TABLE,
    DrafterCannotApprove,
    ReasonMissing,
    version_approve,
    version_draft,
    version_put_in_force,
)

NOT_ASKED = {
    LATE_RULE: Word("Published after its first day, as history."),
    "not_accepted": Word("Nobody signed it here; it was accepted, if at all, before the programme began."),
    "not_replayed": Word("No replay was made before it was published."),
}


class ProgrammeIsLive(Refusal):
    """History is loaded before the programme locks its first period, never after."""


@act
def history_load(
    *,
    plan: Plan,
    documents: Sequence[Mapping[str, Any]],
    reason: str,
    prepared_by: User,
    by: User,
    at: datetime,
) -> list[PlanVersion]:
    """
    Publish past versions of a plan at the dates their documents state, in order of those dates.

    `prepared_by` brings the documents, `by` is the second person who answers for them.

    :raises ProgrammeIsLive: if a period of the plan's calendar is locked.
    :raises ReasonMissing: if no reason is given.
    :raises DrafterCannotApprove: if one person would do both.
    :raises DocumentInvalid: naming every place of a document that does not hold.
    :raises VersionsOverlap: if two of the versions hold on one day.
    """
    if not reason.strip():
        raise ReasonMissing("Say why past versions of %(plan)s are loaded.", plan=plan)
    if prepared_by.pk == by.pk:
        raise DrafterCannotApprove(
            "%(by)s brings the history of %(plan)s; a second person answers for it.", by=by, plan=plan
        )
    _check_not_live(plan=plan)
    drafts = [
        version_draft(
            plan=plan,
            document=document,
            by=prepared_by,
            at=at,
            loading=Loading.HISTORY,
            loading_reason=reason,
        )
        for document in sorted(documents, key=_first_day)
    ]
    published = []
    for draft in drafts:
        version_approve(version_id=draft.pk, by=by, at=at, comment=reason)
        published.append(version_put_in_force(version_id=draft.pk, by=by, at=at))
    Finding.objects.bulk_create(
        Finding(
            subject_table=VERSION_TABLE,
            subject_id=str(version.pk),
            rule=rule,
            message=message,
            value=reason[:200],
            severity=Severity.INFORMATION,
            status=FindingStatus.OPEN,
            found_at=at,
        )
        for version in published
        for rule, message in NOT_ASKED.items()
    )
    return published


def _check_not_live(*, plan: Plan) -> None:
    locked = (
        Period.objects.filter(calendar_id=plan.calendar_id, status=PeriodStatus.LOCKED)
        .order_by("days")
        .first()
    )
    if locked is not None:
        raise ProgrammeIsLive(
            "%(calendar)s has locked %(locked)s: the programme is live. Draft, approve and "
            "publish a version instead.",
            calendar=plan.calendar,
            locked=locked,
        )


def _first_day(document: Mapping[str, Any]) -> str:
    """Return what a document states as its first day; a document without one is refused later, with its place."""
    effective = document.get("effective")
    return str(effective.get("from", "")) if isinstance(effective, Mapping) else ""
