"""
Regional representatives beside a plan: what its people's credits take from their commission, person by person.

Rules: docs/reference/formulas.md, "Replays", "Regional representatives".
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.identity.models import User
from kamcomp.pages.screens import said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.selectors.names import person_name
from payouts.selectors.replays.shown import FEWEST_SHOWN
from payouts.services.replays import REPLAYERS, rep_proof_make
from payouts.views.desk import desk_or_404
from payouts.views.replays import VersionReplays
from plans.choices import ReplayKind
from teams.visibility import PAY

HARMED, SAME, MORE = "less", "same", "more"


class RepFilter(FilterForm):
    """Representatives by name, and those whose commission changes."""

    q = forms.CharField(label=_("Name or employee number"), required=False, max_length=80)
    who = forms.ChoiceField(label=_("Who"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [  # type: ignore[attr-defined]
            ("", __("All")), (HARMED, __("Who is paid less")), (SAME, __("Who is paid the same")),
            (MORE, __("Who is paid more")),
        ]  # fmt: skip

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people that pass."""
        words, who = self.cleaned_data["q"].strip(), self.cleaned_data["who"]
        if words:
            rows = rows.filter(
                Q(person__employee_id__icontains=words) | Q(person__details__legal_name__icontains=words)
            )
        asked = {HARMED: {"change__lt": 0}, SAME: {"change": 0}, MORE: {"change__gt": 0}}
        return rows.filter(**asked.get(who, {}))


class RepProof(VersionReplays):
    """Each representative's commission of the last twelve locked months, with the plan and without it."""

    template_name, file_name, order = "payouts/rep_proof.html", "representatives", "change"
    kind = ReplayKind.REPS
    filter_class = RepFilter
    empty_title = _("Nobody to show")
    empty_text = _("You see those representatives whose pay you may see.")
    columns = (
        TableColumn(name="name", label=_("Representative"), order="person__details__legal_name",
                    read=lambda row: person_name(row.person)),
        TableColumn(name="employee_id", label=_("Number"), path="person__employee_id", narrow=False,
                    order="person__employee_id"),
        TableColumn(name="with_the_plan", label=_("With the plan"), kind=Kind.MONEY, path="paid", order="paid",
                    total=True, narrow=False),
        TableColumn(name="without_it", label=_("Without it"), kind=Kind.MONEY, path="replayed", order="replayed",
                    total=True),
        TableColumn(name="change", label=_("Difference"), kind=Kind.MONEY, order="change", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency", narrow=False),
    )  # fmt: skip

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return beside which plan they stand."""
        return __("Representatives beside %(plan)s") % {"plan": self.version.plan.name}

    def rows(self) -> QuerySet[Any]:
        """Return the representatives whom the reader may see, with what the plan changes for each."""
        return super().rows().annotate(change=F("paid") - F("replayed"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return whether nobody is harmed, as far as the reader may know."""
        replay, viewer = self.replay, viewer_for(self.request)
        context: dict[str, Any] = {"form": forms.Form(), "few": False}
        if replay is not None:
            changes = list(
                replay.payees.annotate(change=F("paid") - F("replayed")).values_list("change", flat=True)
            )  # type: ignore[attr-defined]
            context |= {
                "few": replay.people < FEWEST_SHOWN and not viewer.holds(*PAY),
                "harmed": sum(change < 0 for change in changes),
                "same": sum(change == 0 for change in changes),
                "change": replay.paid - replay.replayed,
                "stale": replay.version_digest != self.version.digest,
            }
        return super().get_context_data(**(context | kwargs))

    def post(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Replay them and show what came of it, or say why not."""
        desk_or_404(request, *REPLAYERS)
        try:
            rep_proof_make(version_id=self.version.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            form = forms.Form({})
            form.add_error(None, worded(refusal))
            answer = self.render_to_response(self.get_context_data(form=form))
            answer.status_code = 422
            return answer
        said(request, __("Replayed. The figures below are kept as they are."))
        return redirect("payouts:rep-proof", version_id=self.version.pk)
