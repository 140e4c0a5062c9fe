"""
Exceptions from plans in the browser: the register with its rates, a request, the review and the decision.

Rules stand in payouts.services.exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, Screen, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import ExceptionKind, ExceptionStatus
from payouts.forms import ExceptionRequest
from payouts.models import PlanException
from payouts.selectors.exceptions import RateRow, exceptions_to_decide, latest_year, rates
from payouts.selectors.names import person_name, user_name
from payouts.services.exceptions import (
    APPROVERS,
    REQUESTERS,
    REVIEWERS,
    ExceptionMovedOn,
    exception_decide,
    exception_request,
    exception_review,
)
from plans.models import Plan
from teams.models import Person
from teams.visibility import PAY

READS = "plan", "person__details", "period", "requested_by", "reviewed_by", "decided_by", "assignment"
RATES = "plans", "managers"


def exception_url(exception: PlanException) -> str:
    """Return the address of an exception."""
    return reverse("payouts:exception-show", args=[exception.pk])


class ExceptionFilter(FilterForm):
    """Exceptions of a type, in a state."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (("kind", ExceptionKind), ("status", ExceptionStatus)):
            offered = [(value, __(str(label))) for value, label in words.choices]
            cast(forms.ChoiceField, self.fields[name]).choices = [("", __("All")), *offered]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the exceptions that were asked for."""
        chosen = {name: self.cleaned_data[name] for name in ("kind", "status") if self.cleaned_data[name]}
        return rows.filter(**chosen)


class ExceptionList(TableScreen):
    """The register, and how often plans and managers depart from the plan."""

    title, file_name, order = _("Exceptions"), "exceptions", "-number"
    template_name = "payouts/exception_list.html"
    filter_class = ExceptionFilter
    empty_title = _("No exception")
    empty_text = _(
        "A departure from a plan that is paid on purpose is requested here, with its reason and its end."
    )
    columns = (
        TableColumn(name="number", label=_("No."), kind=Kind.NUMBER, order="number", link=exception_url),
        TableColumn(name="person", label=_("Person"), read=lambda row: person_name(row.person), link=exception_url),
        TableColumn(name="plan", label=_("Plan"), path="plan__name", order="plan__name", narrow=False),
        TableColumn(name="period", label=_("Period"), path="period__code", order="period__days", narrow=False),
        TableColumn(name="kind", label=_("Kind"), order="kind", narrow=False,
                    read=lambda row: __(row.get_kind_display())),
        TableColumn(name="amount", label=_("Amount"), kind=Kind.MONEY, order="amount", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="reason", label=_("Reason"), narrow=False),
        TableColumn(name="decided_by", label=_("Approver"), narrow=False, read=lambda row: user_name(row.decided_by)),
        TableColumn(name="expires_on", label=_("Ends on"), kind=Kind.DAY, order="expires_on", narrow=False),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the exceptions with what the list shows of them."""
        return visible(PlanException.objects.all(), to=viewer_for(self.request)).select_related(*READS)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the list as a file, with ?rates= too those of plans or managers."""
        write, of = SHEETS.get(request.GET.get("format", "")), request.GET.get("rates", "")
        if write is None or of not in RATES:
            return super().get(request, *args, **kwargs)
        year, by_plan, by_manager = self._rates()
        if year is None:
            raise Http404
        about = {
            "title": str(self.title),
            "year": str(year),
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": request.user.get_username(),
        }
        return write(_rates_sheet(of, by_plan if of == RATES[0] else by_manager), about)

    def _rates(self) -> tuple[int | None, list[RateRow], list[RateRow]]:
        """Return the year, and the rates by plan and by manager, for those who see all."""
        viewer = viewer_for(self.request)
        year = latest_year() if viewer.holds(*PAY, Role.EXECUTIVE) else None
        return (year, *rates(year=year, sees_pay=viewer.holds(*PAY))) if year else (None, [], [])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, what waits for the reader, and the rates for those who see all."""
        viewer = viewer_for(self.request)
        reviews, approves = viewer.holds(*REVIEWERS), viewer.holds(*APPROVERS)
        waiting = exceptions_to_decide(user=cast(User, self.request.user), reviews=reviews, approves=approves)
        year, by_plan, by_manager = self._rates()
        return super().get_context_data(
            waits_for_me=waiting.count() if reviews or approves else 0,
            may_request=viewer.holds(*REQUESTERS),
            year=year,
            by_plan=by_plan,
            by_manager=by_manager,
            **kwargs,
        )


def _rates_sheet(of: str, found: Sequence[RateRow]) -> Sheet:
    names = ("name", "exceptions", "lines", "of_lines", "amount", "paid", "of_money", "currency")
    return Sheet(
        title=f"exception-rates-{of}",
        columns=[SheetColumn(name=name, is_text=name in ("name", "currency")) for name in names],
        rows=[[getattr(row, name) for name in names] for row in found],
        count=len(found),
    )


