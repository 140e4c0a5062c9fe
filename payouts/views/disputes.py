"""
Disputes and questions in the browser: opened from the statement, answered on the trace of what they are about.

Rules stand in payouts.services.disputes. The list is one for all: who answers sees every case,
a payee their own.
"""

from __future__ import annotations

from collections.abc import Callable
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

from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, Screen, led, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.choices import DisputeKind, DisputeStatus
from payouts.forms import CaseAnswer, CaseOpening
from payouts.models import Adjustment, Allocation, Dispute, Payout, PayoutLine
from payouts.models.cases import UNANSWERED
from payouts.selectors.disputes import (
    ANSWERERS,
    Subject,
    disputes_read,
    disputes_to_answer,
    line_named,
    subject_of,
)
from payouts.selectors.names import person_name, user_name
from payouts.selectors.rederived import payout_explain
from payouts.services.adjustments import AdjustmentAmountUnsound
from payouts.services.disputes import (
    DisputeAnswered,
    dispute_close,
    dispute_open,
    dispute_reject,
    dispute_take,
    dispute_uphold,
    dispute_write,
)


def dispute_url(dispute: Dispute) -> str:
    """Return the address of a case."""
    return reverse("payouts:dispute-show", args=[dispute.pk])


def about_words(dispute: Dispute) -> str:
    """Return what a case is about, in a few words and without asking for more than its row."""
    if dispute.payout is not None:
        return f"{dispute.payout.plan_version.plan}"
    if dispute.allocation is not None:
        return __("Share of the pool of %(account)s") % {"account": dispute.allocation.pool.account}
    return __(dispute.about.get_kind_display()) if dispute.about else ""


class DisputeFilter(FilterForm):
    """Cases of a kind, in a state, or those that wait for me."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    status = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in (("kind", DisputeKind), ("status", DisputeStatus)):
            offered = [(value, __(str(label))) for value, label in words.choices]
            cast(forms.ChoiceField, self.fields[name]).choices = [("", __("All")), *offered]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the cases that were asked for."""
        chosen = {name: self.cleaned_data[name] for name in ("kind", "status") if self.cleaned_data[name]}
        return rows.filter(**chosen)


