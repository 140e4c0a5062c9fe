"""
How far a version is on its way to approval: the steps the company asks for, who decided, and who is next.

A decision is of the document it was made on, by its digest. One that sent the version back ends what was decided
before it; the version is decided on anew once it is handed in again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kamcomp.approvals.choices import Decision
from kamcomp.approvals.models import Approval
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.policy.selectors import policy_value
from plans.choices import ApprovalStep, VersionStatus
from plans.models import PlanVersion

VERSION_TABLE = PlanVersion._meta.db_table
STEPS_SETTING = "plans.approval_steps"
"""A policy setting: the steps of an approval, in order."""
STEPS_DEFAULT = [ApprovalStep.SECOND_PERSON.value]
STEP_ROLES: Mapping[ApprovalStep, tuple[Role, ...]] = {
    ApprovalStep.SECOND_PERSON: (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL),
    ApprovalStep.OPERATIONS: (Role.COMP_ADMIN, Role.EXECUTIVE),
    ApprovalStep.FINANCE: (Role.FINANCE,),
    ApprovalStep.HR_LEGAL: (Role.HR_LEGAL,),
}
ACT = "version_approve"


@dataclass(frozen=True, kw_only=True)
class StepSeen:
    """A step, with its decision once there is one."""

    step: ApprovalStep
    approval: Approval | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return the roles that decide it."""
        return STEP_ROLES[self.step]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The steps of a version in order; `returned` is the decision that sent it back, if it was not changed since."""

    steps: Sequence[StepSeen]
    returned: Approval | None = None

    @property
    def next(self) -> StepSeen | None:
        """Return the step that waits, none once all are decided."""
        return next((one for one in self.steps if one.approval is None), None)

    @property
    def begun(self) -> bool:
        """Tell whether somebody approved and others are still to."""
        return any(one.approval for one in self.steps)

    @property
    def deciders(self) -> frozenset[UUID]:
        """Return who approved a step already: nobody decides two."""
        return frozenset(one.approval.decided_by_id for one in self.steps if one.approval)  # type: ignore[misc]


def steps_on(*, day: date) -> list[ApprovalStep]:
    """Return the steps the company asks for on a day."""
    stated = policy_value(key=STEPS_SETTING, on=day, default=STEPS_DEFAULT)
    known = [ApprovalStep(each) for each in stated if each in ApprovalStep.values]
    return known or [ApprovalStep.SECOND_PERSON]


def step_name(step: ApprovalStep) -> str:
    """Return what a decision of a step is kept under."""
    return ACT if step is ApprovalStep.SECOND_PERSON else f"{ACT}:{step}"


def version_progress(*, version: PlanVersion, on: date) -> Progress:
    """Return how far a version is."""
    rows = Approval.objects.filter(subject_table=VERSION_TABLE, subject_id=version.pk)
    decided = list(rows.select_related("decided_by").order_by("decided_at", "pk"))
    return progress_of(version=version, decided=decided, steps=steps_on(day=on))


def progress_of(
    *, version: PlanVersion, decided: Sequence[Approval], steps: Sequence[ApprovalStep]
) -> Progress:
    """Return how far a version is by its decisions, the oldest first."""
    counts: dict[str, Approval] = {}
    returned: Approval | None = None
    for one in decided:
        if one.decision == Decision.REJECTED:
            counts, returned = {}, one
        elif one.decision == Decision.APPROVED and one.digest == version.digest:
            counts[one.step], returned = one, None
    if returned is not None and returned.digest != version.digest:
        returned = None
    return Progress(
        steps=[StepSeen(step=step, approval=counts.get(step_name(step))) for step in steps],
        returned=returned,
    )


def versions_waiting(*, user: User, roles: Collection[Role | str], on: date) -> list[PlanVersion]:
    """Return the versions whose next step is the user's to decide, whoever else could."""
    rows = PlanVersion.objects.filter(status=VersionStatus.DRAFT).exclude(prepared_by=user)
    versions = list(rows.exclude(created_by=user).select_related("plan").order_by("valid"))
    decided: dict[UUID, list[Approval]] = defaultdict(list)
    for row in Approval.objects.filter(
        subject_table=VERSION_TABLE, subject_id__in=[version.pk for version in versions]
    ).order_by("decided_at", "pk"):
        decided[row.subject_id].append(row)
    steps = steps_on(day=on) if versions else []
    found = []
    for version in versions:
        progress = progress_of(version=version, decided=decided[version.pk], steps=steps)
        waits = progress.next
        if (
            waits
            and not progress.returned
            and set(waits.roles) & set(roles)
            and user.pk not in progress.deciders
        ):
            found.append(version)
    return found