class ExceptionAsk(FormScreen, TemplateResponseMixin, View):
    """Request an exception."""

    template_name = "payouts/exception_request.html"
    title = _("Request an exception")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the register."""
        return [Crumb(label=_("Exceptions"), url=reverse("payouts:exception-list"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Request it, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> ExceptionRequest:  # type: ignore[override]
        """Return the form with the people, plans and periods that the reader may see."""
        viewer = viewer_for(self.request)
        if not viewer.holds(*REQUESTERS):
            raise Http404
        people = visible(Person.objects.select_related("details"), to=viewer)
        open_ones = Period.objects.filter(status__in=[PeriodStatus.OPEN, PeriodStatus.COLLECTING])
        return ExceptionRequest(
            self.request.POST if self.request.method == "POST" else None,
            people=people.exclude(user=cast(User, self.request.user)).order_by(
                "details__legal_name", "employee_id"
            ),
            plans=visible(Plan.objects.all(), to=viewer).order_by("name"),
            periods=open_ones.order_by("-days"),
        )

    def acted(self, form: Any) -> HttpResponse:
        """Request it and lead to it."""
        who: dict[str, Any] = {"by": cast(User, self.request.user), "at": timezone.now()}
        exception = exception_request(**form.cleaned_data, **who)
        said(self.request, __("Requested: compensation or finance reviews it, then it is decided."))
        return redirect(exception_url(exception))


class ExceptionScreen(Screen, TemplateResponseMixin, View):
    """A page about one exception that the reader may see."""

    template_name = "payouts/exception_show.html"

    @cached_property
    def exception(self) -> PlanException:
        """Return the exception, or 404."""
        return self._exception()

    def _exception(self) -> PlanException:
        rows = visible(PlanException.objects.all(), to=viewer_for(self.request)).select_related(*READS)
        exception = rows.filter(pk=self.kwargs["exception_id"]).first()
        if exception is None:
            raise Http404
        return exception

    def crumbs(self) -> list[Crumb]:
        """Return the way from the register."""
        return [
            Crumb(label=_("Exceptions"), url=reverse("payouts:exception-list")),
            Crumb(label=str(self.exception.number)),
        ]

    def page(self, *, status: int = 200, **more: Any) -> HttpResponse:
        """Answer the exception as it is now."""
        exception, viewer = self._exception(), viewer_for(self.request)
        waiting = exceptions_to_decide(
            user=cast(User, self.request.user),
            reviews=viewer.holds(*REVIEWERS),
            approves=viewer.holds(*APPROVERS),
        )
        context = {
            "exception": exception,
            "who": person_name(exception.person),
            "may_act": waiting.filter(pk=exception.pk).exists(),
            "terms": _terms(exception),
            "title": __("Exception %(number)s") % {"number": exception.number},
        }
        return render(
            self.request, self.template_name, self.get_context_data(**context | more), status=status
        )


def _terms(exception: PlanException) -> dict[str, Any] | None:
    """Return the personal terms that are asked for beside those the assignment was made with; none of others."""
    if exception.terms is None:
        return None
    asked = exception.terms
    return {
        "since": date.fromisoformat(asked["since"]),
        "last_day": date.fromisoformat(asked["last_day"]),
        "share": Decimal(asked["share"]),
        "usual": Decimal(asked["usual"]["share"]),
        "values": [
            (name.replace("_", " ").capitalize(), _figure(asked["usual"]["values"].get(name)), _figure(value))
            for name, value in sorted(asked["values"].items())
        ],
    }


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class ExceptionShow(ExceptionScreen):
    """One exception with its reason, money, precedent, steps and end."""

    def get(self, request: HttpRequest, exception_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page()


class ExceptionDecide(ExceptionScreen):
    """Review it, approve it, or reject it with a reason."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, exception_id: UUID) -> HttpResponse:
        """Take the next step; who comes second sees the first, with their own words kept."""
        who: dict[str, Any] = {
            "exception_id": self.exception.pk,
            "by": cast(User, request.user),
            "at": timezone.now(),
        }
        words = request.POST.get("words", "")[:1000]
        try:
            if request.POST.get("act") == "review":
                exception_review(**who)
                said(request, __("Reviewed: it can be decided now."))
            else:
                approve = request.POST.get("act") == "approve"
                exception_decide(approve=approve, words=words, **who)
                said(request, __("Approved.") if approve else __("Rejected."))
        except ExceptionMovedOn as refusal:
            return self.page(status=409, problem=worded(refusal), typed=words)
        except Refusal as refusal:
            return self.page(status=422, problem=worded(refusal), typed=words)
        return redirect(exception_url(self.exception))
