"""
What happened to a run's payouts after the lock: who is held, who was released, which file told payroll.

A person is held as a whole: payroll pays one amount a person and currency, converted once.
States: docs/reference/states.md, "Payout after the lock".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from payouts.choices import AdjustmentStatus, ExportProfile, PayoutEventKind
from payouts.models import Adjustment, Allocation, Payout, PayoutEvent, Run

EARNERS = ("payout", "allocation", "adjustment")


@dataclass
class Hold:
    """A person of a run who is, or was, held: since when and why, and which payroll file has paid them since."""

    run_id: UUID
    person_id: UUID
    held: bool = False
    reason: str = ""
    exported_in: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class PayrollMembers:
    """Whom a run's payroll file leaves out, with the reason, and whom of earlier runs it pays, by run."""

    left_out: Mapping[UUID, str]
    released: Mapping[UUID, frozenset[UUID]]


def payroll_stem(*, run: Run) -> str:
    """Return what the payroll files of a run are called, whatever their format."""
    return f"{run.calendar.code}-{run.period.code}-run-{run.number}-payroll"


def holds(*, calendar_id: UUID, run_id: UUID | None = None) -> list[Hold]:
    """Return everybody of a calendar's runs, or of one, who was ever held, and what became of it."""
    events = _events().filter(calendar_of=calendar_id)
    if run_id:
        events = events.filter(run_of=run_id)
    held = events.filter(kind=PayoutEventKind.HELD)
    earners = [{row[name] for row in held.values(*_ids()) if row[name]} for name in _ids()]
    of_the_held = Q()
    for name, ids in zip(_ids(), earners, strict=True):
        of_the_held |= Q(**{f"{name}__in": ids})
    found: dict[tuple[UUID, UUID], Hold] = {}
    for event in events.filter(of_the_held if any(earners) else Q(pk=None)).order_by("pk"):
        hold = found.setdefault((event.run_of, event.person_of), Hold(event.run_of, event.person_of))
        if event.kind == PayoutEventKind.EXPORTED:
            hold.exported_in.add(event.reference)
        elif event.kind in (PayoutEventKind.HELD, PayoutEventKind.RELEASED):
            hold.held = event.kind == PayoutEventKind.HELD
            hold.reason = event.reason if hold.held else hold.reason
    return list(found.values())


def payroll_members(*, run: Run) -> PayrollMembers:
    """
    Return whom a run's payroll file leaves out and whom of earlier runs it pays.

    Once the file is made its events say so, and the answer stays what it was; before, it
    is who is held now, and who has been released of an earlier run and is in no file yet.
    """
    stem, made = payroll_stem(run=run), exported(run=run)
    left_out: dict[UUID, str] = {}
    released: dict[UUID, set[UUID]] = defaultdict(set)
    earlier = set(
        Run.objects.filter(
            calendar_id=run.calendar_id, period__days__startswith__lt=run.period.days.lower
        ).values_list("pk", flat=True)
    )
    for hold in holds(calendar_id=run.calendar_id):
        told = stem in hold.exported_in
        if hold.run_id == run.pk and not told and (made or hold.held):
            left_out[hold.person_id] = hold.reason
        elif hold.run_id in earlier and (told or not (made or hold.held or hold.exported_in)):
            released[hold.run_id].add(hold.person_id)
    return PayrollMembers(
        left_out=left_out, released={run_id: frozenset(people) for run_id, people in released.items()}
    )


def exported(*, run: Run, person_id: UUID | None = None) -> bool:
    """Tell whether payroll has been told of a run, or of one of its people."""
    events = PayoutEvent.objects.filter(kind=PayoutEventKind.EXPORTED)
    if person_id is None:
        return run.exports.filter(profile=ExportProfile.PAYROLL).exists()
    subjects = list(subjects_of(run_id=run.pk, people=[person_id]))
    return any(events.filter(**subject).exists() for subject in subjects)


def subjects_of(
    *, run_id: UUID, people: Collection[UUID], without: PayoutEventKind | None = None
) -> Iterator[dict[str, Any]]:
    """Return what people are paid for in a run, as the subjects of events; `without` leaves out those that have one."""
    mine: dict[str, QuerySet[Any]] = {
        "payout_id": Payout.objects.filter(run_id=run_id, person_id__in=people).exclude(amount=0),
        "allocation_id": Allocation.objects.filter(
            pool__run_id=run_id, person_id__in=people, amount__isnull=False
        ).exclude(amount=0),
        "adjustment_id": Adjustment.objects.filter(
            run_id=run_id, person_id__in=people, status=AdjustmentStatus.POSTED
        ),
    }
    for name, rows in mine.items():
        if without:
            noted = PayoutEvent.objects.filter(kind=without, **{f"{name}__isnull": False}).values(name)
            rows = rows.exclude(pk__in=noted)
        yield from ({name: pk} for pk in rows.order_by("pk").values_list("pk", flat=True))


def _ids() -> tuple[str, ...]:
    return tuple(f"{name}_id" for name in EARNERS)


def _events() -> QuerySet[Any]:
    return PayoutEvent.objects.annotate(
        run_of=Coalesce("payout__run_id", "allocation__pool__run_id", "adjustment__run_id"),
        calendar_of=Coalesce(
            "payout__run__calendar_id", "allocation__pool__run__calendar_id", "adjustment__run__calendar_id"
        ),
        person_of=Coalesce("payout__person_id", "allocation__person_id", "adjustment__person_id"),
    )
