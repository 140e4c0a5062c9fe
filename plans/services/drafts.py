"""
Acts on working drafts: begin one, change it in steps, undo and redo, put it aside, submit it as a version.

Each change is a step that is kept, so that nothing has to be saved by hand and every step can be taken back. Who
changes says which step they saw: a change at a place that nobody else touched since then goes in by itself, one
at a place that somebody did is refused with both. A draft may break laws while it is made, never the schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.calendar.models import FiscalCalendar
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from plans.choices import DraftStatus, Element, PlanType, StepKind
from plans.engine.document import plan_from_document, written_out
from plans.engine.edits import Edit, edited, edits_read, edits_written, touches
from plans.models import Draft, DraftBrief, DraftStep, Plan, PlanVersion
from plans.selectors.drafts import draft_as_version
from plans.services.checks import findings_let_stand, version_check
from plans.services.telling import approval_told
from plans.services.versions import (
    DocumentOfAnotherPlan,
    PlanExists,
    plan_make,
    version_draft,
    version_redraft,
)
from teams.models import StrategicAccount

DESIGNERS = [Role.COMP_ADMIN]


class DraftNotOpen(Refusal):
    """Only a draft that is being edited is changed, submitted or put aside."""


class CalendarMissing(Refusal):
    """A new plan is of a calendar."""


class NothingToUndo(Refusal):
    """There is no step to take back or to make again."""


class StepOfAnother(Refusal):
    """Who made a step takes it back."""


class NothingChanged(Refusal):
    """A step changes something."""


class ElementsNotGoneThrough(Refusal):
    """A draft that began with answers is handed on once its elements were laid beside the account managers'."""


class DraftChanged(Refusal):
    """Somebody else changed the same place meanwhile."""

    def __init__(self, sentence: str, /, *, draft: Draft, places: Sequence[str], **values: object) -> None:
        self.draft, self.places = draft, tuple(places)
        super().__init__(sentence, **values)


@act
def draft_begin(
    *,
    document: Mapping[str, Any],
    by: User,
    at: datetime,
    plan: Plan | None = None,
    based_on: PlanVersion | None = None,
    calendar: FiscalCalendar | None = None,
    account: StrategicAccount | None = None,
) -> Draft:
    """
    Begin a working draft from a document: of a plan's next version, or of a new plan in a calendar.

    :raises RoleMissing: if `by` does not design plans.
    :raises DocumentInvalid: naming every departure from the schema.
    :raises DocumentOfAnotherPlan: if the document's code or type is not the plan's.
    :raises PlanExists: if a new plan's code is taken.
    :raises CalendarMissing: if a new plan is of no calendar.
    """
    role_check(user=by, roles=DESIGNERS, on=at.date(), act="Designing a plan")
    whole = written_out(document)
    if plan is None:
        if Plan.objects.filter(code=whole["code"]).exists():
            raise PlanExists(
                "There is a plan %(whole)s already; begin a draft of its next version.", whole=whole["code"]
            )
    elif (whole["code"], whole["type"]) != (plan.code, plan.plan_type):
        raise DocumentOfAnotherPlan(
            "The document is of %(whole)s, a %(type)s plan; %(plan)s is a %(plan_type)s plan.",
            whole=whole["code"],
            type=whole["type"],
            plan=plan.code,
            plan_type=plan.plan_type,
        )
    in_calendar = plan.calendar if plan else calendar
    if in_calendar is None:
        raise CalendarMissing("A new plan has a calendar: say which one its periods are of.")
    return Draft.objects.create(
        plan=plan,
        based_on=based_on,
        calendar=in_calendar,
        account=plan.account if plan else account,
        name=whole["name"][:160],
        document=whole,
        changed_by=by,
        changed_at=at,
        created_by=by,
    )


@act
def draft_change(*, draft_id: UUID, edits: Sequence[Edit], seen: int, by: User, at: datetime) -> Draft:
    """
    Make one step of edits on a draft, as somebody who saw its step `seen`.

    :raises RoleMissing: if `by` does not design plans.
    :raises DraftNotOpen: if it is not being edited.
    :raises DraftChanged: if one of the places was changed since that step; nothing is changed.
    :raises PlaceUnknown: naming the place that the document does not have.
    :raises DocumentInvalid: naming every departure from the schema that the edits would make.
    :raises NothingChanged: if the document stays as it is.
    """
    draft = _open(draft_id=draft_id, by=by, at=at)
    _check_seen(draft=draft, edits=edits, seen=seen)
    return _step(draft=draft, edits=edits, kind=StepKind.CHANGE, by=by, at=at)


