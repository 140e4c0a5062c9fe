"""
Acts on plan versions: draft -> approved by a second person -> published; withdrawn before it is in force.

A version is its document. The document is read and refused with reasons before it is stored, and stored with
every convention written out; its digest is what the second person approves, so that a change after the approval
is no longer what was approved. A published version is never edited: the next one is published, and takes over
from its first day on together with the people on the one before.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, ProtectedError, QuerySet
from psycopg2.extras import DateRange

from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.context import act
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import law_says, refusing
from kamcomp.refusal import Refusal, Sentence, Word
from kamcomp.sentences import ours
from kamcomp.spans import Span
from plans.checks.facts import Stage
from plans.choices import ApprovalStep, DraftStatus, Loading, PlanType, VersionStatus
from plans.engine.document import plan_digest, plan_document, plan_from_document
from plans.engine.plan import Plan as PlanTerms
from plans.models import Assignment, Draft, Plan, PlanVersion
from plans.selectors.approvals import STEP_ROLES, StepSeen, step_name, version_progress
from plans.services.assignments import IN_FORCE_LAW
from plans.services.checks import version_hold_blocked
from plans.services.targets import targets_issue
from plans.services.telling import approval_told, version_done_told, version_returned_told
from teams.models import StrategicAccount

VERSION_TABLE = "plans_planversion"
APPROVERS = list(STEP_ROLES[ApprovalStep.SECOND_PERSON])
PUBLISHERS = [Role.COMP_ADMIN]
LATE_RULE = "published_late"
WHOLE_VERSION_LAW = "plan_versions_cover_their_assignments"


class PlanExists(Refusal):
    """A plan code is used once."""


class DocumentOfAnotherPlan(Refusal):
    """A document says whose it is, and is stored nowhere else."""


class VersionNotDraft(Refusal):
    """Only a draft can be changed or approved."""


class VersionNotApproved(Refusal):
    """Only an approved version is published."""


class DrafterCannotApprove(Refusal):
    """A version is approved by a second person."""


class ApproverDecidedAlready(Refusal):
    """Each step of an approval is another person's."""


class VersionReturned(Refusal):
    """What was sent back is changed before it is decided on again."""


class DocumentChanged(Refusal):
    """What was approved is not what is stored."""


class PublishedLate(Refusal):
    """A plan is published before its first day, or somebody says why not."""


class DaysLocked(Refusal):
    """The version would change what a locked period was paid by."""


class VersionsOverlap(Refusal):
    """A plan has one published version a day."""


class InForceAlready(Refusal):
    """A version that has been in force is not withdrawn; the next one is published."""


class AssignmentKept(Refusal):
    """An assignment that an exception speaks of is not taken away."""


class ReasonMissing(Refusal):
    """The act needs a reason."""


@act
def plan_make(
    *,
    code: str,
    name: str,
    plan_type: PlanType,
    calendar: FiscalCalendar,
    account: StrategicAccount | None = None,
    owner: User | None = None,
    by: User,
) -> Plan:
    """
    Make a plan: a name that versions will fill.

    :raises PlanExists: if the code is taken.
    """
    with refusing(
        {
            "plans_plan_code_key": PlanExists(
                "There is a plan %(code)s already; draft its next version.", code=code
            )
        }
    ):
        return Plan.objects.create(
            code=code,
            name=name,
            plan_type=plan_type,
            calendar=calendar,
            account=account,
            owner=owner or by,
            created_by=by,
        )


@act
def version_draft(
    *,
    plan: Plan,
    document: Mapping[str, Any],
    by: User,
    at: datetime,
    loading: Loading = Loading.LIVE,
    loading_reason: str = "",
    version_id: UUID | None = None,
) -> PlanVersion:
    """
    Store a document as the plan's next version, a draft; one that was designed has the id of its working draft.

    :raises DocumentInvalid: naming every place of the document that does not hold.
    :raises DocumentOfAnotherPlan: if its code or type is not the plan's.
    """
    terms = _terms(plan=plan, document=document)
    Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    last = plan.versions.aggregate(last=Max("number"))["last"] or 0
    return PlanVersion.objects.create(
        plan=plan,
        number=last + 1,
        prepared_by=by,
        created_by=by,
        loading=loading,
        loading_reason=loading_reason,
        **({} if version_id is None else {"id": version_id}),
        **_stored(terms),
    )


