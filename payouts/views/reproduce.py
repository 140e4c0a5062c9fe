"""
"Reproduce this number": pick a person and a period, and see every amount worked out again beside what is stored.

Also the whole run at once, which leaves an entry as the proof of the control.
"""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.models import User
from kamcomp.pages.screens import Screen, refused, said
from kamcomp.refusal import Refusal
from kamcomp.sentences import Listing
from kamcomp.visibility import viewer_for, visible
from payouts.choices import RunStatus
from payouts.models import Allocation, Payout, Run
from payouts.services.diff import AT_ONCE
from payouts.services.reproduce import payout_reproduce, share_reproduce
from payouts.services.verify import run_verify
from payouts.views.desk import current_runs, desk_or_404, run_named_or_404
from teams.models import Person

FOUND_AT_MOST = 20
COMPUTED = (
    RunStatus.CALCULATED,
    RunStatus.REVIEWED,
    RunStatus.ALLOCATING,
    RunStatus.APPROVED,
    RunStatus.LOCKED,
)


class TooLargeForAPage(Refusal):
    """A run of many people is verified by the command, not while somebody waits."""


class Reproduce(Screen, View):
    """A person's amounts of a period, worked out again just now."""

    title = _("Reproduce a number")

    @cached_property
    def runs(self) -> list[Run]:
        """Return the runs there are, newest first."""
        return [run for run in current_runs(self.request) if run.status in COMPUTED]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the question, and the answer if it is asked."""
        desk_or_404(request)
        run = run_named_or_404(self.runs, request.GET.get("period", ""))
        words = request.GET.get("person", "").strip()
        people = self._people(words, run) if words and run else []
        person = people[0] if len(people) == 1 else None
        context = self.get_context_data(runs=self.runs, run=run, words=words, people=people, person=person)
        if person and run:
            context |= self._answer(person, run)
        return render(request, "payouts/reproduce.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Verify the whole run, and say what came of it."""
        desk_or_404(request)
        run = run_named_or_404(self.runs, request.POST.get("period", ""))
        if run is None:
            return redirect("payouts:reproduce")
        try:
            if run.people > AT_ONCE:
                raise TooLargeForAPage(
                    __("%(run)s has %(people)s people: verify it with the command payouts verify.")
                    % {"run": run, "people": run.people}
                )
            made = run_verify(run=run, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
            return redirect("payouts:reproduce")
        if made.equal:
            words = __("%(run)s: %(payouts)s payouts and %(lines)s lines worked out again, all equal.")
            said(request, words % {"run": run, "payouts": made.payouts, "lines": made.lines})
        else:
            refused(request, NotEqual(Listing([each.sentence for each in made.findings[:3]], "; ")))
        return redirect(f"{reverse('payouts:reproduce')}?period={run.period.code}")

    def _people(self, words: str, run: Run) -> list[Person]:
        found = visible(Person.objects.all(), to=viewer_for(self.request))
        exact = list(found.filter(employee_id__iexact=words).select_related("details"))
        if exact:
            return exact
        named = Q(details__legal_name__icontains=words) | Q(employee_id__icontains=words)
        paid = Q(payouts__run=run) | Q(allocations__pool__run=run)
        return list(
            found.filter(named & paid)
            .select_related("details")
            .distinct()
            .order_by("employee_id")[:FOUND_AT_MOST]
        )

    def _answer(self, person: Person, run: Run) -> dict[str, Any]:
        viewer = viewer_for(self.request)
        payouts = visible(Payout.objects.filter(run=run, person=person), to=viewer).select_related(
            "person", "run__period", "period", "plan_version__plan", "chunk__plan_version__plan"
        )
        shares = visible(Allocation.objects.filter(pool__run=run, person=person), to=viewer).select_related(
            "pool__account__node", "pool__period", "pool__approved_by"
        )
        return {
            "payouts": [
                payout_reproduce(payout=payout) for payout in payouts.order_by("plan_version__plan__code")
            ],
            "shares": [
                share_reproduce(share=share) for share in shares.order_by("pool__account__node__code")
            ],
        }


class NotEqual(Refusal):
    """A run does not come out as it is stored."""
