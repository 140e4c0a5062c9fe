"""
The payout register: what each run pays whom, where it stands, and holding and releasing it from the row.

The row is a person, a run and a currency, as payroll pays it: payouts, pool shares and
corrections are its columns. Totals are sums in the database over what passes the filter.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.pages.figures import money_text
from kamcomp.pages.nav import Words
from kamcomp.pages.screens import Crumb, FormScreen, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from payouts.choices import RegisterState, RunStatus
from payouts.forms import HoldReason
from payouts.models import RegisterRow, Run
from payouts.selectors.statements import SHOWN
from payouts.services.holds import payout_hold, payout_release
from payouts.views.desk import HOLDERS_OF_MONEY, current_runs, desk_or_404, run_named_or_404, statement_url
from teams.models import Person

ALL = "all"


class RegisterFilter(FilterForm):
    """The register of a period, of a cost centre, in a state, of a name."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    q = forms.CharField(label=_("Name or employee number"), required=False, max_length=80)
    cost_centre = forms.ChoiceField(label=_("Cost centre"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(
        self, *args: Any, runs: list[Run], centres: list[str], currencies: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        codes = dict.fromkeys(run.period.code for run in runs)
        every = [("", __("All"))]
        self._choose("period", [*((code, code) for code in codes), (ALL, __("All periods"))])
        self._choose("cost_centre", [*every, *((code, code) for code in centres)])
        self._choose("currency", [*every, *((code, code) for code in currencies)])
        self._choose("state", [*every, *((value, __(label)) for value, label in RegisterState.choices)])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that pass; the period was chosen before and is no filter of its own."""
        asked = self.cleaned_data
        asked.pop("period", None)
        words = asked["q"].strip()
        if words:
            rows = rows.filter(
                Q(person__employee_id__icontains=words) | Q(person__details__legal_name__icontains=words)
            )
        if asked["cost_centre"]:
            rows = rows.filter(person__cost_centre=asked["cost_centre"])
        if asked["currency"]:
            rows = rows.filter(currency=asked["currency"])
        return rows.filter(state=asked["state"]) if asked["state"] else rows


def _statement(row: RegisterRow) -> str:
    return statement_url(run=row.run, person_id=row.person_id) if row.run.status in SHOWN else ""


def _part(name: str, label: Words) -> TableColumn:
    """Return a column of amounts in which nothing is a dash, so that the eye finds what there is."""
    return TableColumn(
        name=name, label=label, kind=Kind.MONEY, order=name, total=True, narrow=False,
        read=lambda row: getattr(row, name) or None,
    )  # fmt: skip


def _act(row: RegisterRow) -> str:
    if row.run.status != RunStatus.LOCKED:
        return ""
    if row.state == RegisterState.HELD:
        return __("Release")
    return __("Hold") if row.state == RegisterState.PAYABLE and row.payable else ""


def _act_url(row: RegisterRow) -> str:
    if not _act(row):
        return ""
    name = "payout-release" if row.state == RegisterState.HELD else "payout-hold"
    return reverse(f"payouts:{name}", args=[row.run_id, row.person_id])


class PayoutRegister(TableScreen):
    """Who is paid what, with totals by currency that follow the filter."""

    title, file_name, order = _("Payout register"), "payout-register", "name"
    empty_title = _("Nothing to pay yet")
    empty_text = _("What people earn stands here as soon as a period's run is calculated.")
    facts_columns = (
        TableColumn(name="name", label=_("Person"), order="person__details__legal_name", link=_statement,
                    read=lambda row: str(getattr(row.person, "details", "") or row.person.employee_id)),
        TableColumn(name="employee_id", label=_("Number"), path="person__employee_id", narrow=False,
                    order="person__employee_id"),
        TableColumn(name="cost_centre", label=_("Cost centre"), path="person__cost_centre", narrow=False,
                    order="person__cost_centre"),
        TableColumn(name="period", label=_("Period"), path="run__period__code", order="run__period__days",
                    narrow=False),
        _part("incentive", _("Incentive")),
        _part("share", _("Pool share")),
        _part("corrections", _("Corrections")),
        _part("converted", _("Converted")),
        TableColumn(name="payable", label=_("Payable"), kind=Kind.MONEY, order="payable", total=True),
        _part("paid", _("Paid")),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="state", label=_("State"), kind=Kind.STATUS, order="state"),
    )  # fmt: skip
    act_column = TableColumn(name="act", label=_("Action"), read=_act, link=_act_url, fact=False)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the register, or the same rows as a file."""
        desk_or_404(request)
        return super().get(request, *args, **kwargs)

    @property
    def columns(self) -> tuple[TableColumn, ...]:  # type: ignore[override]
        """Return the columns; who may hold pay has one more for it."""
        may = viewer_for(self.request).holds(*HOLDERS_OF_MONEY)
        return (*self.facts_columns, self.act_column) if may else self.facts_columns

    @cached_property
    def runs(self) -> list[Run]:
        """Return the runs a register can be of, newest first."""
        return current_runs(self.request)

    @cached_property
    def run(self) -> Run | None:
        """Return the run shown; None is all of them."""
        asked = self.request.GET.get("period", "")
        return None if asked == ALL else run_named_or_404(self.runs, asked)

    def rows(self) -> QuerySet[Any]:
        """Return the register of the period chosen, the newest where none is."""
        rows = visible(RegisterRow.objects.all(), to=viewer_for(self.request))
        rows = rows.select_related("person__details", "run__period")
        return rows.filter(run=self.run) if self.run else rows

    def filter_class(self, asked: Any) -> FilterForm:  # type: ignore[override]
        """Return the filter with what can be chosen."""
        centres = Person.objects.exclude(cost_centre="").order_by("cost_centre")
        own = visible(RegisterRow.objects.all(), to=viewer_for(self.request))
        of_run = own.filter(run=self.run) if self.run else own
        return RegisterFilter(
            asked,
            runs=self.runs,
            centres=list(centres.values_list("cost_centre", flat=True).distinct()),
            currencies=sorted(of_run.order_by().values_list("currency", flat=True).distinct()),
        )

    def facts(self) -> dict[str, str]:
        """Return which run the rows are of."""
        if self.run is None:
            return {"run": "all current runs"}
        return {"run": str(self.run), "state": self.run.status, "results": self.run.result_digest}


class HoldScreen(FormScreen, TemplateResponseMixin, View):
    """One person's pay of a locked run, and why it is held or released."""

    template_name = "payouts/payout_hold.html"
    form_class = HoldReason
    button = _("Hold")
    explained = _(
        "It is left out of the payroll file until somebody releases it. The payout itself never changes."
    )

    @cached_property
    def held(self) -> list[RegisterRow]:
        """Return what the run pays the person, a row a currency, or 404."""
        desk_or_404(self.request, *HOLDERS_OF_MONEY)
        rows = visible(RegisterRow.objects.all(), to=viewer_for(self.request))
        found = list(
            rows.filter(run_id=self.kwargs["run_id"], person_id=self.kwargs["person_id"])
            .select_related("person__details", "run__period")
            .order_by("currency")
        )
        if not found:
            raise Http404
        return found

    @property
    def person(self) -> Person:
        """Return whose pay it is."""
        return self.held[0].person

    @property
    def run(self) -> Run:
        """Return the run that pays it."""
        return self.held[0].run

    def back(self) -> str:
        """Return the register of the run's period."""
        return f"{reverse('payouts:payout-register')}?period={self.run.period.code}"

    def crumbs(self) -> list[Crumb]:
        """Return the way back to the register."""
        return [
            Crumb(label=_("Payout register"), url=self.back()),
            Crumb(label=str(getattr(self.person, "details", self.person))),
        ]

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the reason."""
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Act on what was typed."""
        _found, form = self.held, self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return whose pay of which run it is."""
        context = {"rows": self.held, "run": self.run, "button": self.button, "explained": self.explained}
        return super().get_context_data(**(context | {"back": self.back()} | kwargs))

    def amounts(self) -> str:
        """Return what it comes to, a currency each."""
        return ", ".join(money_text(row.payable, row.currency) for row in self.held if row.payable)


class PayoutHold(HoldScreen):
    """Hold what a locked run pays somebody."""

    title = _("Hold a payout")

    def acted(self, form: BaseForm) -> HttpResponse:
        """Hold it."""
        payout_hold(
            run_id=self.run.pk, person=self.person, reason=form.cleaned_data["reason"],
            by=cast(User, self.request.user), at=timezone.now(),
        )  # fmt: skip
        said(
            self.request, __("Held: %(amounts)s stay out of the payroll file.") % {"amounts": self.amounts()}
        )
        return redirect(self.back())


class PayoutRelease(HoldScreen):
    """Release what is held of somebody in a locked run."""

    title, button = _("Release a payout"), _("Release")
    explained = _("It comes with the next payroll file that is made, of this run or of a later one.")

    def acted(self, form: BaseForm) -> HttpResponse:
        """Release it."""
        payout_release(
            run_id=self.run.pk, person=self.person, reason=form.cleaned_data["reason"],
            by=cast(User, self.request.user), at=timezone.now(),
        )  # fmt: skip
        words = __("Released: %(amounts)s come with the next payroll file.") % {"amounts": self.amounts()}
        said(self.request, words)
        return redirect(self.back())