@act
def version_redraft(*, version_id: UUID, document: Mapping[str, Any], by: User, at: datetime) -> PlanVersion:
    """
    Replace the document of a draft; who does so has prepared it.

    :raises VersionNotDraft: if the version is no draft any more.
    :raises DocumentInvalid: naming every place of the document that does not hold.
    """
    version = _locked(version_id=version_id)
    _check_status(
        version=version, status=VersionStatus.DRAFT, otherwise=VersionNotDraft, cure="draft the next version"
    )
    for name, value in _stored(_terms(plan=version.plan, document=document)).items():
        setattr(version, name, value)
    version.prepared_by = by
    version.save()
    return version


@act
def version_approve(*, version_id: UUID, by: User, at: datetime, comment: str = "") -> PlanVersion:
    """
    Approve the next step of a draft; with the last one it is approved. Bound to the digest of its document.

    Which steps there are, the company says (`plans.approval_steps`); as shipped it is one second person.

    :raises RoleMissing: if the approver holds none of the roles that decide the step.
    :raises VersionNotDraft: if it is no draft.
    :raises DrafterCannotApprove: if the approver prepared it.
    :raises ApproverDecidedAlready: if they decided an earlier step.
    :raises VersionReturned: if it was sent back and nothing was changed since.
    :raises DocumentChanged: if the document is not what its digest says.
    :raises DesignBlocked: if a check of its design blocks it.
    """
    version = _locked(version_id=version_id)
    waits = _to_decide(version=version, by=by, at=at)
    _check_digest(version=version)
    version_hold_blocked(version=version, stage=Stage.APPROVAL, at=at, act_words=Word("approved"))
    _decided(version, waits.step, Decision.APPROVED, comment=comment, by=by, at=at)
    if version_progress(version=version, on=at.date()).next is None:
        version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, by, at
        version.save(update_fields=["status", "approved_by", "approved_at"])
        version_done_told(version=version, at=at)
    else:
        approval_told(version=version, at=at)
    return version


@act
def version_return(*, version_id: UUID, by: User, at: datetime, reason: str) -> PlanVersion:
    """
    Send a draft back to who prepared it, with the reason; its working draft can be edited and handed in again.

    :raises RoleMissing: if `by` holds none of the roles that decide the next step.
    :raises VersionNotDraft: if it is no draft.
    :raises DrafterCannotApprove: if `by` prepared it.
    :raises VersionReturned: if it was sent back already.
    :raises ReasonMissing: if no reason is given.
    """
    version = _locked(version_id=version_id)
    waits = _to_decide(version=version, by=by, at=at)
    if not reason.strip():
        raise ReasonMissing("Say why %(version)s is sent back.", version=version)
    _decided(version, waits.step, Decision.REJECTED, comment=reason, by=by, at=at)
    Draft.objects.filter(version=version).update(status=DraftStatus.EDITING, version=None)
    version_returned_told(version=version, by=by, at=at)
    return version


@act
def version_publish(*, version_id: UUID, by: User, at: datetime, late_reason: str = "") -> PlanVersion:
    """
    Publish an approved version: it is in force on its days, and stays as it is.

    A version that is in force before its first day ends there, and the people on it go on under the new one. Targets
    that stand beside the draft it came from are issued.

    :raises RoleMissing: if `by` does not design plans.
    :raises VersionNotApproved: if it is not approved.
    :raises DocumentChanged: if the document is not what was approved.
    :raises PublishedLate: if its first day has come, and no reason is given.
    :raises DaysLocked: if it holds on a day of a locked period.
    :raises DesignBlocked: if a check of its design blocks it.
    :raises VersionsOverlap: if another version holds on one of its days that does not begin before it.
    :raises AssignmentKept: if somebody is on the version before only after this one's end, on terms of an exception.
    """
    role_check(user=by, roles=PUBLISHERS, on=at.date(), act="Publishing a plan")
    return version_put_in_force(version_id=version_id, by=by, at=at, late_reason=late_reason)


