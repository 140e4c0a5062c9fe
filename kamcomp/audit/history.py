"""
What the audit trail says of one row: its entries in order, and the row as it was after any of them.

A first entry holds the whole row, a later one only what changed; laid over each other they are
the row as of then. Bulk entries (rows from id to id) tell of many rows at once and belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kamcomp.audit.models import AuditEvent, AuditSeal

WHY = ("reason", "comment", "settled_reason", "returned_reason", "ineligible_reason", "error")
"""The columns in which a row says why, the first that is filled counts."""
STAMPS, STAMPED = {"id", "version", "valid", "lease_until"}, ("_id", "_at", "digest")
FIRST = ("status", "amount", "name", "code")
"""What a line in short says first, where it is there."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One column of an entry: what it was and what it became, as text."""

    name: str
    before: str
    after: str


def field_changes(*, event: AuditEvent) -> list[FieldChange]:
    """Return an entry's columns in order; what an insert leaves empty is left out."""
    before, after = event.before or {}, event.after or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    found = [
        FieldChange(name=name, before=plain(before.get(name)), after=plain(after.get(name)))
        for name in sorted({*before, *after})
    ]
    return [each for each in found if each.before or each.after]


def state_after(*, event: AuditEvent) -> dict[str, str]:
    """Return the row as it was right after an entry, as far as the trail tells; empty once it is deleted."""
    state: dict[str, Any] = {}
    for before, after, operation in (
        entries_of(event=event).filter(id__lte=event.id).values_list("before", "after", "operation")
    ):
        if operation == "delete":
            state = {}
        elif operation != "act":
            state |= {**(before if not state and isinstance(before, dict) else {}), **(after or {})}
    return {name: plain(value) for name, value in sorted(state.items())}


def entries_of(*, event: AuditEvent) -> Any:
    """Return all entries about the row that an entry is about, oldest first."""
    same = AuditEvent.objects.filter(subject_table=event.subject_table, subject_id=event.subject_id)
    return same.order_by("id")


def why_of(*, event: AuditEvent) -> str:
    """Return the reason an entry's row gives, or nothing."""
    after = event.after if isinstance(event.after, dict) else {}
    return next((str(after[name]) for name in WHY if after.get(name)), "")


def seal_of(*, event: AuditEvent) -> AuditSeal | None:
    """Return the seal that covers an entry, or none while it waits for one."""
    return (
        AuditSeal.objects.filter(first_event__lte=event.id, last_event__gte=event.id)
        .order_by("id")
        .defer("event_ids", "event_digests")
        .first()
    )


def plain(value: Any) -> str:
    """Return a value of an entry as text: nothing for nothing, documents in short."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def in_short(changes: Sequence[FieldChange], *, most: int = 3) -> str:
    """Return the first changes in one line, keys and stamps of the row itself left out."""
    told_first = sorted(
        (each for each in changes if each.name not in STAMPS and not each.name.endswith(STAMPED)),
        key=lambda each: FIRST.index(each.name) if each.name in FIRST else len(FIRST),
    )
    told = [
        f"{each.name}: {each.before} → {each.after}" if each.before else f"{each.name}: {each.after}"
        for each in told_first[:most]
    ]
    more = len(told_first) - most
    line = "; ".join(part if len(part) <= 80 else part[:79] + "…" for part in told)
    return f"{line}; +{more}" if more > 0 else line
