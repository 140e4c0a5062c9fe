"""The list of pools: whose, until when, how much of it is handed out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.calendar.models import Period
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from payouts.choices import PoolStatus
from payouts.models import Pool
from payouts.selectors.pools import pools_with_sums


class PoolFilter(FilterForm):
    """Pools of a period, in a state."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Period.objects.filter(pools__isnull=False).order_by("-days").values_list("code", flat=True)
        self.fields["period"].choices = [("", __("All")), *((code, code) for code in dict.fromkeys(codes))]  # type: ignore[attr-defined]
        labels = [(value, __(label)) for value, label in PoolStatus.choices]
        self.fields["status"].choices = [("", __("All")), *labels]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the pools of the period and state chosen."""
        period, status = self.cleaned_data["period"], self.cleaned_data["status"]
        rows = rows.filter(period__code=period) if period else rows
        return rows.filter(status=status) if status else rows


def pool_url(pool: Pool) -> str:
    """Return the address of a pool's sheet."""
    return reverse("payouts:allocation-save", args=[pool.pk])


class PoolList(TableScreen):
    """The pools a reader may see, newest first."""

    title, file_name, order = _("Team pools"), "pools", "-period"
    filter_class = PoolFilter
    empty_title = _("No pool yet")
    empty_text = _("Pools are funded when a period's run is reviewed.")
    columns = (
        TableColumn(
            name="account", label=_("Account"), path="account", order="account__node__name", link=pool_url,
            read=lambda pool: str(pool.account),
        ),
        TableColumn(name="period", label=_("Period"), path="period__code", order="period__days"),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="allocator", label=_("Decides"), read=lambda pool: _person(pool.allocator), narrow=False),
        TableColumn(name="closes_on", label=_("Until"), kind=Kind.DAY, order="closes_on", narrow=False),
        TableColumn(name="funded", label=_("Pool"), kind=Kind.MONEY, order="funded", total=True),
        TableColumn(
            name="allocated", label=_("Allocated"), kind=Kind.MONEY, order="allocated", narrow=False
        ),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the pools with what is allocated so far."""
        return visible(pools_with_sums(), to=viewer_for(self.request)).exclude(status=PoolStatus.PLANNED)


def _person(person: Any) -> str:
    if person is None:
        return ""
    details = getattr(person, "details", None)
    return str(details or person)
