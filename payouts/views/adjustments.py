"""
Adjustments in the browser: the register, a proposal from the row of a payout, and the second person's decision.

Rules stand in payouts.services.adjustments. Of two who decide at the same moment one wins;
the other is shown what was decided meanwhile and by whom, with their own words kept.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.pages.figures import money_text
from kamcomp.pages.screens import Crumb, FormScreen, Screen, led, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import AdjustmentKind, AdjustmentStatus
from payouts.forms import LONGEST_REASON, AdjustmentProposal
from payouts.models import Adjustment, Payout, PayoutLine
from payouts.selectors.adjustments import NoOpenPeriod, adjustments_to_decide, open_period
from payouts.selectors.disputes import line_named
from payouts.selectors.names import person_name, user_name
from payouts.selectors.statements import SHOWN
from payouts.services.adjustments import (
    DECIDERS,
    PROPOSERS,
    AdjustmentDecided,
    Corrects,
    adjustment_approve,
    adjustment_propose,
    adjustment_reject,
)


def adjustment_url(adjustment: Adjustment) -> str:
    """Return the address of an adjustment."""
    return reverse("payouts:adjustment-show", args=[adjustment.pk])


def _receiver(adjustment: Adjustment) -> str:
    return person_name(adjustment.person) if adjustment.person else str(adjustment.pool or "")


class AdjustmentFilter(FilterForm):
    """Adjustments of a period, in a state, of a kind."""

    period = forms.ChoiceField(label=_("Period"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = (
            Period.objects.filter(adjustments__isnull=False).order_by("-days").values_list("code", flat=True)
        )
        choices: dict[str, list[tuple[str, str]]] = {
            "period": [(code, code) for code in dict.fromkeys(codes)],
            "status": [(value, __(label)) for value, label in AdjustmentStatus.choices],
            "kind": [(value, __(label)) for value, label in AdjustmentKind.choices],
        }
        for name, offered in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [("", __("All")), *offered]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the adjustments that were asked for."""
        asked = {"period__code": "period", "status": "status", "kind": "kind"}
        chosen = {path: self.cleaned_data[name] for path, name in asked.items() if self.cleaned_data[name]}
        return rows.filter(**chosen)


