"""
A payee's statement in the browser: the list of periods, the statement, the proof of one payout, the rows behind a line.

The statement of somebody else is there for who may see their payouts; for everybody else it is not there.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.identity.viewing import is_looking
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.exports.statement_pdf import share_funding, statement_pdf
from payouts.models import Payout, PayoutLine, StatementReading
from payouts.selectors.disputes import statement_cases
from payouts.selectors.rederived import payout_explain
from payouts.selectors.statements import SHOWN, Statement, statement, statement_periods
from payouts.services.adjustments import PROPOSERS
from payouts.services.readings import statement_read
from scorecards.selectors.sources import PNL, SALES, nodes_below, source_kind, source_pnl, source_sales
from teams.models import Person


class StatementList(Screen, View):
    """The reader's newest statement, or that there is none yet."""

    title = _("My statement")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead to the newest statement of the reader."""
        user = cast(User, request.user)
        person = Person.objects.filter(user=user).first()
        newest = None
        if person is not None:
            newest = statement_periods(person_id=person.pk, viewer=viewer_for(request)).first()
        if person is None or newest is None:
            return render(request, "payouts/statement_none.html", self.get_context_data(person=person))
        return redirect("payouts:statement-show", person_id=person.pk, period=newest.code)


class StatementShow(Screen, TemplateResponseMixin, View):
    """One person's statement of one period."""

    template_name = "payouts/statement_show.html"

    def get(self, request: HttpRequest, person_id: UUID, period: str) -> HttpResponseBase:
        """Show the statement, or with ?format=pdf as a document, csv or xlsx its lines as a file."""
        viewer = viewer_for(request)
        person = Person.objects.select_related("details").filter(pk=person_id).first()
        periods = list(statement_periods(person_id=person_id, viewer=viewer)) if person else []
        of = next((each for each in periods if each.code == period), None)
        shown = statement(person=person, period=of, viewer=viewer) if person and of else None
        if shown is None:
            raise Http404
        if request.GET.get("format") == "pdf":
            return self._pdf(shown)
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            return write(_file(shown), self._about(shown))
        own = shown.person.user_id == request.user.pk
        context = self.get_context_data(
            reading=self._read(shown, own=own),
            statement=shown,
            periods=periods,
            own=own,
            funded={share.pk: share_funding(share) for share in shown.shares},
            cases=statement_cases(person=shown.person, period_id=shown.period.pk, viewer=viewer),
            may_adjust=viewer.holds(*PROPOSERS) and not own,
            title=__("Statement, %(period)s") % {"period": shown.period.code},
            crumbs=[
                Crumb(
                    label=_("My statements") if own else _("Statements"),
                    url=reverse("payouts:statement-list"),
                ),
                Crumb(label=shown.period.code),
            ],
        )
        return render(request, self.template_name, context)

    def _pdf(self, shown: Statement) -> HttpResponse:
        answer = HttpResponse(statement_pdf(shown), content_type="application/pdf")
        name = f"statement-{shown.person.employee_id}-{shown.period.code}.pdf"
        answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
        return answer

    def _read(self, shown: Statement, *, own: bool) -> StatementReading | None:
        """Return the receipt of the statement; the person themselves leaves it, not who looks as them."""
        readings = StatementReading.objects.filter(person=shown.person, period=shown.period)
        reading = visible(readings, to=viewer_for(self.request)).first()
        if reading is not None or not own or is_looking(self.request):
            return reading
        return statement_read(
            person_id=shown.person.pk,
            period_id=shown.period.pk,
            by=cast(User, self.request.user),
            at=timezone.now(),
        )

    def _about(self, shown: Statement) -> dict[str, str]:
        return {
            "title": f"{shown.name}, {shown.period.code}",
            "state": shown.run.status,
            "run": str(shown.run),
            "results": shown.run.result_digest,
            "inputs": shown.run.input_digest,
            "made at": timezone.now().isoformat(timespec="seconds"),
            "made by": self.request.user.get_username(),
        }


class PayoutScreen(Screen, View):
    """A page about one payout that the reader may see."""

    @cached_property
    def payout(self) -> Payout:
        """Return the payout, or 404."""
        payouts = visible(Payout.objects.all(), to=viewer_for(self.request))
        payout = (
            payouts.filter(run__status__in=SHOWN, run__is_current=True)
            .select_related("run", "person__details", "period", "plan_version__plan")
            .filter(pk=self.kwargs["payout_id"])
            .first()
        )
        if payout is None:
            raise Http404
        return payout

    def crumbs(self) -> list[Crumb]:
        """Return the way back to the statement."""
        back = reverse("payouts:statement-show", args=[self.payout.person_id, self.payout.period.code])
        return [Crumb(label=_("Statement"), url=back), Crumb(label=str(self.payout.plan_version.plan))]


