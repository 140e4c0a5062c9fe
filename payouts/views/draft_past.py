"""
What stands beside a draft's curve: the last locked periods under the draft, asked for after each change.

And while one is made: fields of the designer in the address are laid over the draft as it is kept, so that the figures
follow a point that is dragged and a weight that is typed before either is sent.
"""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic.base import View

from kamcomp.pages.screens import Screen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.selectors.replays.live import draft_past
from payouts.views.desk import desk_or_404
from payouts.views.replays import READERS
from plans.engine.codec import DocumentInvalid
from plans.engine.places import PlaceUnread, value_of
from plans.selectors.drafts import drafts_listed
from plans.views.design import draft_typed


class DraftPast(Screen, View):
    """A part of the designer: sums and counts, nothing of one person."""

    def get(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Answer the part; `at` is the goal that is open. Where what is typed cannot be read yet, nothing changes."""
        desk_or_404(request, *READERS)
        viewer = viewer_for(request)
        rows = drafts_listed(viewer=viewer).select_related("plan__calendar", "calendar", "account")
        draft = rows.filter(pk=draft_id).first()
        if draft is None:
            raise Http404
        kept = draft.document
        try:
            draft = draft_typed(draft=draft, data=request.GET, viewer=viewer)
        except (Refusal, DocumentInvalid):
            return HttpResponse(status=204)
        try:
            part = value_of(draft.document, request.GET.get("at", "")[:200]) or {}
        except PlaceUnread:
            part = {}
        leaf = part if isinstance(part, dict) and part.get("curve") else {}
        past = draft_past(draft=draft, code=leaf.get("code", ""), viewer=viewer)
        context = {
            "draft": draft, "past": past, "measure": leaf.get("name") or leaf.get("code", ""),
            "typed": draft.document != kept, "unsound": isinstance(past.refused, DocumentInvalid),
            "refused": worded(past.refused) if past.refused else "", "currency": draft.document["currency"],
        }  # fmt: skip
        return render(request, "payouts/draft_past.html", context)
