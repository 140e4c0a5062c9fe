"""
The start page: for a visitor what this is, for who signed in what waits for them and what comes next.

Which kinds of work concern a reader is said here by the roles that their services ask for;
what waits is read in payouts.selectors.todo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import money_text
from kamcomp.pages.nav import WATCHERS, Words
from kamcomp.visibility import Viewer, viewer_for
from payouts.choices import ReviewState
from payouts.models import Run
from payouts.selectors import todo
from payouts.selectors.disputes import ANSWERERS
from payouts.selectors.home import home_periods, home_setup, home_stock
from payouts.selectors.todo import DateKind, NextDate, Todo, TodoKind
from payouts.services.adjustments import DECIDERS
from payouts.services.approvals import LOCKERS
from payouts.services.exceptions import APPROVERS as EXCEPTION_APPROVERS
from payouts.services.exceptions import REVIEWERS as EXCEPTION_REVIEWERS
from payouts.services.pools import APPROVERS as POOL_APPROVERS
from payouts.services.runs import REVIEWERS, STARTERS
from plans.services.versions import APPROVERS as VERSION_APPROVERS

SOON = timedelta(days=3)
EVERY_DATE = frozenset(DateKind)
KAM_DATES = frozenset({DateKind.REVIEWS_DUE, DateKind.PAY_DAY, DateKind.PERIOD_ENDS})
PAYEE_DATES = frozenset({DateKind.PERIOD_ENDS, DateKind.PAY_DAY})
DATE_WORDS: dict[DateKind, Words] = {
    DateKind.PERIOD_ENDS: _("Last day of %(period)s"),
    DateKind.RESULTS_DUE: _("Results of %(period)s are complete"),
    DateKind.REVIEWS_DUE: _("Accounts of %(period)s are reviewed"),
    DateKind.PAY_DAY: _("Pay day of %(period)s"),
}


@dataclass(frozen=True, kw_only=True)
class TodoLine:
    """A thing that waits, as the page writes it: what, more about it, what to press and where that leads."""

    words: str
    more: str
    act: str
    url: str
    due_on: date | None
    tone: str


@dataclass(frozen=True, kw_only=True)
class DateLine:
    """A day that comes, with what it is for."""

    on: date
    words: str


class Home(TemplateView):
    """Show what waits for the reader; to visitors, what is there and where the doors are."""

    template_name = "payouts/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page; a visitor of the demo is shown first whom they can be."""
        if settings.DEMO_MODE and not request.user.is_authenticated:
            return redirect("demo")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the reader's list and dates; for a visitor the counts, on one's own machine."""
        context = super().get_context_data(**kwargs)
        if not self.request.user.is_authenticated:
            if settings.OPEN_START_PAGE:
                context |= {"stock": home_stock(), "periods": home_periods()}
            return context
        viewer, user = viewer_for(self.request), self.request.user
        runs = list(todo.current_runs()) if viewer.roles else []
        return context | {
            "todos": todo_lines(user=user, viewer=viewer, runs=runs),
            "today": viewer.on,
            "dates": _dates(viewer=viewer),
            "periods": None if viewer.roles else home_periods(),
            "setup": home_setup() if viewer.holds(Role.COMP_ADMIN) and not runs else (),
        }


def todo_lines(*, user: User, viewer: Viewer, runs: Sequence[Run]) -> list[TodoLine]:
    """Return what waits for somebody, what is due first on top, what has no day last."""
    found = sorted(_todos(user=user, viewer=viewer, runs=runs), key=lambda each: each.due_on or date.max)
    return [_line(each, on=viewer.on) for each in found]


def _todos(*, user: User, viewer: Viewer, runs: Sequence[Run]) -> Iterator[Todo]:
    holds = viewer.holds
    if holds(Role.KAM):
        yield from todo.pools_to_allocate(user=user, on=viewer.on)
        yield from todo.accounts_to_review(runs=runs, user=user, viewer=viewer)
    approves_pools = holds(*POOL_APPROVERS)
    if approves_pools or holds(Role.KAM):
        yield from todo.pools_to_decide(user=user, everybodys=approves_pools)
    yield from todo.runs_waiting(
        runs=runs,
        user=user,
        viewer=viewer,
        starts=holds(*STARTERS),
        reviews=holds(*REVIEWERS),
        approves=holds(Role.FINANCE),
        locks=holds(*LOCKERS),
    )
    if holds(Role.COMP_ADMIN):
        yield from todo.periods_to_run()
        yield from todo.reviews_overdue(runs=runs, viewer=viewer)
    decides, reviews, approves = (
        holds(*roles) for roles in (DECIDERS, EXCEPTION_REVIEWERS, EXCEPTION_APPROVERS)
    )
    if decides or reviews or approves:
        yield from todo.decisions_waiting(user=user, decides=decides, reviews=reviews, approves=approves)
    if holds(*VERSION_APPROVERS):
        yield from todo.versions_to_approve(user=user, viewer=viewer)
    if holds(*ANSWERERS, Role.KAM, Role.PAYEE):
        yield from todo.cases_waiting(user=user, answers=holds(*ANSWERERS))


def _dates(*, viewer: Viewer) -> list[DateLine]:
    kinds = PAYEE_DATES
    if viewer.roles & (WATCHERS | {Role.HR_LEGAL}):
        kinds = EVERY_DATE
    elif viewer.holds(Role.KAM):
        kinds = KAM_DATES
    return [_date_line(each) for each in todo.next_dates(viewer=viewer, kinds=kinds)]


def _date_line(each: NextDate) -> DateLine:
    return DateLine(on=each.on, words=str(DATE_WORDS[each.kind]) % {"period": each.period})


def _line(each: Todo, *, on: date) -> TodoLine:
    words, more, act, url = WRITTEN[each.kind](each)
    tone = ""
    if each.due_on is not None:
        tone = "wrong" if each.due_on < on else "waits" if each.due_on <= on + SOON else ""
    return TodoLine(words=words, more=more, act=act, url=url, due_on=each.due_on, tone=tone)


# Words ----------------------------------------------------------------------------------------------------

Written = tuple[str, str, str, str]


def _led(name: str, *arguments: Any) -> str:
    """Return an address, or "" while there is no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def _pool_allocate(each: Todo) -> Written:
    about = {"account": each.account, "period": each.period, "left": money_text(each.amount, each.currency)}
    words = __("Allocate the pool of %(account)s, %(period)s") % about
    url = _led("payouts:allocation-save", each.subject_id)
    if not each.amount:
        return words, __("All of it is allocated: hand it in"), __("Allocate"), url
    return words, __("%(left)s is not allocated") % about, __("Allocate"), url


