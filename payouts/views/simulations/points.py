"""
Points moved in a simulation, put into the working draft: one step of it, which can be taken back like any other.

The page says which step of the draft it showed. Where somebody changed the same point since, mine stands beside theirs.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as __

from kamcomp.pages.screens import FieldConflict, conflict_page
from payouts.selectors.simulations import handles_of
from payouts.views.simulations.form import SimulationForm, is_point
from plans.forms import number_shown
from plans.models import Draft
from plans.services.drafts import DraftChanged, document_at

ACT = "points"


def draft_seen(*, draft: Draft, seen: str) -> Draft:
    """Return a draft as it was after the step that a page showed; as it is now where the page says none."""
    if not (seen.isascii() and seen.isdigit()) or len(seen) > 9 or int(seen) >= draft.step:
        return draft
    was = copy.copy(draft)
    was.document, was.step = document_at(draft=draft, seen=int(seen)), int(seen)
    return was


def laid_beside(
    request: HttpRequest, *, form: SimulationForm, changed: DraftChanged, here: str
) -> HttpResponse:
    """Answer my points beside theirs; keeping mine puts them over the draft as it is now."""
    theirs = _points(changed.draft.document)
    carried = {name: text for name, text in form.said().items() if is_point(name)}
    fields = [
        FieldConflict(
            label=str(form.fields[name].label), name=name, before=str(form.fields[name].initial), mine=text,
            theirs=theirs.get(name, ""),
        )
        for name, text in carried.items()
    ]  # fmt: skip
    return conflict_page(
        request, what=__("The plan changed while you worked on it"), sentence=str(changed), fields=fields,
        back=here, keep=here,
        carried={"act": ACT, "seen": str(changed.draft.step), "asked": form.address()},
    )  # fmt: skip


def _points(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what every point of a document says, by the field that moves it."""
    found = {}
    for handle in handles_of(document=document):
        found[f"x:{handle.leaf}:{handle.number}"] = number_shown(handle.x, share=handle.of_target)
        found[f"y:{handle.leaf}:{handle.number}"] = number_shown(handle.pays, share=True)
    return found