def version_put_in_force(*, version_id: UUID, by: User, at: datetime, late_reason: str = "") -> PlanVersion:
    """Put an approved version in force, whoever may: part of the acts that publish one and that load history."""
    version = _locked(version_id=version_id)
    _check_status(
        version=version, status=VersionStatus.APPROVED, otherwise=VersionNotApproved, cure="approve it first"
    )
    _check_approved_digest(version=version)
    if version.loading == Loading.LIVE:
        _check_days_open(version=version)
        _check_in_time(version=version, at=at, late_reason=late_reason)
        targets_issue(version=version, by=by, at=at)
    version_hold_blocked(version=version, stage=Stage.PUBLISHING, at=at, act_words=Word("published"))
    overlaps = VersionsOverlap(
        "Another published version of %(plan)s holds on a day of %(version)s.",
        plan=version.plan,
        version=version,
    )
    with refusing(
        {"plans_one_published_version_a_day": overlaps, IN_FORCE_LAW: VersionsOverlap},
        at_once=[IN_FORCE_LAW, WHOLE_VERSION_LAW],
    ):
        before = _version_before(version=version)
        if before is not None:
            PlanVersion.objects.filter(pk=before.pk).update(
                valid=DateRange(before.span.since, version.span.since)
            )
        version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, by, at
        version.save(update_fields=["status", "published_by", "published_at"])
        if before is not None:
            _assignments_go_on(before=before, after=version, by=by)
    return version


@act
def version_withdraw(*, version_id: UUID, by: User, at: datetime, reason: str) -> PlanVersion:
    """
    Withdraw a version that has not been in force.

    :raises RoleMissing: if `by` does not design plans.
    :raises InForceAlready: if it is published and its first day has come, or people are on it.
    :raises ReasonMissing: if no reason is given.
    """
    role_check(user=by, roles=PUBLISHERS, on=at.date(), act="Withdrawing a plan")
    version = _locked(version_id=version_id)
    if not reason.strip():
        raise ReasonMissing("Say why %(version)s is withdrawn.", version=version)
    published = version.status == VersionStatus.PUBLISHED
    if published and (version.span.since <= at.date() or version.assignments.exists()):
        raise InForceAlready(
            "%(version)s is in force from %(since)s on, or people are on it; publish the next version.",
            version=version,
            since=version.span.since,
        )
    laws = {
        law_says(
            "plan_versions_withdrawn_before_in_force",
            "Plan %(plan)s has been in force since %(since)s; publish the next version instead.",
        ): InForceAlready,
        "plan_versions_move_on": InForceAlready,
    }
    with refusing(laws):
        PlanVersion.objects.filter(pk=version.pk).update(status=VersionStatus.WITHDRAWN)
    version_done_told(version=version, at=at)
    _finding(version=version, rule="withdrawn", message=reason, severity=Severity.INFORMATION, at=at)
    return PlanVersion.objects.get(pk=version.pk)


def _to_decide(*, version: PlanVersion, by: User, at: datetime) -> StepSeen:
    """Return the step that `by` may decide now."""
    _check_status(
        version=version, status=VersionStatus.DRAFT, otherwise=VersionNotDraft, cure="draft the next version"
    )
    if by.pk in (version.prepared_by_id, version.created_by_id):
        raise DrafterCannotApprove(
            "%(by)s prepared %(version)s; a second person approves it.", by=by, version=version
        )
    progress = version_progress(version=version, on=at.date())
    if progress.returned is not None:
        raise VersionReturned(
            "%(version)s was sent back: %(reason)s It is handed in again once it is changed.",
            version=version,
            reason=progress.returned.comment,
        )
    waits = progress.next
    if waits is None:
        raise VersionNotDraft("Every step of %(version)s is decided already.", version=version)
    role_check(user=by, roles=list(waits.roles), on=at.date(), act="Approving a plan")
    if by.pk in progress.deciders:
        raise ApproverDecidedAlready(
            "%(by)s approved %(version)s already; the next step is another person's.", by=by, version=version
        )
    return waits


def _decided(
    version: PlanVersion, step: ApprovalStep, decision: Decision, *, comment: str, by: User, at: datetime
) -> None:
    Approval.objects.create(
        subject_table=VERSION_TABLE,
        subject_id=version.pk,
        step=step_name(step),
        digest=version.digest,
        prepared_by_id=version.prepared_by_id,
        decided_by=by,
        decided_at=at,
        decision=decision,
        comment=comment,
        created_by=by,
    )


def _locked(*, version_id: UUID) -> PlanVersion:
    return (
        PlanVersion.objects.select_for_update(of=("self",), no_key=True)
        .select_related("plan")
        .get(pk=version_id)
    )


def _terms(*, plan: Plan, document: Mapping[str, Any]) -> PlanTerms:
    terms = plan_from_document(document)
    if terms.code != plan.code or str(terms.type) != plan.plan_type:
        raise DocumentOfAnotherPlan(
            "The document is of %(terms)s, a %(type)s plan; %(plan)s is a %(plan_type)s plan.",
            terms=terms.code,
            type=terms.type,
            plan=plan.code,
            plan_type=plan.plan_type,
        )
    return terms


