"""
Key accounts in the browser: the list, and one account with its programme, tree, profit and loss, team, plans and runs.

They cross all apps, so they stand here. `?as_of=` is the day for team and plans; the P&L is what is believed now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
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

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.pages.nav import WATCHERS
from kamcomp.pages.parts import PartFiles, Parts, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.spans import Span
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.accounts import (
    TreeRow,
    account_objectives,
    account_plans,
    account_runs,
    account_tree,
    accounts_on,
)
from payouts.selectors.executive import AccountOverTime, account_over_time, costs_compared
from payouts.views.account_tables import (
    POOL_COLUMNS,
    RUN_COLUMNS,
    TREE_COLUMNS,
    run_lines,
    tree_lines,
    trend_rows,
    trend_sheet,
)
from plans.selectors.alignment import sees_alignment
from scorecards.selectors.pnl import PnlRow, pnl_by_period, pnl_totals, pnl_year
from scorecards.selectors.sources import nodes_below
from teams.choices import AccountStatus, Strategy
from teams.models import StrategicAccount
from teams.selectors.teams import Team, team_on

MOST_BARS, MOST_PERIODS = 8, 12
BAR_STEP, BAR_WIDE, GROUND, BAR_HIGH = 68, 44, 104, 84
SEES_COST = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE)
SEES_PAY = (Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR, Role.KAM)


def account_url(account: StrategicAccount) -> str:
    """Return the address of an account's page."""
    return reverse("payouts:account-show", args=[account.pk])


def margin_of(row: Any) -> Decimal | None:
    """Return an account's contribution over its revenue, none without revenue."""
    return money.CONTEXT.divide(row.contribution or Decimal(0), row.revenue) if row.revenue else None


