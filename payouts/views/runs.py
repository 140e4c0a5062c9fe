"""
Period runs in the browser: the list, and the console of one run from its start to its lock.

Each button is offered to who may press it now; everybody else reads whom it waits for. The
services decide again, whatever a page offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
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
from kamcomp.pages.figures import money_text
from kamcomp.pages.nav import WATCHERS
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen, refused, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.sentences import renamed
from kamcomp.visibility import viewer_for, visible
from payouts.choices import RunStatus
from payouts.models import Run
from payouts.selectors.run_console import fact_names, people_names, run_console
from payouts.selectors.statements import SHOWN
from payouts.services.approvals import LOCKERS, run_approve
from payouts.services.diff import AT_ONCE, PayoutChange, runs_diff, totals_of
from payouts.services.locks import run_lock
from payouts.services.reviews import review_settle, run_review
from payouts.services.runs import REVIEWERS, STARTERS, run_request, run_resume

BOOKS = (Role.COMP_ADMIN, Role.FINANCE, Role.AUDITOR)


TEAM_COLUMNS = (
    part_column("account_team", read=lambda row: str(row.account)),
    part_column("kam"),
    part_column("review", "outcome"),
    part_column("settled", read=lambda row: "yes" if row.settled else ""),
    part_column("kam_incentive", "amount", kind=Kind.MONEY),
    part_column("currency"),
    part_column("pool", "pool__funded", kind=Kind.MONEY),
    part_column("pool_currency", "pool__currency"),
    part_column("pool_state", "pool__status"),
)
CHANGE_COLUMNS = (
    part_column("person", read=lambda row: row[2]),
    part_column("employee_id", read=lambda row: row[0].employee_id),
    part_column("plan", read=lambda row: row[0].plan),
    part_column("before", kind=Kind.MONEY, read=lambda row: row[0].old),
    part_column("now", kind=Kind.MONEY, read=lambda row: row[0].new),
    part_column("change", kind=Kind.MONEY, read=lambda row: row[0].difference),
    part_column("currency", read=lambda row: row[0].currency),
    part_column("why", read=lambda row: "; ".join(row[0].reasons)),
)


def run_url(run: Run) -> str:
    """Return the address of a run's console."""
    return reverse("payouts:run-show", args=[run.pk])