@act
def draft_undo(*, draft_id: UUID, by: User, at: datetime) -> Draft:
    """
    Take back one's own last step that was not taken back yet; it can be made again until something else is changed.

    :raises NothingToUndo: if there is none.
    :raises StepOfAnother: naming who made the only steps there are, or changed the same place since.
    :raises DraftNotOpen: if it is not being edited.
    """
    draft = _open(draft_id=draft_id, by=by, at=at)
    if not draft.undoable:
        raise NothingToUndo("There is no step to take back.")
    step = _own_last(draft=draft, numbers=draft.undoable, by=by)
    edits = edits_read(step.back)
    _check_untouched(draft=draft, step=step, edits=edits)
    return _step(draft=draft, edits=edits, kind=StepKind.UNDO, by=by, at=at, of=step.number)


@act
def draft_redo(*, draft_id: UUID, by: User, at: datetime) -> Draft:
    """
    Make the step of one's own again that was taken back last.

    :raises NothingToUndo: if there is none.
    :raises StepOfAnother: naming whose the steps are that were taken back.
    :raises DraftNotOpen: if it is not being edited.
    """
    draft = _open(draft_id=draft_id, by=by, at=at)
    if not draft.redoable:
        raise NothingToUndo("There is no step to make again.")
    step = _own_last(draft=draft, numbers=draft.redoable, by=by)
    return _step(draft=draft, edits=edits_read(step.edits), kind=StepKind.REDO, by=by, at=at, of=step.number)


@act
def draft_discard(*, draft_id: UUID, by: User, at: datetime) -> Draft:
    """
    Put a draft aside; it and its steps are kept, and it can be taken up again.

    :raises DraftNotOpen: if it is not being edited.
    """
    draft = _open(draft_id=draft_id, by=by, at=at)
    return _saved(draft, status=DraftStatus.DISCARDED, changed_by=by, changed_at=at)


@act
def draft_resume(*, draft_id: UUID, by: User, at: datetime) -> Draft:
    """
    Take up a draft that was put aside.

    :raises DraftNotOpen: if it was not.
    """
    role_check(user=by, roles=DESIGNERS, on=at.date(), act="Designing a plan")
    draft = _locked(draft_id=draft_id)
    if draft.status != DraftStatus.DISCARDED:
        raise DraftNotOpen(
            "The draft of %(draft)s was not put aside; it is %(state)s.", draft=draft, state=_state(draft)
        )
    return _saved(draft, status=DraftStatus.EDITING, changed_by=by, changed_at=at)


@act
def draft_submit(*, draft_id: UUID, seen: int, by: User, at: datetime) -> PlanVersion:
    """
    Make a draft the next version of its plan, for a second person to approve; a new plan is made with it.

    The version has the draft's id, so that findings let stand on the draft stand on it. One that was sent back takes
    the draft's document in place of its own. Who decides first is told.

    :raises DraftChanged: if it was changed since the step `seen`.
    :raises ElementsNotGoneThrough: if it began with answers, and an element was not gone through.
    :raises DocumentInvalid: naming every place that does not hold.
    :raises PlanExists: if a new plan's code was taken meanwhile.
    """
    draft = _open(draft_id=draft_id, by=by, at=at)
    if draft.step != seen:
        raise DraftChanged(
            "%(who)s changed the draft meanwhile; look at it before you submit it.",
            who=draft.changed_by,
            draft=draft,
            places=(),
        )
    _check_gone_through(draft)
    terms = plan_from_document(draft.document)
    plan = draft.plan or plan_make(
        code=terms.code,
        name=terms.name,
        plan_type=PlanType(str(terms.type)),
        calendar=draft.calendar,
        account=draft.account,
        by=by,
    )
    if PlanVersion.objects.filter(pk=draft.pk).exists():
        version = version_redraft(version_id=draft.pk, document=draft.document, by=by, at=at)
    else:
        version = version_draft(plan=plan, document=draft.document, by=by, at=at, version_id=draft.pk)
    _saved(draft, status=DraftStatus.SUBMITTED, plan=plan, version=version, changed_by=by, changed_at=at)
    version_check(version_id=version.pk, by=by, at=at)
    approval_told(version=version, at=at)
    return version


@act
def draft_waive(
    *, draft_id: UUID, rule: str, reason: str, by: User, at: datetime, about: str = ""
) -> list[Finding]:
    """
    Let a rule's findings on a draft stand, or the one about somebody; they stand on the version it becomes too.

    :raises DraftNotOpen: if it is not being edited.
    :raises ReasonMissing: if no reason is given.
    :raises CheckUnknown: if there is no such rule, or it finds nothing there.
    :raises NotToBeWaived: if findings of the rule have to be mended.
    :raises RoleMissing: naming the roles whose word lets it stand.
    :raises PreparerCannotWaive: if it blocks, and `by` designed the draft.
    """
    draft = _locked(draft_id=draft_id)
    if draft.status != DraftStatus.EDITING:
        raise DraftNotOpen(
            "The draft of %(draft)s is %(state)s; look at its version.", draft=draft, state=_state(draft)
        )
    version = draft_as_version(draft=draft)
    return findings_let_stand(version=version, rule=rule, reason=reason, by=by, at=at, about=about)


