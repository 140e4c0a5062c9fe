"""
The end of what HR keeps of people: a row is taken out by hand, at its last day, or with its person's personal fields.

A row is deleted wherever it stands, in what imports keep for their undo too; the audit trail never carried its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.imports.models import ImportChange
from kamcomp.refusal import Refusal
from teams.models import (
    Candidate,
    CapabilityScore,
    DevelopmentGoal,
    Leaver,
    Mentorship,
    Reward,
    Training,
    WorkLifeAction,
)
from teams.services.care.rules import care_check

ABOUT_PEOPLE = (
    CapabilityScore, Training, Mentorship, Reward, DevelopmentGoal, WorkLifeAction, Leaver, Candidate,
)  # fmt: skip
"""Everything that is kept of somebody, in the order in which it can be deleted."""
BY_NAME: dict[str, type[Any]] = {model._meta.model_name or "": model for model in ABOUT_PEOPLE}


class CareRowUnknown(Refusal):
    """There is no such row of what HR keeps."""


@act
def care_row_remove(*, what: str, row_id: UUID, by: User, at: datetime) -> UUID | None:
    """
    Take out a row that HR keeps of somebody; return whose it was, none of a candidate from outside.

    :raises RoleMissing: if `by` is not of HR and legal.
    :raises CareRowUnknown: if there is no such row.
    """
    care_check(by=by, at=at, act="Taking out what is kept of people")
    row = BY_NAME[what].objects.filter(pk=row_id).first() if what in BY_NAME else None
    if row is None:
        raise CareRowUnknown("This was taken out already.")
    whose: UUID | None = getattr(row, "person_id", None)
    _deleted(BY_NAME[what], BY_NAME[what].objects.filter(pk=row_id))
    return whose


@act
def care_erase_due(*, at: datetime) -> int:
    """Delete every row whose last day has passed; return how many. Nobody's act: the calendar's."""
    return _erased(Q(retain_until__lt=at.date()))


def care_erase_person(*, person_id: UUID) -> int:
    """Delete all that is kept of a person, as a mentor too. Part of the act that erases their personal fields."""
    whole = _erased(Q(person_id=person_id))
    return whole + _deleted(Mentorship, Mentorship.objects.filter(mentor_id=person_id))


def care_due(*, on: date) -> int:
    """Return how many rows are past their last day."""
    return sum(model.objects.filter(retain_until__lt=on).count() for model in ABOUT_PEOPLE)


def _erased(where: Q) -> int:
    return sum(_deleted(model, model.objects.filter(where)) for model in ABOUT_PEOPLE)


def _deleted(model: type[Any], rows: QuerySet[Any]) -> int:
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return 0
    if model is Candidate:
        _deleted(CapabilityScore, CapabilityScore.objects.filter(candidate__in=ids))
    _imports_forget(model=model, ids=ids)
    model.objects.filter(pk__in=ids).delete()
    return len(ids)


def _imports_forget(*, model: type[Any], ids: Iterable[UUID]) -> None:
    """Empty what imports keep of the rows for their undo."""
    kept = ImportChange.objects.filter(
        subject_table=model._meta.db_table, subject_id__in=[str(row_id) for row_id in ids]
    )
    kept.update(before=None, after=None)
