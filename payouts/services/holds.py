"""
Holding a person's pay of a locked run back from payroll, and releasing it.

The payout itself never changes: a hold and a release are events with who, when and why.
A held person is left out of the run's payroll file; a released one comes with the next
payroll file that is made, of this run or of a later one.
States: docs/reference/states.md, "Payout after the lock".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from payouts.choices import PayoutEventKind, RunStatus
from payouts.models import PayoutEvent, Run
from payouts.selectors.payment_events import exported, holds, subjects_of
from teams.models import Person

HOLDERS = [Role.FINANCE, Role.COMP_ADMIN]


class HoldReasonMissing(Refusal):
    """A hold, or its release, has no reason."""


class OwnHold(Refusal):
    """Nobody holds or releases their own pay."""


class NotLockedYet(Refusal):
    """Only what is locked is held; before, an objection or an adjustment is the way."""


class NothingToHold(Refusal):
    """The run pays this person nothing."""


class PayrollWasTold(Refusal):
    """Payroll has been told to pay this already."""


class HeldAlready(Refusal):
    """The person's pay of this run is held already."""


class NotHeld(Refusal):
    """Only what is held is released."""


@act
def payout_hold(*, run_id: UUID, person: Person, reason: str, by: User, at: datetime) -> int:
    """
    Hold all that a locked run pays a person, and return how many payouts, shares and adjustments that are.

    :raises HoldReasonMissing: if the reason is empty.
    :raises OwnHold: if it is the pay of `by`.
    :raises NotLockedYet: if the run is not locked.
    :raises NothingToHold: if the run pays the person nothing.
    :raises PayrollWasTold: if a payroll file has told payroll to pay it.
    :raises HeldAlready: if it is held.
    """
    run = _checked(run_id=run_id, person=person, reason=reason, by=by, at=at, act=Word("Holding a payout"))
    if exported(run=run, person_id=person.pk):
        raise PayrollWasTold(
            "Payroll has been told to pay %(employee_id)s for %(run)s: stop it there, or correct "
            "it by an adjustment.",
            employee_id=person.employee_id,
            run=run,
        )
    if _is_held(run, person):
        raise HeldAlready(
            "What %(run)s pays %(employee_id)s is held already.", run=run, employee_id=person.employee_id
        )
    return _note(PayoutEventKind.HELD, run=run, person=person, reason=reason, by=by, at=at)


@act
def payout_release(*, run_id: UUID, person: Person, reason: str, by: User, at: datetime) -> int:
    """
    Release what is held of a person in a locked run; it comes with the next payroll file.

    :raises HoldReasonMissing: if the reason is empty.
    :raises OwnHold: if it is the pay of `by`.
    :raises NotLockedYet: if the run is not locked.
    :raises NotHeld: if nothing of the person is held in the run.
    """
    run = _checked(run_id=run_id, person=person, reason=reason, by=by, at=at, act=Word("Releasing a payout"))
    if not _is_held(run, person):
        raise NotHeld(
            "Nothing that %(run)s pays %(employee_id)s is held.", run=run, employee_id=person.employee_id
        )
    return _note(PayoutEventKind.RELEASED, run=run, person=person, reason=reason, by=by, at=at)


def _checked(*, run_id: UUID, person: Person, reason: str, by: User, at: datetime, act: Word) -> Run:
    role_check(user=by, roles=HOLDERS, on=at.date(), act=act)
    if not reason.strip():
        raise HoldReasonMissing("%(act)s needs a reason: say why.", act=act)
    if person.user_id == by.pk:
        raise OwnHold("%(by)s cannot hold or release their own pay: ask somebody else.", by=by)
    # An export takes the same lock, so a hold is in the file either wholly or not at all.
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "calendar")
        .get(pk=run_id)
    )
    if run.status != RunStatus.LOCKED:
        raise NotLockedYet(
            "%(run)s is %(status)s: only what is locked is held.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )
    return run


def _is_held(run: Run, person: Person) -> bool:
    found = holds(calendar_id=run.calendar_id, run_id=run.pk)
    return any(hold.held for hold in found if hold.person_id == person.pk)


def _note(
    kind: PayoutEventKind, *, run: Run, person: Person, reason: str, by: User, at: datetime
) -> int:  # fmt: skip
    subjects = list(subjects_of(run_id=run.pk, people=[person.pk]))
    if not subjects:
        raise NothingToHold("%(run)s pays %(employee_id)s nothing.", run=run, employee_id=person.employee_id)
    PayoutEvent.objects.bulk_create(
        [PayoutEvent(kind=kind, at=at, by=by, reason=reason, **subject) for subject in subjects]
    )
    return len(subjects)