class PayoutProof(PayoutScreen, TemplateResponseMixin):
    """A payout worked out again from the inputs its run kept, step by step, and whether it is equal."""

    template_name = "payouts/payout_proof.html"

    def get(self, request: HttpRequest, payout_id: UUID) -> HttpResponse:
        """Work it out again and show every step."""
        explanation, problem = None, ""
        try:
            explanation = payout_explain(payout=self.payout)
        except Refusal as refusal:
            problem = worded(refusal)
        context = self.get_context_data(
            payout=self.payout,
            explanation=explanation,
            problem=problem,
            title=__("Every step, %(period)s") % {"period": self.payout.period.code},
        )
        return render(request, self.template_name, context)


class LineRows(PayoutScreen, TableScreen):
    """The rows of the company's systems behind one line, as the run knew them."""

    title, file_name, order = _("Rows behind the result"), "rows", "date"
    sales_columns = (
        TableColumn(name="date", label=_("Date"), kind=Kind.DAY, order="date"),
        TableColumn(name="source_id", label=_("Document"), order="source_id"),
        TableColumn(name="line", label=_("Line"), kind=Kind.NUMBER, narrow=False),
        TableColumn(name="node", label=_("Site"), path="node__name", order="node__name", narrow=False),
        TableColumn(name="revenue", label=_("Revenue"), kind=Kind.MONEY, order="revenue", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="file", label=_("File"), path="batch__filename", narrow=False),
    )
    pnl_columns = (
        TableColumn(
            name="date", label=_("From"), kind=Kind.DAY, read=lambda row: row.days.lower, order="days"
        ),
        TableColumn(name="node", label=_("Site"), path="node__name", order="node__name"),
        TableColumn(
            name="revenue", label=_("Revenue"), kind=Kind.MONEY, order="revenue", narrow=False, total=True
        ),
        TableColumn(
            name="contribution", label=_("Contribution"), kind=Kind.MONEY, order="contribution", total=True
        ),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="file", label=_("File"), path="batch__filename", narrow=False),
    )
    empty_title = _("No rows")

    @cached_property
    def line(self) -> PayoutLine:
        """Return the line, or 404 where its rows are not ones that are listed."""
        lines = PayoutLine.objects.filter(payout=self.payout, number=self.kwargs["number"])
        line = lines.select_related("account").first()
        if line is None or line.account is None or source_kind(metric=line.metric) not in (SALES, PNL):
            raise Http404
        return line

    @property
    def columns(self) -> Any:  # type: ignore[override]
        """Return the columns of the kind of rows."""
        return self.sales_columns if source_kind(metric=self.line.metric) == SALES else self.pnl_columns

    def rows(self) -> QuerySet[Any]:
        """Return the rows of the account's tree in the period, as known to the run."""
        read = source_sales if source_kind(metric=self.line.metric) == SALES else source_pnl
        account = self.line.account
        nodes = nodes_below(node_id=account.node_id) if account else []
        rows = read(nodes=nodes, period=self.payout.period, known_at=self.payout.run.known_at)
        return rows.select_related("node", "batch")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the rows of a line that is there."""
        self.order = "date"
        return super().get(request, *args, **kwargs) if self.line else HttpResponse(status=404)


FILE_COLUMNS = (
    ("block", True), ("what", True), ("account", True), ("target", False), ("result", False), ("of_target", False),
    ("pays", False), ("weight", False), ("at_target", False), ("amount", False), ("currency", True), ("why", True),
)  # fmt: skip


def _file(shown: Statement) -> Sheet:
    rows: list[tuple[Any, ...]] = []
    for plan in shown.plans:
        for each in plan.lines:
            line = each.line
            rows.append(
                (
                    line.pay_element, each.name, str(line.account or ""), line.target, line.actual, line.attainment,
                    line.payout_ratio, line.weight, each.at_target, line.amount, plan.payout.currency, "",
                )
            )  # fmt: skip
    for share in shown.shares:
        account = str(share.pool.account)
        rows.append(
            ("pool", share.role.name, account, *[None] * 6, share.amount, share.pool.currency, share.reason)
        )
    for each_adjustment in shown.adjustments:
        rows.append(
            (
                each_adjustment.kind, str(each_adjustment.corrects_period or ""), "", *[None] * 6,
                each_adjustment.amount, each_adjustment.currency, each_adjustment.reason,
            )
        )  # fmt: skip
    rows += [("converted", "", "", *[None] * 6, amount, code, "") for code, amount in shown.converted.items()]
    rows += [("owed", "", "", *[None] * 6, amount, code, "") for code, amount in shown.owes.items()]
    columns = [SheetColumn(name=name, is_text=is_text) for name, is_text in FILE_COLUMNS]
    return Sheet(title="statement", columns=columns, rows=rows, count=len(rows))