class DisputeList(TableScreen):
    """The cases a reader may see, those due first at the top."""

    title, file_name, order = _("Disputes and questions"), "disputes", "-number"
    template_name = "payouts/dispute_list.html"
    filter_class = DisputeFilter
    empty_title = _("No question and no dispute")
    empty_text = _("A payee opens one from a line of their statement.")
    columns = (
        TableColumn(name="number", label=_("No."), kind=Kind.NUMBER, order="number", link=dispute_url),
        TableColumn(name="person", label=_("Payee"), read=lambda row: person_name(row.person), link=dispute_url),
        TableColumn(name="period", label=_("Period"), path="period__code", order="period__days"),
        TableColumn(name="about", label=_("About"), read=about_words, narrow=False),
        TableColumn(name="kind", label=_("Kind"), order="kind", narrow=False,
                    read=lambda row: __(row.get_kind_display())),
        TableColumn(name="claimed", label=_("Claimed"), kind=Kind.MONEY, order="claimed", total=True, narrow=False),
        TableColumn(name="currency", label=_("Currency"), order="currency", narrow=False),
        TableColumn(name="due_on", label=_("Answer due"), kind=Kind.DAY, order="due_on"),
        TableColumn(name="assigned_to", label=_("With"), read=lambda row: user_name(row.assigned_to), narrow=False),
        TableColumn(name="status", label=_("State"), kind=Kind.STATUS, order="status"),
    )  # fmt: skip

    def rows(self) -> QuerySet[Any]:
        """Return the cases with what the list shows of them."""
        return visible(disputes_read(Dispute.objects.all()), to=viewer_for(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the list, and how many wait for the reader, and how many are late."""
        today = timezone.localdate()
        answers = viewer_for(self.request).holds(*ANSWERERS)
        mine = disputes_to_answer(user=cast(User, self.request.user), answers=answers)
        waiting = list(mine.values_list("due_on", flat=True))
        late = sum(1 for due in waiting if due < today)
        return super().get_context_data(waits_for_me=len(waiting), late=late, **kwargs)


class DisputeScreen(Screen, TemplateResponseMixin, View):
    """A page about one case that the reader may see."""

    template_name = "payouts/dispute_show.html"

    @cached_property
    def dispute(self) -> Dispute:
        """Return the case, or 404."""
        return self._dispute()

    def _dispute(self) -> Dispute:
        rows = visible(disputes_read(Dispute.objects.all()), to=viewer_for(self.request))
        dispute = rows.filter(pk=self.kwargs["dispute_id"]).first()
        if dispute is None:
            raise Http404
        return dispute

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Disputes and questions"), url=reverse("payouts:dispute-list")),
            Crumb(label=f"{self.dispute.number}"),
        ]

    def page(self, *, status: int = 200, **more: Any) -> HttpResponse:
        """Answer the case as it is now."""
        dispute, me = self._dispute(), cast(User, self.request.user)
        subject = subject_of(dispute=dispute)
        own = dispute.person.user_id == me.pk
        answers = viewer_for(self.request).holds(*ANSWERERS) and me.pk not in subject.apart
        waits = dispute.status in UNANSWERED
        steps, problem_steps = self._trace(subject)
        context = {
            "dispute": dispute,
            "subject": subject,
            "who": person_name(dispute.person),
            "what": line_named(line=subject.line, payout=subject.payout)
            if subject.line is not None and subject.payout is not None
            else about_words(dispute),
            "steps": steps,
            "problem_steps": problem_steps,
            "own": own,
            "messages_written": dispute.messages.select_related("by").order_by("at", "pk"),
            "may_answer": answers and waits,
            "may_take": answers and dispute.status == DisputeStatus.OPEN,
            "may_write": (own or answers) and dispute.status != DisputeStatus.CLOSED,
            "may_close": (own or answers) and not waits and dispute.status != DisputeStatus.CLOSED,
            "apart": me.pk in subject.apart and not own and viewer_for(self.request).holds(*ANSWERERS),
            "days_left": (dispute.due_on - timezone.localdate()).days,
            "days_late": (timezone.localdate() - dispute.due_on).days,
            "form": CaseAnswer(currency=dispute.currency),
            "title": f"{__(dispute.get_kind_display())} {dispute.number}",
        }
        answer = self.get_context_data(**context | more)
        return render(self.request, self.template_name, answer, status=status)

    def _trace(self, subject: Subject) -> tuple[list[dict[str, Any]], str]:
        """Return the steps of the payout that the line belongs to, or why they cannot be shown."""
        if subject.payout is None:
            return [], ""
        try:
            return payout_explain(payout=subject.payout).steps, ""
        except Refusal as refusal:
            return [], worded(refusal)


class DisputeShow(DisputeScreen):
    """One case: the trace of what it is about, the thread, the clock, and what comes next."""

    def get(self, request: HttpRequest, dispute_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page()


class DisputeAct(DisputeScreen):
    """Take up, write, uphold, reject or answer, close."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, dispute_id: UUID, act: str) -> HttpResponse:
        """Do one act; a refusal comes back on the page with everything that was typed."""
        acts: dict[str, Callable[[dict[str, Any]], str]] = {
            "take": self._take,
            "write": self._write,
            "uphold": self._answer,
            "reject": self._answer,
            "close": self._close,
        }
        if act not in acts:
            raise Http404
        who = {"dispute_id": self.dispute.pk, "by": cast(User, request.user), "at": timezone.now()}
        form = CaseAnswer(request.POST, currency=self.dispute.currency)
        typed = {"text": request.POST.get("text", "")}
        try:
            words = acts[act](who)
        except DisputeAnswered as refusal:
            return self.page(status=409, problem=worded(refusal), meanwhile=True, typed=typed, form=form)
        except Refusal as refusal:
            return self.page(status=422, problem=worded(refusal), typed=typed, form=self._kept(form, act))
        except forms.ValidationError:
            return self.page(status=422, typed=typed, form=form)
        said(request, words)
        return redirect(dispute_url(self.dispute))

    def _kept(self, form: CaseAnswer, act: str) -> CaseAnswer:
        return form if act in ("uphold", "reject") else CaseAnswer(currency=self.dispute.currency)

    def _take(self, who: dict[str, Any]) -> str:
        dispute_take(**who)
        return __("It is with you now.")

    def _write(self, who: dict[str, Any]) -> str:
        dispute_write(text=self.request.POST.get("text", "")[:2000], **who)
        return __("Written.")

    def _answer(self, who: dict[str, Any]) -> str:
        form = CaseAnswer(self.request.POST, currency=self.dispute.currency)
        if not form.is_valid():
            raise forms.ValidationError("")
        typed = form.cleaned_data
        if self.kwargs["act"] == "reject":
            dispute_reject(answer=typed["answer"], **who)
            return __("Answered.")
        if typed["amount"] is None:
            raise AdjustmentAmountUnsound(__("Say the amount: upholding proposes an adjustment."))
        dispute_uphold(
            answer=typed["answer"], amount=typed["amount"], facts_follow=typed["facts_follow"], **who
        )
        return __("Upheld: somebody else decides on the adjustment.")

    def _close(self, who: dict[str, Any]) -> str:
        dispute_close(**who)
        return __("Closed.")


class CaseOpen(FormScreen, TemplateResponseMixin, View):
    """Ask about, or dispute, one thing on one's own statement: a dialog, or a page without scripts."""

    template_name = "payouts/dispute_open.html"
    title = _("Ask or dispute")

    @cached_property
    def subject(self) -> Subject:
        """Return what it is about, or 404 where it is not the reader's own."""
        subject = self.subject_or_none()
        if subject is None or subject.person.user_id != self.request.user.pk:
            raise Http404
        return subject

    def subject_or_none(self) -> Subject | None:
        """Return what the address names, if the reader may see it."""
        raise NotImplementedError

    def period_code(self) -> str:
        """Return the period of the statement it stands on."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Open the case, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> CaseOpening:  # type: ignore[override]
        """Return the form in the currency of what it is about."""
        sent = self.request.POST if self.request.method == "POST" else None
        return CaseOpening(sent, currency=self.subject.currency)

    def acted(self, form: Any) -> HttpResponse:
        """Open it and lead to it."""
        typed = form.cleaned_data
        dispute = dispute_open(
            subject=self.subject,
            kind=DisputeKind(typed["kind"]),
            claim=typed["claim"],
            claimed=typed["claimed"],
            by=cast(User, self.request.user),
            at=timezone.now(),
        )
        said(
            self.request,
            __("Sent: it is with %(who)s.") % {"who": user_name(dispute.assigned_to) or __("finance")},
        )
        return led(self.request, dispute_url(dispute))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what it is about."""
        subject = self.subject
        back = reverse("payouts:statement-show", args=[subject.person.pk, self.period_code()])
        return super().get_context_data(subject=subject, what=self.what(), back=back, **kwargs)

    def what(self) -> str:
        """Return what the statement calls it."""
        return ""


class LineDispute(CaseOpen):
    """About a line of a payout."""

    def subject_or_none(self) -> Subject | None:
        """Return the line."""
        payouts = visible(Payout.objects.all(), to=viewer_for(self.request)).filter(run__is_current=True)
        payout = payouts.select_related("run__period", "person", "plan_version__plan", "period").filter(
            pk=self.kwargs["payout_id"]
        )
        found = payout.first()
        lines = visible(PayoutLine.objects.all(), to=viewer_for(self.request)).select_related("account__node")
        line = lines.filter(payout=found, number=self.kwargs["number"]).first() if found else None
        return Subject(payout=found, line=line) if found and line else None

    def period_code(self) -> str:
        """Return the payout's period."""
        return self.subject.payout.period.code  # type: ignore[union-attr]

    def what(self) -> str:
        """Return the goal's name."""
        return line_named(line=cast(PayoutLine, self.subject.line), payout=cast(Payout, self.subject.payout))


class ShareDispute(CaseOpen):
    """About a share of a pool."""

    def subject_or_none(self) -> Subject | None:
        """Return the share."""
        shares = visible(Allocation.objects.filter(amount__isnull=False), to=viewer_for(self.request))
        share = shares.select_related(
            "person", "pool__period", "pool__run__period", "pool__allocator", "pool__account__node"
        ).filter(pk=self.kwargs["allocation_id"])
        found = share.first()
        return Subject(share=found) if found else None

    def period_code(self) -> str:
        """Return the pool's period."""
        return self.subject.share.pool.period.code  # type: ignore[union-attr]

    def what(self) -> str:
        """Return whose pool."""
        share = cast(Allocation, self.subject.share)
        return __("Share of the pool of %(account)s") % {"account": share.pool.account}


class AdjustmentDispute(CaseOpen):
    """About an adjustment."""

    def subject_or_none(self) -> Subject | None:
        """Return the adjustment, if it is a person's."""
        rows = visible(Adjustment.objects.filter(person__isnull=False), to=viewer_for(self.request))
        found = (
            rows.select_related("person", "period", "run__period")
            .filter(pk=self.kwargs["adjustment_id"])
            .first()
        )
        return Subject(about=found) if found else None

    def period_code(self) -> str:
        """Return the adjustment's period."""
        return self.subject.about.period.code  # type: ignore[union-attr]

    def what(self) -> str:
        """Return what kind of adjustment."""
        return __(cast(Adjustment, self.subject.about).get_kind_display())