class RunFilter(FilterForm):
    """Runs in a state, or the current ones."""

    status = forms.ChoiceField(label=_("State"), required=False)
    current = forms.BooleanField(label=_("Current only"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = [(value, __(label)) for value, label in RunStatus.choices]
        self.fields["status"].choices = [("", __("All")), *labels]  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the runs of the state chosen."""
        status, current = self.cleaned_data["status"], self.cleaned_data["current"]
        rows = rows.filter(status=status) if status else rows
        return rows.filter(is_current=True) if current else rows


class RunList(TableScreen):
    """All runs, newest period first, and the way to start one."""

    title, file_name, order = _("Period runs"), "runs", "-period"
    template_name = "payouts/run_list.html"
    filter_class = RunFilter
    empty_title = _("No run yet")
    empty_text = _("Start one when a period's results are in.")
    columns = (
        TableColumn(name="period", label=_("Period"), path="period__code", order="period__days", link=run_url),
        TableColumn(name="number", label=_("Run no."), kind=Kind.NUMBER, order="number"),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="people", label=_("People"), kind=Kind.NUMBER, order="people", narrow=False),
        TableColumn(
            name="totals", label=_("Payouts"), narrow=False,
            read=lambda run: ", ".join(f"{amount} {code}" for code, amount in sorted(run.totals.items())),
            show=lambda run: ", ".join(
                money_text(Decimal(amount), code) for code, amount in sorted(run.totals.items())
            ),
        ),
        TableColumn(name="started_by", label=_("Started by"), path="started_by__username", narrow=False),
        TableColumn(
            name="finished_at", label=_("Finished"), kind=Kind.MOMENT, order="finished_at", narrow=False
        ),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the runs with what the list shows of them."""
        _watcher_or_404(self.request)
        return visible(Run.objects.all(), to=viewer_for(self.request)).select_related("period", "started_by")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and the periods that can be run."""
        may = viewer_for(self.request).holds(*STARTERS)
        open_ones = Period.objects.filter(status__in=[PeriodStatus.OPEN, PeriodStatus.COLLECTING])
        return super().get_context_data(
            periods=list(open_ones.order_by("-days")[:12]) if may else [], **kwargs
        )


class RunStart(Screen, View):
    """Start a run of a period, or come to the one that is under way."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for a run."""
        _watcher_or_404(request)
        period = get_object_or_404(Period, pk=_uuid(request.POST.get("period", "")))
        try:
            run = run_request(period=period, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
            return redirect("payouts:run-list")
        return redirect(run_url(run))


class RunScreen(Screen, TemplateResponseMixin, View):
    """A page about one run that the reader may see."""

    @cached_property
    def run(self) -> Run:
        """Return the run, or 404."""
        _watcher_or_404(self.request)
        runs = visible(Run.objects.all(), to=viewer_for(self.request)).select_related(
            "period", "calendar", "started_by", "reviewed_by", "approved_by", "locked_by", "based_on"
        )
        run = runs.filter(pk=self.kwargs["run_id"]).first()
        if run is None:
            raise Http404
        return run

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of runs."""
        return [
            Crumb(label=_("Period runs"), url=reverse("payouts:run-list")),
            Crumb(label=self.run.period.code),
        ]

    def console_context(self) -> dict[str, Any]:
        """Return what the console's templates read."""
        console = run_console(run=self.run, viewer=viewer_for(self.request))
        title = __("%(period)s, run no. %(number)s") % {
            "period": self.run.period.code,
            "number": self.run.number,
        }
        tab = f"{console.percent}% - {title}" if console.is_running else title
        return {"console": console, "run": self.run, "title": title, "tab": tab, "published": SHOWN}


class RunShow(PartFiles, RunScreen):
    """The console: stages, totals, teams, what changed and why, findings, and what comes next."""

    template_name = "payouts/run_show.html"

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx what changed as a file, with ?table= too a table of the page."""
        if file := self.part_file():
            return file
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            if not viewer_for(request).holds(*BOOKS):
                raise Http404
            return write(self._file(), self._about())
        return self.page()

    def page(self, *, status: int = 200, **more: Any) -> HttpResponse:
        """Answer the console; after a refusal with the sentence on top and what was typed."""
        context = self.console_context()
        context |= self._changes(context["console"].before) | self._acts() | more
        return render(self.request, self.template_name, self.get_context_data(**context), status=status)

    def parts(self) -> Parts:
        """Return the tables of the page: its teams, and for who sees the books the payouts that differ."""
        console = run_console(run=self.run, viewer=viewer_for(self.request))
        found: dict[str, tuple[Any, Any]] = {"teams": (TEAM_COLUMNS, console.teams)}
        if self.request.GET.get("table") == "changes":
            found["changes"] = (CHANGE_COLUMNS, self._changes(console.before)["changes"] or ())
        return {
            name: partial(part_sheet, title=name, columns=columns, rows=rows)
            for name, (columns, rows) in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which run the figures are."""
        return {"run": str(self.run), "state": self.run.status, "results": self.run.result_digest}

    def _changes(self, before: Run | None) -> dict[str, Any]:
        asked = self.run.people <= AT_ONCE or self.request.GET.get("changes") == "1"
        if before is None or not before.result_digest or not self.run.result_digest:
            return {"changes": None}
        if not asked:
            return {"changes": None, "changes_wait": True}
        found = list(runs_diff(old=before, new=self.run))
        named = viewer_for(self.request).holds(*BOOKS)
        names = people_names(employee_ids=[each.employee_id for each in found]) if named else {}
        called = fact_names() if named and found else {}
        rows = [
            (_in_words(each, called), *names.get(each.employee_id, (None, each.employee_id)))
            for each in found
        ]
        return {
            "changes": rows if named else [],
            "changed": len(found),
            "changes_total": totals_of(found),
            "changes_named": named,
        }

    def _acts(self) -> dict[str, Any]:
        viewer, me, run = viewer_for(self.request), self.request.user.pk, self.run
        starts, reviews = viewer.holds(*STARTERS), viewer.holds(*REVIEWERS)
        return {
            "may_start": starts
            and run.is_current
            and run.status not in (RunStatus.APPROVED, RunStatus.LOCKED),
            "may_resume": starts
            and run.is_current
            and run.status in (RunStatus.FAILED, RunStatus.WITH_ERRORS),
            "may_review": reviews and run.status == RunStatus.CALCULATED and run.started_by_id != me,
            "may_approve": viewer.holds(Role.FINANCE)
            and run.status == RunStatus.ALLOCATING
            and me not in (run.started_by_id, run.reviewed_by_id),
            "may_lock": viewer.holds(*LOCKERS) and run.status == RunStatus.APPROVED,
            "may_close": viewer.holds(*BOOKS)
            and run.status in (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED),
            "may_settle": reviews and run.status == RunStatus.CALCULATED,
        }

    def _file(self) -> Sheet:
        before = run_console(run=self.run, viewer=viewer_for(self.request)).before
        found = list(runs_diff(old=before, new=self.run)) if before is not None else []
        names = ("employee_id", "plan", "leaf", "account", "before", "now", "currency", "why")
        rows = [row for change in found for row in _change_rows(change)]
        columns = [SheetColumn(name=name, is_text=name not in ("before", "now")) for name in names]
        return Sheet(title="changes", columns=columns, rows=rows, count=len(rows))

    def _about(self) -> dict[str, str]:
        return {
            "title": str(self.run),
            "state": self.run.status,
            "inputs": self.run.input_digest,
            "results": self.run.result_digest,
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


class RunProgressShow(RunScreen):
    """The moving part of a console, for as long as workers are at it."""

    def get(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Answer the part; once the run has ended, tell the page to load itself again."""
        context = self.console_context()
        answer = render(request, "payouts/run_progress.html", context)
        if not context["console"].is_running:
            answer["HX-Refresh"] = "true"
        return answer


class RunAct(RunShow):
    """Resume, review, approve or lock a run, or settle an objection; what is refused is said on the console."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, run_id: UUID, act: str) -> HttpResponse:
        """Do one act and say what came of it."""
        acts: dict[str, Callable[[dict[str, Any]], str]] = {
            "resume": self._resume,
            "review": self._review,
            "approve": self._approve,
            "lock": self._lock,
            "settle": self._settle,
        }
        if act not in acts:
            raise Http404
        try:
            said(request, acts[act]({"by": cast(User, request.user), "at": timezone.now()}))
        except Refusal as refusal:
            self.__dict__.pop("run", None)  # as it stands now, whatever the act had begun
            words, url = worded(refusal), run_url(self.run)
            return self.page(status=422, problem=words, typed=request.POST, page_url=url)
        return redirect(run_url(self.run))

    def _resume(self, who: dict[str, Any]) -> str:
        run_resume(run=self.run, **who)
        return __("Taken up again; what is done stays done.")

    def _review(self, who: dict[str, Any]) -> str:
        run_review(run_id=self.run.pk, **who)
        return __(
            "Reviewed: results and pool funding are fixed, the pools are with the key account managers."
        )

    def _approve(self, who: dict[str, Any]) -> str:
        run_approve(run_id=self.run.pk, **who)
        return __("Approved. It can be locked now.")

    def _lock(self, who: dict[str, Any]) -> str:
        if self.request.POST.get("confirm", "").strip() != self.run.period.code:
            raise PeriodNotNamed(
                __("Type %(period)s to lock it: a locked period is never opened again.")
                % {"period": self.run.period.code}
            )
        run_lock(run_id=self.run.pk, **who)
        return __("%(period)s is locked: postings are made, statements are final.") % {
            "period": self.run.period.code
        }

    def _settle(self, who: dict[str, Any]) -> str:
        account = _uuid(self.request.POST.get("account", ""))
        review_settle(
            run_id=self.run.pk, account_id=account, reason=self.request.POST.get("reason", ""), **who
        )
        return __("Settled with your reason.")


class PeriodNotNamed(Refusal):
    """A lock is confirmed by typing the period's name."""


def _in_words(change: PayoutChange, called: Mapping[str, str]) -> PayoutChange:
    """Return a change whose reasons call metrics and accounts by their names."""
    return replace(change, reasons=tuple(renamed(each, names=called) for each in change.reasons))


def _change_rows(change: PayoutChange) -> list[tuple[Any, ...]]:
    why = "; ".join(change.reasons)
    return [
        (change.employee_id, change.plan, line.leaf, line.account, line.old, line.new, change.currency, why)
        for line in change.lines
    ]


def _watcher_or_404(request: HttpRequest) -> None:
    if request.user.is_authenticated and not WATCHERS & set(viewer_for(request).roles):
        raise Http404


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