class AdjustmentList(TableScreen):
    """All adjustments that the reader may see, newest first."""

    title, file_name, order = _("Adjustments"), "adjustments", "-created_at"
    template_name = "payouts/adjustment_list.html"
    filter_class = AdjustmentFilter
    empty_title = _("No adjustment")
    empty_text = _(
        "One is proposed from the row of a payout, by a dispute that is upheld, or by a late fact."
    )
    columns = (
        TableColumn(name="receiver", label=_("For"), read=_receiver, link=adjustment_url),
        TableColumn(name="period", label=_("Paid in"), path="period__code", order="period__days"),
        TableColumn(name="kind", label=_("Kind"), order="kind", narrow=False,
                    read=lambda row: __(row.get_kind_display())),
        TableColumn(name="amount", label=_("Amount"), kind=Kind.MONEY, order="amount", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency"),
        TableColumn(name="corrects", label=_("Corrects"), path="corrects_period__code", narrow=False,
                    order="corrects_period__days"),
        TableColumn(name="reason", label=_("Reason"), narrow=False, read=lambda row: worded(row.why)),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
        TableColumn(name="proposed_by", label=_("Proposed by"), narrow=False,
                    read=lambda row: user_name(row.proposed_by)),
        TableColumn(name="decided_by", label=_("Decided by"), narrow=False,
                    read=lambda row: user_name(row.decided_by)),
        TableColumn(name="created_at", label=_("Proposed"), kind=Kind.DAY, order="created_at", narrow=False,
                    read=lambda row: timezone.localdate(row.created_at)),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the adjustments with what the list shows of them."""
        return visible(Adjustment.objects.all(), to=viewer_for(self.request)).select_related(
            "person__details", "pool__account__node", "pool__period", "period", "corrects_period",
            "proposed_by", "decided_by",
        )  # fmt: skip

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and what of it waits for the reader."""
        waiting = visible(
            adjustments_to_decide(user=cast(User, self.request.user)), to=viewer_for(self.request)
        )
        may = viewer_for(self.request).holds(*DECIDERS)
        return super().get_context_data(waits_for_me=waiting.count() if may else 0, **kwargs)


class AdjustmentScreen(Screen, TemplateResponseMixin, View):
    """A page about one adjustment that the reader may see."""

    template_name = "payouts/adjustment_show.html"

    @cached_property
    def adjustment(self) -> Adjustment:
        """Return the adjustment, or 404."""
        return self._adjustment()

    def _adjustment(self) -> Adjustment:
        rows = visible(Adjustment.objects.all(), to=viewer_for(self.request)).select_related(
            "person__details", "pool__account__node", "pool__period", "period", "corrects_period",
            "corrects_payout__plan_version__plan", "proposed_by", "decided_by", "run__period",
        )  # fmt: skip
        adjustment = rows.filter(pk=self.kwargs["adjustment_id"]).first()
        if adjustment is None:
            raise Http404
        return adjustment

    def crumbs(self) -> list[Crumb]:
        """Return the way from the register."""
        return [
            Crumb(label=_("Adjustments"), url=reverse("payouts:adjustment-list")),
            Crumb(label=_receiver(self.adjustment)),
        ]

    def page_context(self, adjustment: Adjustment, **more: Any) -> dict[str, Any]:
        """Return what the page shows of an adjustment."""
        me = cast(User, self.request.user)
        may = viewer_for(self.request).holds(*DECIDERS)
        waits = adjustment.status == AdjustmentStatus.PROPOSED
        payout, line = adjustment.corrects_payout, None
        if payout is not None and adjustment.corrects_line:
            lines = visible(PayoutLine.objects.select_related("account__node"), to=viewer_for(self.request))
            line = lines.filter(payout=payout, number=adjustment.corrects_line).first()
        return self.get_context_data(
            adjustment=adjustment,
            line=line,
            line_name=line_named(line=line, payout=payout) if line is not None and payout is not None else "",
            receiver=_receiver(adjustment),
            may_decide=may and waits and adjustments_to_decide(user=me).filter(pk=adjustment.pk).exists(),
            mine=adjustment.proposed_by_id == me.pk,
            title=__("Adjustment for %(receiver)s") % {"receiver": _receiver(adjustment)},
            longest=LONGEST_REASON,
            **more,
        )


class AdjustmentShow(AdjustmentScreen):
    """One adjustment: what it corrects, why, who proposed it, who decided."""

    def get(self, request: HttpRequest, adjustment_id: UUID) -> HttpResponse:
        """Show it."""
        return render(request, self.template_name, self.page_context(self.adjustment))


class AdjustmentDecide(AdjustmentScreen):
    """Approve an adjustment, or reject it with a reason."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, adjustment_id: UUID) -> HttpResponse:
        """Decide; who comes second sees what was decided, and keeps what they typed."""
        who: dict[str, Any] = {"by": cast(User, request.user), "at": timezone.now()}
        reason = request.POST.get("reason", "")[:LONGEST_REASON]
        receiver = _receiver(self.adjustment)
        try:
            if request.POST.get("act") == "approve":
                adjustment_approve(adjustment_id=self.adjustment.pk, **who)
                said(
                    request, __("Approved: it is paid with %(period)s.") % {"period": self.adjustment.period}
                )
            else:
                adjustment_reject(adjustment_id=self.adjustment.pk, reason=reason, **who)
                said(
                    request,
                    __("Rejected; %(who)s reads why.") % {"who": user_name(self.adjustment.proposed_by)},
                )
        except AdjustmentDecided:
            context = self.page_context(self._adjustment(), decided_meanwhile=True, typed=reason)
            return render(request, self.template_name, context, status=409)
        except Refusal as refusal:
            context = self.page_context(self._adjustment(), problem=worded(refusal), typed=reason)
            return render(request, self.template_name, context | {"receiver": receiver}, status=422)
        return redirect(adjustment_url(self.adjustment))


class AdjustmentPropose(FormScreen, TemplateResponseMixin, View):
    """Propose an adjustment from the row of a payout: one dialog, or a page of its own without scripts."""

    template_name = "payouts/adjustment_propose.html"
    title = _("Propose an adjustment")

    @cached_property
    def payout(self) -> Payout:
        """Return the payout, or 404 where there is none to see or nothing to propose."""
        payouts = visible(Payout.objects.all(), to=viewer_for(self.request)).select_related(
            "person__details", "period__calendar", "plan_version__plan", "run__period"
        )
        payout = payouts.filter(
            pk=self.kwargs["payout_id"], run__is_current=True, run__status__in=SHOWN
        ).first()
        if payout is None or not viewer_for(self.request).holds(*PROPOSERS):
            raise Http404
        return payout

    @cached_property
    def line(self) -> PayoutLine | None:
        """Return the line that was asked for, if there is one."""
        asked = self.request.GET.get("line", "")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 5):
            return None
        lines = PayoutLine.objects.filter(payout=self.payout, number=int(asked))
        return visible(lines, to=viewer_for(self.request)).select_related("account__node").first()

    @cached_property
    def goes_to(self) -> Period | None:
        """Return the open period it will be paid in, None where there is none."""
        try:
            return open_period(calendar=self.payout.period.calendar)
        except NoOpenPeriod:
            return None

    def get(self, request: HttpRequest, payout_id: UUID) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest, payout_id: UUID) -> HttpResponse:
        """Propose, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> AdjustmentProposal:  # type: ignore[override]
        """Return the form in the payout's currency."""
        sent = self.request.POST if self.request.method == "POST" else None
        return AdjustmentProposal(sent, currency=self.payout.currency)

    def acted(self, form: Any) -> HttpResponse:
        """Propose it into the open period."""
        payout = self.payout
        adjustment = adjustment_propose(
            period=open_period(calendar=payout.period.calendar),
            kind=AdjustmentKind(form.cleaned_data["kind"]),
            amount=form.cleaned_data["amount"],
            currency=payout.currency,
            reason=form.cleaned_data["reason"],
            person=payout.person,
            plan_version=payout.plan_version,
            corrects=Corrects(
                period=payout.period, payout=payout, line=self.line.number if self.line else None
            ),
            by=cast(User, self.request.user),
            at=timezone.now(),
        )
        words = __("Proposed: %(amount)s for %(person)s. Somebody else decides.") % {
            "amount": money_text(adjustment.amount, adjustment.currency, signed=True),
            "person": person_name(payout.person),
        }
        said(self.request, words)
        return led(self.request, adjustment_url(adjustment))

    def crumbs(self) -> list[Crumb]:
        """Return the way back to the statement."""
        back = reverse("payouts:statement-show", args=[self.payout.person_id, self.payout.period.code])
        return [Crumb(label=person_name(self.payout.person), url=back), Crumb(label=self.payout.period.code)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what is adjusted, and where it goes."""
        return super().get_context_data(
            payout=self.payout,
            line=self.line,
            line_name=line_named(line=self.line, payout=self.payout) if self.line else "",
            goes_to=self.goes_to,
            who=person_name(self.payout.person),
            **kwargs,
        )
