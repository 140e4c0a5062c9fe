"""
What somebody did to a pool step by step, kept in their session, so that each step can be taken back.

A step remembers of each row what was there before it and what it left there. What is kept while one still types
(the same turn at the same field) is one step, however often it was kept. Rows that somebody else changed since are
left as they are when a step is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypedDict, cast
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from payouts.selectors.pool_sheet import SheetRow

UNDONE = "pool_undo"
STEPS = 20
State = list[str | None]


class StepRow(TypedDict):
    """A row of a step: amount and reason before and after, and the turn at the field in which it was typed."""

    before: State
    after: State
    turn: str


Step = dict[str, StepRow]


def state(row: SheetRow) -> State:
    """Return a row's amount and reason as a session keeps them."""
    return [None if row.amount is None else str(row.amount), row.reason]


def same(one: State, other: State) -> bool:
    """Tell whether two states are the same amount and reason, however the amount was written."""
    amounts = [None if each[0] is None else Decimal(each[0]) for each in (one, other)]
    return amounts[0] == amounts[1] and (one[1] or "") == (other[1] or "")


class Steps:
    """The steps of one reader at one pool, oldest first; no more than the last twenty."""

    def __init__(self, *, session: SessionBase, pool_id: UUID) -> None:
        self.session, self.key = session, str(pool_id)
        self.kept = cast(list[Step], list(session.get(UNDONE, {}).get(self.key, [])))

    def __len__(self) -> int:
        return len(self.kept)

    def put(
        self,
        *,
        before: Iterable[SheetRow],
        after: Iterable[SheetRow],
        turns: Mapping[UUID, str] | None = None,
    ) -> None:
        """Keep what changed between two readings of the sheet as a step; a turn that goes on belongs to the last."""
        now, turns = {row.person_id: row for row in after}, turns or {}
        last: Step = self.kept[-1] if self.kept else {}
        fresh: Step = {}
        for row in before:
            found, key = now.get(row.person_id), str(row.person_id)
            turn = turns.get(row.person_id, "")
            if found is None or same(state(row), state(found)):
                continue
            if turn and key in last and last[key]["turn"] == turn:
                last[key]["after"] = state(found)
            else:
                fresh[key] = StepRow(before=state(row), after=state(found), turn=turn)
        if fresh:
            self.kept.append(fresh)
        self._store()

    def last(self) -> Step:
        """Return the step that would be taken back."""
        return self.kept[-1] if self.kept else {}

    def taken_back(self) -> None:
        """Forget the last step: what it changed is as it was."""
        self.kept = self.kept[:-1]
        self._store()

    def _store(self) -> None:
        self.session[UNDONE] = dict(self.session.get(UNDONE, {})) | {self.key: self.kept[-STEPS:]}
