"""
A key account manager's accounts: the list, and one account with its goals, payouts and their word on them.

Rules stand in payouts.services.reviews.
"""

from __future__ import annotations

from functools import partial
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
from django.views.generic.base import View

from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import ReviewOutcome
from payouts.models import Pool, Run
from payouts.selectors.my_accounts import (
    AccountInPeriod,
    account_in_period,
    account_periods,
    latest_run,
    my_accounts,
)
from payouts.selectors.pool_sheet import pool_allocates
from payouts.services.pools import APPROVERS
from payouts.services.reviews import review_confirm, review_object
from teams.models import StrategicAccount

WAITS = "waits"
GOAL_COLUMNS = (
    part_column("goal", "name"),
    part_column("level"),
    part_column("weight", kind=Kind.RATIO),
    part_column("target", kind=Kind.NUMBER, read=lambda line: None if line.reads_value else line.target),
    part_column("result", "now__actual", kind=Kind.NUMBER),
    part_column("of_target", "now__attainment", kind=Kind.RATIO),
    part_column("pays", "now__ratio", kind=Kind.RATIO),
    part_column("earned", "now__amount", kind=Kind.MONEY),
)
CARD_COLUMNS = (
    part_column("measure", "name"),
    part_column("target", kind=Kind.NUMBER),
    part_column("result", kind=Kind.NUMBER),
    part_column("of_target", "attainment", kind=Kind.RATIO),
)
PAYOUT_COLUMNS = (
    part_column("person", "name"),
    part_column("role"),
    part_column("plan"),
    part_column("amount", kind=Kind.MONEY),
    part_column("currency"),
)
TEAM_COLUMNS = (
    part_column("person", "name"),
    part_column("role"),
    part_column("link"),
    part_column("on_account", "dedication", kind=Kind.RATIO),
)
LONGEST_REASON = 1000


