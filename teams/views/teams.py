"""
Account teams in the browser: the list, and one team as it is on a day, as a picture and as a table.

`?as_of=` is the day; without it, today. Who may edit is offered the acts; everybody else only reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from teams.choices import AccountStatus
from teams.forms import DayField
from teams.models import Membership, StrategicAccount
from teams.selectors.teams import (
    Team,
    days_around,
    person_name,
    team_days,
    team_edits,
    team_on,
    teams_on,
)
from teams.services.accounts import days_without_kam
from teams.services.team_edits import EDITORS
from teams.views.picture import picture_narrow, picture_wide

READERS = (Role.COMP_ADMIN, Role.KAM, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)


def day_asked(request: HttpRequest) -> date:
    """Return the day that the address asks about, today without one or with one that cannot be read."""
    try:
        return date.fromisoformat(request.GET.get("as_of", ""))
    except ValueError:
        return timezone.localdate()


def reader_or_404(request: HttpRequest, *roles: Role) -> None:
    """Answer 404 to who signed in without one of the roles, all readers of teams if none are named."""
    if request.user.is_authenticated and not viewer_for(request).holds(*(roles or READERS)):
        raise Http404


def team_url(account: StrategicAccount) -> str:
    """Return the address of an account's team."""
    return reverse("teams:team-show", args=[account.pk])


class TeamFilter(FilterForm):
    """Teams of accounts in a state, whose account or key account manager has the words."""

    name = forms.CharField(label=_("Account or KAM"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    as_of = DayField(label=_("On the day"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = [(value, __(label)) for value, label in AccountStatus.choices]
        self.fields["status"].choices = [("", __("All")), *labels]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the teams that pass; the day is asked for where the rows are read."""
        name, status = self.cleaned_data["name"].strip(), self.cleaned_data["status"]
        if name:
            rows = rows.filter(node__name__icontains=name) | rows.filter(kam_name__icontains=name)
        return rows.filter(status=status) if status else rows


class TeamList(TableScreen):
    """Every account team a reader sees, as it is on a day."""

    title, file_name, order = _("Account teams"), "teams", "account"
    filter_class = TeamFilter
    empty_title = _("No account team yet")
    empty_text = _("Import accounts, people and teams; an account of the programme then has its team here.")
    columns = (
        TableColumn(
            name="account", label=_("Account"), path="node__name", order="node__name", link=lambda row: team_url(row)
        ),
        TableColumn(
            name="kam", label=_("Key account manager"), order="kam_name",
            read=lambda row: row.kam_name or None,
        ),
        TableColumn(name="direct", label=_("Direct"), kind=Kind.NUMBER, order="direct", total=True),
        TableColumn(name="matrix", label=_("Matrix"), kind=Kind.NUMBER, order="matrix", total=True),
        TableColumn(
            name="dedicated", label=_("Full-time equivalents"), kind=Kind.NUMBER, order="dedicated", total=True,
            narrow=False,
        ),
        TableColumn(
            name="sharing", label=_("Share in the pool"), kind=Kind.NUMBER, order="sharing", total=True,
            narrow=False,
        ),
        TableColumn(
            name="selling", label=_("Sellers"), kind=Kind.NUMBER, order="selling", total=True, narrow=False
        ),
        TableColumn(name="region", label=_("Region"), path="node__region", order="node__region", narrow=False),
        TableColumn(
            name="strategy", label=_("Strategy"), read=lambda row: __(row.get_strategy_display()),
            order="strategy", narrow=False,
        ),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the teams on the day asked for."""
        reader_or_404(self.request)
        return teams_on(viewer=viewer_for(self.request), on=day_asked(self.request))

    def facts(self) -> dict[str, str]:
        """Return the day the file is about."""
        return {"as of": day_asked(self.request).isoformat()}


class TeamShow(Screen, TemplateResponseMixin, View):
    """One account team on a day: picture, table, the days on which it changes, the last edits."""

    template_name = "teams/team_show.html"

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        reader_or_404(self.request)
        rows = visible(StrategicAccount.objects.select_related("node__segment"), to=viewer_for(self.request))
        found = rows.filter(pk=self.kwargs["account_id"]).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def team(self) -> Team:
        """Return the team on the day asked for."""
        return team_on(account=self.account, viewer=viewer_for(self.request), on=day_asked(self.request))

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("Account teams"), url=reverse("teams:team-list"))]

    def get(self, request: HttpRequest, account_id: UUID) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the team as a file."""
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(self._file(), self._about())
        viewer, on = viewer_for(request), self.team.on
        days = team_days(account=self.account, viewer=viewer)
        before, after = days_around(days=days, on=on)
        edits = team_edits(account=self.account, viewer=viewer)
        last = next((edit for edit in edits if edit.undone_at is None), None)
        return self.render_to_response(
            self.get_context_data(
                title=str(self.account),
                account=self.account,
                team=self.team,
                wide=picture_wide(team=self.team),
                narrow=picture_narrow(team=self.team),
                groups=self._groups(),
                days=days[:8],
                day_before=before,
                day_after=after,
                today=timezone.localdate(),
                gaps=days_without_kam(account=self.account),
                edits=edits,
                last_edit=last,
                may_edit=viewer.holds(*[Role(role) for role in EDITORS]),
            )
        )

    def _groups(self) -> Iterator[tuple[Any, str, list[Membership]]]:
        team = self.team
        for words, link, members in (
            (_("Key account manager"), "kam", [team.kam] if team.kam else []),
            (_("Direct"), "direct", team.direct),
            (_("Matrix"), "matrix", team.matrix),
        ):
            if members:
                yield words, link, members

    def _file(self) -> Sheet:
        names = (
            "employee_id", "name", "role", "link", "seat", "scope", "dedication", "leader", "shares_in_pool",
            "since", "last_day",
        )  # fmt: skip
        numbers, days = ("dedication",), ("since", "last_day")
        columns = [
            SheetColumn(name=name, is_text=name not in numbers + days, is_day=name in days) for name in names
        ]
        rows = [
            (
                one.person.employee_id, person_name(one.person), one.role.name, one.link, one.seat, one.scope,
                one.dedication, person_name(one.leader), "yes" if one.pool_eligible else "no",
                one.span.since, one.span.last,
            )
            for one in self.team.members
        ]  # fmt: skip
        return Sheet(
            title=f"team-{self.account.node.code.lower()}", columns=columns, rows=rows, count=len(rows)
        )

    def _about(self) -> dict[str, str]:
        return {
            "title": str(self.account),
            "as of": self.team.on.isoformat(),
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }
