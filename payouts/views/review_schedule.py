"""
The review of results as a schedule: for a period, which account is reviewed by whom, until when, and what they said.

Rules stand in payouts.services.reviews; the days are the calendar's.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.pages.figures import day_text
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from payouts.choices import ReviewState
from payouts.models import Run
from payouts.selectors.review_schedule import review_due_on, review_schedule
from payouts.views.desk import desk_or_404
from teams.models import StrategicAccount

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.AUDITOR, Role.KAM)


class ScheduleFilter(FilterForm):
    """A period, and how its accounts stand."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = list(Period.objects.order_by("-days").values_list("code", flat=True))
        states = [(value, __(str(label))) for value, label in ReviewState.choices]
        cast(forms.ChoiceField, self.fields["period"]).choices = [
            ("", "–"),
            *((code, code) for code in codes),
        ]
        cast(forms.ChoiceField, self.fields["state"]).choices = [("", __("All")), *states]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the accounts that stand as asked; the period is the page's."""
        state = self.cleaned_data["state"]
        return rows.filter(state=state) if state else rows


def _account_url(account: Any) -> str:
    return reverse("payouts:account-review", args=[account.pk]) + f"?period={account.period_code}"


class ReviewSchedule(TableScreen):
    """Whose word on which account is due when, in a period."""

    title, file_name, order = _("Review of results"), "review-schedule", "state"
    filter_class = ScheduleFilter
    empty_title = _("No account")
    empty_text = _("Accounts stand here once they are active and a period is in the calendar.")
    columns = (
        TableColumn(
            name="account",
            label=_("Account"),
            order="node__name",
            link=_account_url,
            read=lambda row: str(row),
        ),
        TableColumn(name="owner", label=_("Key account manager"), order="owner"),
        TableColumn(name="due_on", label=_("Due"), kind=Kind.DAY),
        TableColumn(
            name="state", label=_("State"), order="place", read=lambda row: __(ReviewState(row.state).label)
        ),
        TableColumn(name="said_at", label=_("Said on"), kind=Kind.MOMENT, order="said_at", narrow=False),
    )

    @cached_property
    def period(self) -> Period | None:
        """Return the period asked for, else that of the newest run, else the first that is not over."""
        viewer = viewer_for(self.request)
        periods = visible(Period.objects.all(), to=viewer).order_by("days")
        code = self.request.GET.get("period")
        if code:
            return periods.filter(code=code).first()
        runs = visible(Run.objects.filter(is_current=True), to=viewer).order_by("-period__days")
        run = runs.select_related("period").first()
        return run.period if run else periods.filter(days__endswith__gt=viewer.on).first()

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the schedule, to those who review or watch."""
        desk_or_404(request, *READERS)
        if request.GET.get("period") and self.period is None:
            raise Http404
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        """Return the accounts with owner, day and state in the period."""
        if self.period is None:
            return StrategicAccount.objects.none()
        return review_schedule(period=self.period, viewer=viewer_for(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say of which period it is, and how accounts are reviewed."""
        sub = ""
        if self.period is not None:
            about = {"period": self.period.code, "day": day_text(review_due_on(period=self.period))}
            sub = __(
                "%(period)s: each account's manager confirms its results and payouts, or objects, until %(day)s"
            )
            sub %= about
        return super().get_context_data(**({"sub": sub} | kwargs))