def _pool_returned(each: Todo) -> Written:
    words, _more, act, url = _pool_allocate(each)
    return words, __("Sent back: %(reason)s") % {"reason": each.reason}, act, url


def _pool_decide(each: Todo) -> Written:
    about = {"account": each.account, "period": each.period, "name": each.name}
    words = __("Decide on the pool of %(account)s, %(period)s") % about
    funded = money_text(each.amount, each.currency)
    if not each.name:
        more = __("%(amount)s, handed in by the late rule") % {"amount": funded}
    else:
        more = __("%(amount)s, handed in by %(name)s") % {"amount": funded, "name": each.name}
    return words, more, __("Decide"), _led("payouts:allocation-save", each.subject_id)


def _pools_decide(each: Todo) -> Written:
    words = ngettext("Decide on %(count)s pool", "Decide on %(count)s pools", each.count) % {
        "count": each.count
    }
    return words, each.period, __("See them"), _led("payouts:pool-list") + "?status=submitted"


def _account_review(each: Todo) -> Written:
    about = {"account": each.account, "period": each.period}
    words = __("Review %(account)s, %(period)s") % about
    url = _led("payouts:account-review", each.subject_id) + f"?period={each.period}"
    return words, __("Are results and payouts right? Confirm, or object with a reason"), __("Review"), url


def _accounts_review(each: Todo) -> Written:
    about = {"count": each.count, "period": each.period}
    words = ngettext(
        "Review %(count)s account, %(period)s", "Review %(count)s accounts, %(period)s", each.count
    )
    more = __("Are results and payouts right? Confirm, or object with a reason")
    return words % about, more, __("Review"), _led("payouts:my-account-list") + "?review=waits"


def _reviews_overdue(each: Todo) -> Written:
    words = ngettext(
        "The review of %(count)s account is overdue, %(period)s",
        "The review of %(count)s accounts is overdue, %(period)s",
        each.count,
    )
    url = _led("payouts:review-schedule") + f"?period={each.period}&state={ReviewState.OVERDUE}"
    about = {"count": each.count, "period": each.period}
    return words % about, __("No word of their key account managers"), __("See them"), url


