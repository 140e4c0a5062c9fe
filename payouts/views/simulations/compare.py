"""Kept scenarios side by side: up to four, of whatever drafts and versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.replays.shown import FEWEST_SHOWN
from payouts.selectors.simulations.shown import ScenarioShown, scenario_shown
from payouts.views.desk import desk_or_404
from payouts.views.simulations.screen import READERS, scenario_url
from plans.models import Scenario
from teams.visibility import PAY

MOST = 4


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of all scenarios; of money or a share."""

    label: str
    is_money: bool
    cells: Sequence[Decimal | None]


class ScenarioCompare(Screen, View):
    """Scenarios named in the address, side by side."""

    title = _("Scenarios compared")

    @cached_property
    def scenarios(self) -> list[ScenarioShown]:
        """Return the scenarios asked for, in that order; one that is not there answers 404."""
        viewer = viewer_for(self.request)
        asked = list(dict.fromkeys(self.request.GET.getlist("s")))
        rows = visible(Scenario.objects.select_related("draft", "version__plan"), to=viewer)
        known = {str(row.pk): row for row in rows.filter(pk__in=[each for each in asked if _is_id(each)])}
        if set(asked) - set(known):
            raise Http404
        found = [known[each] for each in asked]
        shown = [each for each in found if each.people >= FEWEST_SHOWN or viewer.holds(*PAY)]
        return [scenario_shown(scenario=each) for each in shown[:MOST]]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show them, or answer them as a file."""
        desk_or_404(request, *READERS)
        asked = len(set(request.GET.getlist("s")))
        rows = rows_of(self.scenarios)
        write = SHEETS.get(request.GET.get("format", ""))
        if write is not None:
            return write(self._sheet(rows), self._about())
        context = self.get_context_data(
            scenarios=[(each, scenario_url(each.scenario)) for each in self.scenarios], rows=rows,
            too_many=asked > MOST,
            hidden=min(asked, MOST) > len(self.scenarios),
        )  # fmt: skip
        return render(request, "payouts/scenario_compare.html", context)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the drafts."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Drafts"), url=reverse("plans:draft-list")),
        ]

    def _sheet(self, rows: Sequence[Row]) -> Sheet:
        columns = [
            SheetColumn(name="figure"),
            *(SheetColumn(name=each.scenario.name, is_text=False) for each in self.scenarios),
        ]
        return Sheet(
            title="scenarios",
            columns=columns,
            rows=[(row.label, *row.cells) for row in rows],
            count=len(rows),
        )

    def _about(self) -> dict[str, str]:
        return {
            "title": str(self.title), "filter": self.request.GET.urlencode(),
            "made at": timezone.now().isoformat(timespec="seconds"), "made by": self.request.user.get_username(),
        }  # fmt: skip


def rows_of(scenarios: Sequence[ScenarioShown]) -> list[Row]:
    """Return the figures of scenarios line by line; a measure that one has not leaves its cell empty."""
    if not scenarios:
        return []
    rows = [
        Row(label=label, is_money=True, cells=[getattr(each, name) for each in scenarios])
        for name, label in (
            ("low", __("One year in ten costs less than")),
            ("middle", __("Half of the years cost less than")),
            ("high", __("One year in ten costs more than")),
            ("mean", __("On average")),
            ("people", __("- of it people")),
            ("pools", __("- of it pools")),
        )
    ]
    for place, level in enumerate((50, 100, 150)):
        label = __("Every measure at %(level)s %% of target") % {"level": level}
        rows.append(Row(label=label, is_money=True, cells=[each.levels[place] for each in scenarios]))
    over = [each.over_budget for each in scenarios]
    rows.append(Row(label=__("Chance to exceed the budget"), is_money=False, cells=over))
    names = dict.fromkeys(measure.name for each in scenarios for measure in each.measures)
    for name in names:
        own = [next((one for one in each.measures if one.name == name), None) for each in scenarios]
        label = __("%(measure)s pays its target or more") % {"measure": name}
        rows.append(
            Row(label=label, is_money=False, cells=[None if one is None else one.target for one in own])
        )
    return rows


def _is_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
