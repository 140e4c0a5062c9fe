"""
What the pages of finance share: who may open them, and the period that a page is about.

A page of the books is there for finance, compensation admins and auditors; for everybody
else it is not there. Its period is the one named in the address, else the newest that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.pages.screens import led, refused
from kamcomp.visibility import viewer_for, visible
from payouts.choices import RunStatus
from payouts.models import Run
from plans.engine.codec import DocumentInvalid

BOOKS = (Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR)
HOLDERS_OF_MONEY = (Role.COMP_ADMIN, Role.FINANCE)


class DraftBecomes(View):
    """A page about the version that a draft would become; one whose days hold none leads back to its designer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the page, or lead to the designer and say what does not hold."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except DocumentInvalid as invalid:
            refused(request, invalid)
            return led(request, reverse("plans:draft-design", args=[kwargs["draft_id"]]))


def desk_or_404(request: HttpRequest, *roles: Role) -> None:
    """Answer 404 to whoever holds none of the roles; those of the books if none are named."""
    if not viewer_for(request).holds(*(roles or BOOKS)):
        raise Http404


def current_runs(request: HttpRequest, *, locked: bool = False) -> list[Run]:
    """Return the current runs the reader may see, newest period first; of these the locked ones."""
    runs: QuerySet[Run] = visible(Run.objects.filter(is_current=True), to=viewer_for(request))
    if locked:
        runs = runs.filter(status=RunStatus.LOCKED)
    return list(runs.select_related("period", "calendar").order_by("-period__days", "calendar__code"))


def run_named_or_404(runs: Sequence[Run], name: str) -> Run | None:
    """
    Return the run whose period is named; without a name the first, None if there is none.

    :raises Http404: if no run has such a period.
    """
    if not name:
        return runs[0] if runs else None
    found = next((run for run in runs if name in (run.period.code, str(run.pk))), None)
    if found is None:
        raise Http404
    return found


def statement_url(*, run: Run, person_id: UUID) -> str:
    """Return the address of somebody's statement of a run's period."""
    return reverse("payouts:statement-show", args=[person_id, run.period.code])