def _stored(terms: PlanTerms) -> dict[str, Any]:
    """Return the columns of a version that its document decides."""
    span = Span.inclusive(terms.effective.since, terms.effective.to)
    return {
        "valid": DateRange(span.since, span.until),
        "document": plan_document(terms),
        "digest": plan_digest(terms),
        "currency": terms.currency,
    }


def _check_status(
    *, version: PlanVersion, status: VersionStatus, otherwise: type[Refusal], cure: str
) -> None:
    if version.status != status:
        raise otherwise(
            Sentence(
                "%(version)s is %(status)s; %(cure)s.",
                version=version,
                status=Word(version.get_status_display().lower()),
                cure=ours(cure),
            )
        )


def _check_digest(*, version: PlanVersion) -> None:
    if plan_digest(plan_from_document(version.document)) != version.digest:
        raise DocumentChanged(
            "The document of %(version)s is not what its digest says; draft it again.", version=version
        )


def _check_approved_digest(*, version: PlanVersion) -> None:
    _check_digest(version=version)
    approved = Approval.objects.filter(
        subject_table=VERSION_TABLE, subject_id=version.pk, decision=Decision.APPROVED, digest=version.digest
    )
    if not approved.exists():
        raise DocumentChanged(
            "Nobody approved %(version)s as it stands; draft it again and have it approved.", version=version
        )


def _check_days_open(*, version: PlanVersion) -> None:
    locked = Period.objects.filter(
        calendar_id=version.plan.calendar_id, status=PeriodStatus.LOCKED, days__overlap=version.valid
    )
    last = locked.order_by("-days").first()
    if last is not None:
        raise DaysLocked(
            "%(version)s holds in %(last)s, which is locked; let it begin on %(until)s or later.",
            version=version,
            last=last,
            until=last.span.until,
        )


def _check_in_time(*, version: PlanVersion, at: datetime, late_reason: str) -> None:
    if at.date() < version.span.since:
        return
    if not late_reason.strip():
        raise PublishedLate(
            "%(version)s is in force from %(since)s on, and it is %(at)s; say why it is published late.",
            version=version,
            since=version.span.since,
            at=at.date(),
        )
    _finding(version=version, rule=LATE_RULE, message=late_reason, severity=Severity.TO_LOOK_AT, at=at)


def _version_before(*, version: PlanVersion) -> PlanVersion | None:
    """Return the published version that holds on this one's first day and began before it."""
    return (
        PlanVersion.objects.select_for_update(no_key=True)
        .filter(plan_id=version.plan_id, status=VersionStatus.PUBLISHED, valid__contains=version.span.since)
        .filter(valid__startswith__lt=version.span.since)
        .first()
    )


def _assignments_go_on(*, before: PlanVersion, after: PlanVersion, by: User) -> None:
    """End assignments of the version before on the new one's first day, and go on under the new one."""
    since: date = after.span.since
    for old in Assignment.objects.filter(plan_version=before, valid__overlap=DateRange(since, None)).order_by(
        "pk"
    ):
        shared, row = old.span.overlap(after.span), Assignment.objects.filter(pk=old.pk)
        if old.span.since >= since and shared is not None:  # what speaks of it goes on speaking of it
            row.update(plan_version=after, valid=DateRange(shared.since, shared.until))
            continue
        if old.span.since < since:
            row.update(valid=DateRange(old.span.since, since))
        else:
            _taken_off(row, version=after)
        if shared is not None:
            Assignment.objects.create(
                person_id=old.person_id,
                plan_id=old.plan_id,
                plan_version=after,
                account_id=old.account_id,
                scope=old.scope,
                share=old.share,
                parameters=old.parameters,
                valid=DateRange(shared.since, shared.until),
                created_by=by,
            )


def _taken_off(row: QuerySet[Assignment], *, version: PlanVersion) -> None:
    try:
        row.delete()
    except ProtectedError:
        raise AssignmentKept(
            "%(assignment)s begins after %(version)s has ended, and other terms were asked for it: reject or end that "
            "exception first.",
            assignment=row.get(),
            version=version,
        ) from None


def _finding(*, version: PlanVersion, rule: str, message: str, severity: Severity, at: datetime) -> Finding:
    return Finding.objects.create(
        subject_table=VERSION_TABLE,
        subject_id=str(version.pk),
        rule=rule,
        message=message,
        severity=severity,
        status=FindingStatus.OPEN,
        found_at=at,
    )
