"""Leavers, market pay and relationships in the browser: where people are lost, and what rests on one person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.tables import Kind, TableColumn
from kamcomp.pages.wording import worded
from kamcomp.visibility import viewer_for, visible
from teams.engine.care import months_after
from teams.forms.care import BenchmarkForm, RelationshipForm
from teams.models import AccountRelationship, Leaver, MarketBenchmark, StrategicAccount
from teams.selectors.care import leaver_ratio, losses, relationships_listed
from teams.selectors.market import STALE_MONTHS, standings_on
from teams.selectors.teams import person_name
from teams.services.care import account_relationship_put, market_benchmark_put
from teams.views.care.chart import MARKET_LINE, market_at
from teams.views.care.shared import CareForm, CareTable, hr_or_404, who

AT_RISK = Decimal("0.95")
"""Pay below so much of the market puts a relationship at risk that rests on one person, as check L75 says."""


class LeaverList(CareTable):
    """Who left, where to, and what they were paid against the market; above it, where people are lost."""

    title, file_name, order, here = _("Leavers"), "leavers", "-last_day", "teams:leaver-list"
    template_name = "teams/leaver_list.html"
    about = _(
        "Where people went, and where we pay less than the market. Each row is deleted after its last day kept."
    )
    empty_title = _("Nobody is registered as a leaver")
    empty_text = _("Register somebody on their page of People care, or import leavers.")
    columns = (
        TableColumn(
            name="name", label=_("Name"), order="name", read=lambda row: person_name(row.person),
            link=lambda row: reverse("teams:care-show", args=[row.person_id]),
        ),
        TableColumn(name="last_day", label=_("Last day"), kind=Kind.DAY, order="last_day"),
        TableColumn(
            name="role", label=_("Role"), order="role__name", path="role__name",
            show=lambda row: worded(row.role), narrow=False,
        ),
        TableColumn(name="country", label=_("Country"), order="country", narrow=False),
        TableColumn(name="reason", label=_("Reason"), read=lambda row: __(row.get_reason_display())),
        TableColumn(name="destination", label=_("Went to"), read=lambda row: __(row.get_destination_display())),
        TableColumn(name="destination_name", label=_("Company"), order="destination_name", narrow=False),
        TableColumn(
            name="non_compete", label=_("Ban on competing"), narrow=False,
            read=lambda row: __(row.get_non_compete_display()),
        ),
        TableColumn(
            name="compa", label=_("Pay to market"), kind=Kind.RATIO, read=lambda row: leaver_ratio(leaver=row)
        ),
        TableColumn(
            name="retain_until", label=_("Kept until"), kind=Kind.DAY, order="retain_until", narrow=False
        ),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the register."""
        hr_or_404(self.request)
        rows = visible(Leaver.objects.all(), to=viewer_for(self.request))
        return rows.select_related("person__details", "role").annotate(
            name=Coalesce("person__details__legal_name", "person__employee_id", output_field=CharField())
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the register and where people are lost, each with its bar."""
        found = losses(viewer=viewer_for(self.request), on=timezone.localdate())
        bars = [(one, market_at(ratio=one.ratio_now), market_at(ratio=one.ratio_left)) for one in found]
        return super().get_context_data(losses=bars, market_line=MARKET_LINE, **kwargs)


class MarketList(CareTable):
    """What the market pays, by role, country and percentile."""

    title, file_name, order, here = _("Market pay"), "market-pay", "role", "teams:market-list"
    about = _(
        "Target total cash a year by role, country and percentile. Figures older than two years are old."
    )
    add = ("teams:market-add", _("Add a figure"))
    empty_title = _("No market pay yet")
    empty_text = _("Import market pay or add a figure; pay is then shown against it.")
    columns = (
        TableColumn(
            name="role", label=_("Role"), order="role__name", path="role__name",
            show=lambda row: worded(row.role),
        ),
        TableColumn(name="country", label=_("Country"), order="country"),
        TableColumn(name="percentile", label=_("Percentile"), kind=Kind.NUMBER, order="percentile"),
        TableColumn(
            name="target_cash", label=_("Target total cash"), kind=Kind.MONEY, order="target_cash",
            currency="currency",
        ),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="as_of", label=_("As of"), kind=Kind.DAY, order="as_of", narrow=False),
        TableColumn(
            name="age", label=_("Age"), narrow=False, read=lambda row: __("old") if is_old(row) else __("current")
        ),
        TableColumn(name="source", label=_("Source"), order="source", narrow=False),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the figures."""
        hr_or_404(self.request)
        rows = visible(MarketBenchmark.objects.all(), to=viewer_for(self.request))
        return rows.select_related("role")


def is_old(row: MarketBenchmark) -> bool:
    """Tell whether a figure is too old to be held against."""
    return months_after(day=row.as_of, months=STALE_MONTHS) < timezone.localdate()


class MarketAdd(CareForm):
    """Add what the market pays a role."""

    title, form_class, button = _("Add a figure of market pay"), BenchmarkForm, _("Add")

    def back(self) -> str:
        """Return the list."""
        return reverse("teams:market-list")

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        market_benchmark_put(**form.cleaned_data, **who(self.request))
        said(self.request, __("Saved."))
        return redirect(self.back())


class RelationshipList(CareTable):
    """The accounts of the programme: who else knows the customer, who would follow, and where that is at risk."""

    title, file_name, order, here = _("Relationships"), "relationships", "account", "teams:relationship-list"
    about = _("At risk: one contact, no successor, and pay below 95 % of the market.")
    empty_title = _("No account yet")
    empty_text = _("Import accounts; the relationship with each then stands here.")

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:  # type: ignore[override]
        """Return the columns; pay against the market is read for the rows shown, together."""
        return (
            TableColumn(
                name="account", label=_("Account"), path="node__name", order="node__name",
                link=lambda row: reverse("teams:relationship-put", args=[row.pk]),
            ),
            TableColumn(
                name="kam", label=_("Key account manager"), order="kam_name", path="kam_name",
            ),
            TableColumn(
                name="sole", label=_("Contact"), order="sole",
                read=lambda row: None if row.sole is None else __("only one") if row.sole else __("several"),
            ),
            TableColumn(
                name="successor", label=_("Successor"), order="successor_name", narrow=False,
                read=lambda row: row.successor_name or None,
            ),
            TableColumn(name="compa", label=_("Pay to market"), kind=Kind.RATIO, read=self._ratio, narrow=False),
            TableColumn(name="risk", label=_("Risk"), read=self._risk),
            TableColumn(name="looked_on", label=_("Looked at"), kind=Kind.DAY, order="looked_on", narrow=False),
            TableColumn(name="note", label=_("Note"), narrow=False),
        )  # fmt: skip

    @cached_property
    def _ratios(self) -> dict[Any, Decimal | None]:
        whole = "format" in self.request.GET
        rows = self.table.rows if whole else self.table.page.object_list
        days = {row.kam_id: timezone.localdate() for row in rows if row.kam_id}
        return {person: one.ratio for person, one in standings_on(days=days).items()}

    def _ratio(self, row: Any) -> Decimal | None:
        return self._ratios.get(row.kam_id)

    def _risk(self, row: Any) -> str | None:
        if row.sole is None:
            return __("not looked at")
        ratio = self._ratio(row)
        alone = row.sole and not row.successor_name
        if alone and ratio is not None and ratio < AT_RISK:
            return __("at risk")
        return __("to look at") if alone else __("none")

    def rows(self) -> QuerySet[Any]:
        """Return the accounts."""
        hr_or_404(self.request)
        return relationships_listed(viewer=viewer_for(self.request), on=timezone.localdate())


class RelationshipPut(CareForm):
    """Say on whom the relationship with an account rests."""

    form_class = RelationshipForm

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer_for(self.request))
        found = rows.filter(pk=self.kwargs["account_id"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def title(self) -> Any:  # type: ignore[override]
        """Return which account it is."""
        return self.account.node.name

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [*super().crumbs(), Crumb(label=_("Relationships"), url=self.back())]

    def back(self) -> str:
        """Return the list."""
        return reverse("teams:relationship-list")

    def get_initial(self) -> dict[str, Any]:
        """Show what is kept, as looked at today."""
        found = (
            AccountRelationship.objects.filter(account=self.account)
            .select_related("successor__details")
            .first()
        )
        today = {"looked_on": timezone.localdate()}
        if found is None:
            return today
        return {"sole_contact": found.sole_contact, "successor": found.successor, "note": found.note} | today

    def acted(self, form: Any) -> HttpResponse:
        """Keep it."""
        account_relationship_put(account=self.account, **form.cleaned_data, **who(self.request))
        said(self.request, __("Saved."))
        return redirect(self.back())