class AccountFilter(FilterForm):
    """Accounts by the word given on them."""

    review = forms.ChoiceField(label=_("Your review"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(value, __(label)) for value, label in ReviewOutcome.choices]
        self.fields["review"].choices = [("", __("All")), (WAITS, __("Waits for you")), *words]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the accounts with the word chosen, or without one."""
        chosen = self.cleaned_data["review"]
        if chosen == WAITS:
            return rows.filter(outcome=None)
        return rows.filter(outcome=chosen) if chosen else rows


def account_url(account: StrategicAccount) -> str:
    """Return the address of an account's page."""
    return reverse("payouts:account-review", args=[account.pk])


def _outcome(account: Any) -> str:
    return __(ReviewOutcome(account.outcome).label) if account.outcome else ""


class MyAccountList(TableScreen):
    """The accounts somebody holds as KAM or deputy."""

    title, file_name, order = _("My accounts"), "my-accounts", "account"
    filter_class = AccountFilter
    empty_title = _("You hold no account")
    empty_text = _("As soon as you are the key account manager or deputy of one, it stands here.")
    columns = (
        TableColumn(
            name="account", label=_("Account"), order="node__name", link=account_url,
            read=lambda account: str(account),
        ),
        TableColumn(name="team", label=_("People"), kind=Kind.NUMBER, order="team", narrow=False),
        TableColumn(name="score", label=_("Goals pay"), kind=Kind.RATIO, order="score"),
        TableColumn(
            name="paid", label=_("Payouts"), kind=Kind.MONEY, order="paid", currency="plan_currency", total=True
        ),
        TableColumn(
            name="pool_funded", label=_("Pool"), kind=Kind.MONEY, order="pool_funded", currency="plan_currency",
            total=True, narrow=False,
        ),
        TableColumn(name="plan_currency", label=_("Currency"), order="plan_currency", narrow=False),
        TableColumn(name="outcome", label=_("Your review"), order="outcome", read=_outcome),
    )  # fmt: skip

    @cached_property
    def run(self) -> Run | None:
        """Return the run whose figures are shown."""
        return latest_run(viewer=viewer_for(self.request))

    def rows(self) -> QuerySet[Any]:
        """Return the accounts with the figures of the newest run."""
        return my_accounts(viewer=viewer_for(self.request), run=self.run)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say of which period the figures are."""
        sub = "" if self.run is None else __("Figures of %(run)s") % {"run": self.run}
        return super().get_context_data(**({"sub": sub} | kwargs))


class AccountReview(PartFiles, Screen, View):
    """One account in a period: goals, payouts, team; its KAM confirms the figures or objects."""

    template_name = "payouts/account_review.html"

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        accounts = visible(StrategicAccount.objects.all(), to=viewer_for(self.request))
        account = accounts.select_related("node").filter(pk=self.kwargs["account_id"]).first()
        if account is None:
            raise Http404
        return account

    @cached_property
    def periods(self) -> list[Period]:
        """Return the periods that can be chosen, newest first."""
        return account_periods(account=self.account, viewer=viewer_for(self.request))

    def _chosen(self) -> Period | None:
        code = self.request.GET.get("period")
        if code:
            period = next((each for each in self.periods if each.code == code), None)
            if period is None:
                raise Http404
            return period
        run = latest_run(viewer=viewer_for(self.request))
        of_run = next((each for each in self.periods if run is not None and each.pk == run.period_id), None)
        return of_run or next(iter(self.periods), None)

    @cached_property
    def shown(self) -> AccountInPeriod | None:
        """Return the account in the period asked for, or in the newest one with figures; None without any period."""
        period = self._chosen()
        if period is None:
            return None
        return account_in_period(account=self.account, period=period, viewer=viewer_for(self.request))

    def parts(self) -> Parts:
        """Return the tables of the page: goals, payouts, team."""
        shown = self.shown
        if shown is None:
            return {}
        goals: tuple[Any, Any] = (CARD_COLUMNS, shown.card.lines if shown.card else ())
        if shown.estimate is not None:
            code = shown.estimate.payout.currency
            currency = part_column("currency", read=lambda _line: code)
            goals = ((*GOAL_COLUMNS, currency), shown.estimate.lines)
        found = {
            "goals": goals,
            "payouts": (PAYOUT_COLUMNS, shown.payouts),
            "team": (TEAM_COLUMNS, shown.team),
        }
        return {
            name: partial(part_sheet, title=name, columns=columns, rows=rows)
            for name, (columns, rows) in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which account, period and run the figures are."""
        shown = self.shown
        if shown is None:
            return {}
        run = str(shown.run) if shown.run else "none"
        return {"account": str(self.account), "period": shown.period.code, "run": run}

    def get(self, request: HttpRequest, account_id: UUID) -> HttpResponseBase:
        """Show the account in the period asked for, or the newest one with figures; or a table of it as a file."""
        return self.part_file() or self._answer()

    def post(self, request: HttpRequest, account_id: UUID) -> HttpResponse:
        """Confirm, or object with a reason; the run is the one the reader saw."""
        run = (
            visible(Run.objects.all(), to=viewer_for(request))
            .filter(pk=_uuid(request.POST.get("run")))
            .first()
        )
        if run is None:
            raise Http404
        word: dict[str, Any] = {
            "run_id": run.pk, "account_id": self.account.pk, "by": request.user, "at": timezone.now(),
        }  # fmt: skip
        reason = request.POST.get("reason", "")[:LONGEST_REASON]
        try:
            if request.POST.get("act") == "confirm":
                review_confirm(**word)
                said(request, __("Confirmed: thank you."))
            else:
                review_object(reason=reason, **word)
                said(request, __("Your objection is noted; the run waits until it is settled."))
        except Refusal as refusal:
            return self._answer(problem=worded(refusal), typed=reason, status=422)
        return redirect(f"{account_url(self.account)}?{request.GET.urlencode()}".rstrip("?"))

    def _answer(self, *, status: int = 200, **more: Any) -> HttpResponse:
        shown = self.shown
        pool = None if shown is None else shown.pool
        context = self.get_context_data(
            own=self._own(shown),
            may_open_pool=pool is not None and self._opens(pool),
            title=str(self.account),
            account=self.account,
            periods=self.periods,
            shown=shown,
            longest=LONGEST_REASON,
            **more,
        )
        return render(self.request, self.template_name, context, status=status)

    def _own(self, shown: AccountInPeriod | None) -> bool:
        """Tell whether the pay that the goals are shown with is the reader's."""
        if shown is None or shown.estimate is None:
            return False
        return shown.estimate.payout.person.user_id == self.request.user.pk

    def _opens(self, pool: Pool) -> bool:
        """Tell whether the reader may open the pool's sheet: who hands it out, and who decides or watches."""
        user = cast(User, self.request.user)
        allocates = pool_allocates(pool=pool, user=user, on=timezone.localdate())
        return allocates or viewer_for(self.request).holds(*APPROVERS, Role.AUDITOR)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [Crumb(label=_("My accounts"), url=reverse("payouts:my-account-list"))]


def _uuid(text: str | None) -> UUID:
    """Return the id that a form sent; one that nothing has where it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return UUID(int=0)