class AccountFilter(FilterForm):
    """Accounts by words, state and strategy."""

    name = forms.CharField(label=_("Account or KAM"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    strategy = forms.ChoiceField(label=_("Strategy"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("status", AccountStatus), ("strategy", Strategy)):
            words = [("", __("All")), *((value, __(str(label))) for value, label in choices.choices)]
            self.fields[name].choices = words  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the accounts that pass."""
        said = self.cleaned_data
        name = said["name"].strip()
        if name:
            rows = rows.filter(node__name__icontains=name) | rows.filter(kam_name__icontains=name)
        return rows.filter(**{key: said[key] for key in ("status", "strategy") if said[key]})


class AccountList(TableScreen):
    """Every account of the programme, with what it earned in the last twelve months that are known."""

    title, file_name, order = _("Accounts"), "accounts", "account"
    template_name = "payouts/account_list.html"
    filter_class = AccountFilter
    empty_title = _("No account in the programme yet")
    empty_text = _("Import accounts with a strategy and the first day of the programme.")
    columns = (
        TableColumn(name="account", label=_("Account"), path="node__name", order="node__name", link=account_url),
        TableColumn(
            name="kam", label=_("Key account manager"), order="kam_name", read=lambda row: row.kam_name or None
        ),
        TableColumn(
            name="strategy", label=_("Strategy"), read=lambda row: __(row.get_strategy_display()),
            order="strategy", narrow=False,
        ),
        TableColumn(name="region", label=_("Region"), path="node__region", order="node__region", narrow=False),
        TableColumn(
            name="revenue", label=_("Revenue"), kind=Kind.MONEY, order="revenue", total=True,
            currency="plan_currency",
        ),
        TableColumn(
            name="contribution", label=_("Contribution"), kind=Kind.MONEY, order="contribution", total=True,
            currency="plan_currency", narrow=False,
        ),
        TableColumn(name="margin", label=_("of revenue"), kind=Kind.RATIO, read=margin_of),
        TableColumn(name="currency", label=_("Currency"), path="plan_currency", order="plan_currency", narrow=False),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status", narrow=False),
    )  # fmt: skip

    @cached_property
    def today(self) -> date:
        """Return the company's day."""
        return timezone.localdate()

    @cached_property
    def year(self) -> Span:
        """Return the twelve months the figures are about."""
        return pnl_year(on=self.today)

    def rows(self) -> QuerySet[Any]:
        """Return the accounts with their P&L."""
        if self.request.user.is_authenticated and not WATCHERS & set(viewer_for(self.request).roles):
            raise Http404
        return accounts_on(viewer=viewer_for(self.request), on=self.today, year=self.year)

    def facts(self) -> dict[str, str]:
        """Return the days the figures are about."""
        return {"figures from": self.year.since.isoformat(), "figures to": str(self.year.last)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list and the twelve months."""
        return super().get_context_data(year=self.year, **kwargs)


@dataclass(frozen=True)
class PnlBar:
    """The revenue of a period as a bar, its contribution within it, and the period's name."""

    x: int
    middle: int
    revenue_y: int
    revenue_height: int
    contribution_y: int
    contribution_height: int
    code: str


def pnl_bars(*, rows: Sequence[tuple[PnlRow, str]], currency: str) -> list[PnlBar]:
    """Return the bars of the last periods in one currency, oldest first; the highest revenue is the whole height."""
    mine = [(row, code) for row, code in rows if row.currency == currency][:MOST_BARS][::-1]
    most = max((row.revenue for row, _code in mine), default=Decimal(0))
    if most <= 0:
        return []
    bars = []
    for number, (row, code) in enumerate(mine):
        revenue = max(int(row.revenue * BAR_HIGH / most), 0)
        contribution = max(int(row.contribution * BAR_HIGH / most), 0)
        x = number * BAR_STEP + 12
        bars.append(
            PnlBar(x, x + BAR_WIDE // 2, GROUND - revenue, revenue, GROUND - contribution, contribution, code)
        )
    return bars


class AccountShow(PartFiles, Screen, TemplateResponseMixin, View):
    """One account: programme, P&L by period, tree, team, plans, objectives, runs."""

    template_name = "payouts/account_show.html"

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        viewer = viewer_for(self.request)
        roles = set(viewer.roles)
        if self.request.user.is_authenticated and not (WATCHERS | {Role.KAM}) & roles:
            raise Http404
        rows = visible(StrategicAccount.objects.select_related("node__segment"), to=viewer)
        found = rows.filter(pk=self.kwargs["account_id"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def on(self) -> date:
        """Return the day asked about, today without one."""
        try:
            return date.fromisoformat(self.request.GET.get("as_of", ""))
        except ValueError:
            return timezone.localdate()

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list, for those who have one."""
        listed = WATCHERS & set(viewer_for(self.request).roles)
        return [Crumb(label=_("Accounts"), url=reverse("payouts:account-list"))] if listed else []

    @cached_property
    def nodes(self) -> list[UUID]:
        """Return the account's whole tree."""
        return nodes_below(node_id=self.account.node_id)

    @cached_property
    def pnl(self) -> list[tuple[PnlRow, str]]:
        """Return the account's P&L by period with the periods' names, newest first."""
        rows = pnl_by_period(nodes=self.nodes, viewer=viewer_for(self.request))
        codes = {(days.lower, days.upper): code for days, code in Period.objects.values_list("days", "code")}
        return [(row, _period_words(row, codes)) for row in rows[:MOST_PERIODS]]

    @cached_property
    def tree(self) -> list[TreeRow]:
        """Return the account's tree with the figures of the last twelve months."""
        viewer, within = viewer_for(self.request), self.year
        return account_tree(account=self.account, nodes=self.nodes, viewer=viewer, on=self.on, within=within)

    @cached_property
    def year(self) -> Span:
        """Return the twelve months that the tree's figures are about."""
        return pnl_year(on=self.on)

    @cached_property
    def team(self) -> Team:
        """Return who serves the account on the day."""
        return team_on(account=self.account, viewer=viewer_for(self.request), on=self.on)

    @property
    def people(self) -> int:
        """Return how many people serve the account on the day."""
        return len({member.person_id for member in self.team.members})

    @cached_property
    def over_time(self) -> AccountOverTime:
        """Return the account's cost of sales and retention by period."""
        return account_over_time(account=self.account, on=self.on)

    @property
    def sees_pay(self) -> bool:
        """Tell whether the reader sees what people were paid on the account."""
        return viewer_for(self.request).holds(*SEES_PAY)

    def parts(self) -> Parts:
        """Return the tables of the page beside the P&L: tree and runs."""
        runs = account_runs(account=self.account, viewer=viewer_for(self.request))
        whole = self.sees_pay
        columns, rows = (
            (RUN_COLUMNS, run_lines(runs)) if whole else (POOL_COLUMNS, [{"row": run} for run in runs])
        )
        cost = (
            {"trends": partial(trend_sheet, self.over_time)}
            if viewer_for(self.request).holds(*SEES_COST)
            else {}
        )
        return {
            **cost,
            "tree": partial(part_sheet, title="tree", columns=TREE_COLUMNS, rows=tree_lines(self.tree)),
            "runs": partial(part_sheet, title="runs", columns=columns, rows=rows),
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which account the rows are."""
        return {"account": str(self.account), "as of": self.on.isoformat()}

    def get(self, request: HttpRequest, account_id: UUID) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the P&L as a file, with ?table= too another table."""
        if self.account and (file := self.part_file()):
            return file
        write = SHEETS.get(request.GET.get("format", ""))
        if self.account and write:
            return write(self._file(), {"title": str(self.account), "made by": request.user.get_username()})
        viewer, account, on = viewer_for(request), self.account, self.on
        sees_cost = viewer.holds(*SEES_COST)
        context = {
            "title": str(account),
            "account": account,
            "on": on,
            "team": self.team,
            "pnl": self.pnl,
            "pnl_totals": pnl_totals(rows=[row for row, _code in self.pnl]),
            "bars": pnl_bars(rows=self.pnl, currency=account.plan_currency),
            "tree": self.tree,
            "year": self.year,
            "plans": account_plans(account=account, viewer=viewer, on=on),
            "objectives": account_objectives(account=account, viewer=viewer),
            "runs": account_runs(account=account, viewer=viewer),
            "sees_pay": self.sees_pay,
            "sees_alignment": sees_alignment(account=account, viewer=viewer),
            "may_edit": viewer.holds(Role.COMP_ADMIN),
            "sees_runs": bool(WATCHERS & set(viewer.roles)),
            "compared": costs_compared(accounts=[account], on=on, sizes={account.pk: self.people})
            if sees_cost
            else None,
            "trends": trend_rows(self.over_time) if sees_cost else [],
            "trend_periods": self.over_time.periods if sees_cost else [],
        }
        return self.render_to_response(self.get_context_data(**context))

    def _file(self) -> Sheet:
        names = ("period", "since", "last_day", "revenue", "cogs", "direct_cost", "contribution", "currency")
        days, texts = ("since", "last_day"), ("period", "currency")
        columns = [SheetColumn(name=name, is_text=name in texts, is_day=name in days) for name in names]
        rows = [
            (
                code, row.span and row.span.since, row.span and row.span.last, row.revenue, row.cogs,
                row.direct_cost, row.contribution, row.currency,
            )
            for row, code in self.pnl
        ]  # fmt: skip
        return Sheet(
            title=f"pnl-{self.account.node.code.lower()}", columns=columns, rows=rows, count=len(rows)
        )


def _period_words(row: PnlRow, codes: dict[Any, str]) -> str:
    span = row.span
    return codes.get((span.since, span.until), f"{span.since} – {span.last}") if span else ""