def _run_start(each: Todo) -> Written:
    words = __("Run %(period)s") % {"period": each.period}
    return (
        words,
        __("The period is over and nothing is calculated yet"),
        __("Start"),
        _led("payouts:run-start"),
    )


def _run_repair(each: Todo) -> Written:
    words = __("See to run %(run)s") % {"run": each.run}
    return (
        words,
        __("It could not calculate everybody"),
        __("Open"),
        _led("payouts:run-show", each.subject_id),
    )


def _run_review(each: Todo) -> Written:
    parts = []
    if each.others:
        parts.append(
            ngettext("%(count)s objection is open", "%(count)s objections are open", each.others)
            % {"count": each.others}
        )
    if each.count:
        parts.append(
            ngettext(
                "%(count)s account is not reviewed yet", "%(count)s accounts are not reviewed yet", each.count
            )
            % {"count": each.count}
        )
    words = __("Review run %(run)s") % {"run": each.run}
    more = ", ".join(parts) or __("Every account is reviewed")
    return words, more, __("Review"), _led("payouts:run-show", each.subject_id)


def _run_approve(each: Todo) -> Written:
    words = __("Approve run %(run)s") % {"run": each.run}
    return words, __("Every pool is approved"), __("Approve"), _led("payouts:run-show", each.subject_id)


def _run_lock(each: Todo) -> Written:
    words = __("Lock run %(run)s") % {"run": each.run}
    return (
        words,
        __("It is approved; the lock makes it final"),
        __("Lock"),
        _led("payouts:run-show", each.subject_id),
    )


def _adjustments_decide(each: Todo) -> Written:
    words = ngettext("Decide on %(count)s correction", "Decide on %(count)s corrections", each.count)
    url = _led("payouts:adjustment-list")
    return words % {"count": each.count}, __("Proposed by somebody else"), __("Decide"), url


def _versions_approve(each: Todo) -> Written:
    if each.name:
        words = __("Approve the draft of %(plan)s") % {"plan": each.name}
    else:
        words = ngettext("Approve %(count)s draft of a plan", "Approve %(count)s drafts of plans", each.count)
        words %= {"count": each.count}
    return words, __("Before the day it is to be in force"), __("Open"), _led("plans:plan-list")


def _disputes_answer(each: Todo) -> Written:
    words = ngettext(
        "Answer %(count)s question or dispute", "Answer %(count)s questions and disputes", each.count
    )
    url = _led("payouts:dispute-list")
    return words % {"count": each.count}, __("About a line of somebody's statement"), __("Answer"), url


def _disputes_read(each: Todo) -> Written:
    words = ngettext("Read %(count)s answer", "Read %(count)s answers", each.count)
    url = _led("payouts:dispute-list")
    return words % {"count": each.count}, __("Close it once you have read it"), __("Open"), url


def _exceptions_decide(each: Todo) -> Written:
    words = ngettext("See to %(count)s exception", "See to %(count)s exceptions", each.count)
    url = _led("payouts:exception-list")
    return words % {"count": each.count}, __("Asked for by somebody else"), __("Open"), url


WRITTEN: dict[TodoKind, Callable[[Todo], Written]] = {
    TodoKind.POOL_ALLOCATE: _pool_allocate,
    TodoKind.POOL_RETURNED: _pool_returned,
    TodoKind.POOL_DECIDE: _pool_decide,
    TodoKind.POOLS_DECIDE: _pools_decide,
    TodoKind.ACCOUNT_REVIEW: _account_review,
    TodoKind.ACCOUNTS_REVIEW: _accounts_review,
    TodoKind.REVIEWS_OVERDUE: _reviews_overdue,
    TodoKind.RUN_START: _run_start,
    TodoKind.RUN_REPAIR: _run_repair,
    TodoKind.RUN_REVIEW: _run_review,
    TodoKind.RUN_APPROVE: _run_approve,
    TodoKind.RUN_LOCK: _run_lock,
    TodoKind.ADJUSTMENTS_DECIDE: _adjustments_decide,
    TodoKind.VERSIONS_APPROVE: _versions_approve,
    TodoKind.DISPUTES_ANSWER: _disputes_answer,
    TodoKind.DISPUTES_READ: _disputes_read,
    TodoKind.EXCEPTIONS_DECIDE: _exceptions_decide,
}