def document_at(*, draft: Draft, seen: int) -> dict[str, Any]:
    """Return the document of a draft as it was after its step `seen`."""
    document: dict[str, Any] = draft.document
    if seen >= draft.step:
        return document
    for step in draft.steps.filter(number__gt=seen).order_by("-number"):
        document, _again = edited(document=document, edits=edits_read(step.back))
    return document


def _locked(*, draft_id: UUID) -> Draft:
    rows = Draft.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("plan", "calendar", "account", "changed_by").get(pk=draft_id)


def _open(*, draft_id: UUID, by: User, at: datetime) -> Draft:
    role_check(user=by, roles=DESIGNERS, on=at.date(), act="Designing a plan")
    draft = _locked(draft_id=draft_id)
    if draft.status != DraftStatus.EDITING:
        raise DraftNotOpen(
            "The draft of %(draft)s is %(state)s; it is not edited any more.",
            draft=draft,
            state=_state(draft),
        )
    return draft


def _check_gone_through(draft: Draft) -> None:
    """Refuse a draft that began with answers while an element of it was not laid beside the account managers'."""
    ticked = DraftBrief.objects.filter(draft=draft).values_list("ticked", flat=True).first()
    if ticked is None:
        return
    left = next((each for each in Element if each.value not in ticked), None)
    if left is not None:
        raise ElementsNotGoneThrough(
            "Go through what sets the plan apart from an account manager's first; the next is: %(left)s.",
            left=Word(str(left.label)),
        )


def _state(draft: Draft) -> Word:
    return Word(str(draft.get_status_display()).lower())


def _check_seen(*, draft: Draft, edits: Sequence[Edit], seen: int) -> None:
    if seen >= draft.step:
        return
    later = list(draft.steps.filter(number__gt=seen))
    places = touches(edits, [edit for step in later for edit in edits_read(step.edits)])
    if places:
        raise DraftChanged(
            "%(who)s changed %(where)s meanwhile.",
            who=draft.changed_by,
            where=", ".join(places) if all(places) else Word("the whole document"),
            draft=draft,
            places=places,
        )


def _own_last(*, draft: Draft, numbers: Sequence[int], by: User) -> DraftStep:
    """Return the user's own of these steps that stands last among them."""
    rows = draft.steps.filter(number__in=list(numbers)).select_related("created_by")
    steps = {step.number: step for step in rows}
    own = next((number for number in reversed(numbers) if steps[number].created_by_id == by.pk), None)
    if own is None:
        raise StepOfAnother(
            "The last step is %(who)s's: who made it takes it back.", who=steps[numbers[-1]].created_by
        )
    return steps[own]


def _check_untouched(*, draft: Draft, step: DraftStep, edits: Sequence[Edit]) -> None:
    later = draft.steps.filter(number__gt=step.number).exclude(created_by=step.created_by_id)
    for other in later.select_related("created_by"):
        if touches(edits, edits_read(other.edits)):
            raise StepOfAnother(
                "%(who)s changed the same place after your last step: who made it takes it back first.",
                who=other.created_by,
            )


def _step(
    *, draft: Draft, edits: Sequence[Edit], kind: StepKind, by: User, at: datetime, of: int = 0
) -> Draft:
    changed, back = edited(document=draft.document, edits=edits)
    whole = written_out(changed)
    if whole == draft.document:
        raise NothingChanged("Nothing was changed: the plan says so already.")
    number = draft.step + 1
    DraftStep.objects.create(
        draft=draft,
        number=number,
        kind=kind,
        edits=edits_written(edits),
        back=edits_written(back),
        made_at=at,
        created_by=by,
    )
    undoable, redoable = list(draft.undoable), list(draft.redoable)
    if kind == StepKind.CHANGE:
        undoable, redoable = [*undoable, number], []
    elif kind == StepKind.UNDO:
        undoable, redoable = [each for each in undoable if each != of], [*redoable, of]
    else:
        undoable, redoable = [*undoable, of], [each for each in redoable if each != of]
    return _saved(
        draft,
        document=whole,
        name=whole["name"][:160],
        step=number,
        undoable=undoable,
        redoable=redoable,
        changed_by=by,
        changed_at=at,
    )


def _saved(draft: Draft, **values: Any) -> Draft:
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save(update_fields=list(values))
    return draft
