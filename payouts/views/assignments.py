"""
Who is put on a version of a plan: by account and role or one by one, on the plan's terms, or asking for others.

Rules stand in payouts.services.assignments.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic.base import View

from kamcomp.identity.models import User
from kamcomp.pages.amounts import AmountUnreadable, figure_read, signed_read
from kamcomp.pages.screens import Crumb, Screen, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.selectors.assignable import MOST_SHOWN, Assignable, Wanted, assignables, assignables_named
from payouts.services.assignments import ASSIGNERS, Assigned, Chosen, Terms, assignments_make
from payouts.views.desk import desk_or_404
from plans.choices import VersionStatus
from plans.engine.document import plan_from_document
from plans.engine.needs import parameters_needed
from plans.models import PlanVersion
from teams.forms.fields import DayField, RoleField, ShareField
from teams.models import JobRole, StrategicAccount

ALL = "all"


class ValueField(forms.CharField):
    """A personal value as people type it: 0.03 or 3 %."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=24, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        """Return the figure as a decimal, or None where nothing stands there."""
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return figure_read(text, as_share=text.endswith("%"))
        except AmountUnreadable as refusal:
            raise ValidationError(worded(refusal)) from None


class WhoFilter(forms.Form):
    """Whom to show: of an account, in a role, by name; on which day they begin."""

    use_required_attribute = False
    account = forms.ModelChoiceField(
        label=_("Account"), queryset=StrategicAccount.objects.none(), required=False
    )
    role = RoleField(label=_("Role"), queryset=JobRole.objects.none(), required=False)
    q = forms.CharField(label=_("Name or employee number"), required=False, max_length=80)

    def __init__(self, *args: Any, version: PlanVersion, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        accounts = visible(StrategicAccount.objects.select_related("node"), to=viewer).order_by("node__name")
        if version.plan.account_id:
            accounts = accounts.filter(pk=version.plan.account_id)
        for name, rows in (("account", accounts), ("role", JobRole.objects.order_by("name"))):
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.queryset, field.empty_label = rows, __("All")

    def wanted(self) -> Wanted:
        """Return what is asked for; what cannot be read asks for everybody."""
        if not self.is_valid():
            return Wanted()
        account, role = (self.cleaned_data[name] for name in ("account", "role"))
        return Wanted(
            account=account and account.pk, role=role and role.pk, words=self.cleaned_data["q"].strip()
        )


class AssignForm(forms.Form):
    """From when to when, with which personal values; and the other terms that are asked for."""

    use_required_attribute = False
    since = DayField(label=_("From"))
    last_day = DayField(
        label=_("Last day"), required=False, help_text=_("Empty: as long as versions follow each other.")
    )
    share = ShareField(
        label=_("Share of target pay, %"), required=False,
        unread=_("Type the share of target pay in percent: 60."),
        over=_("More than 100 % of the target is a pay package of its own."),
    )  # fmt: skip
    terms_since = DayField(label=_("Other terms from"), required=False)
    terms_last_day = DayField(label=_("Other terms until"), required=False)
    amount = forms.CharField(
        label=_("What it costs for each"), required=False, max_length=24,
        help_text=_("Over the days of the other terms."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    precedent = forms.CharField(
        label=_("Precedent"), required=False, max_length=1000,
        help_text=_("Where the like was allowed before, if it was."),
    )  # fmt: skip

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.version = version
        self.names = _values_read(version)
        for name in self.names:
            words = name.replace("_", " ").capitalize()
            self.fields[f"value:{name}"] = ValueField(label=words)
            self.fields[f"other:{name}"] = ValueField(label=__("%(value)s instead") % {"value": words})

    def usual(self) -> list[BoundField]:
        """Return the fields of the plan's own terms."""
        return [self[name] for name in ("since", "last_day", *(f"value:{each}" for each in self.names))]

    def others(self) -> list[BoundField]:
        """Return the fields of other terms."""
        values = [f"other:{each}" for each in self.names]
        names = ("share", *values, "terms_since", "terms_last_day", "amount", "precedent", "reason")
        return [self[name] for name in names]

    @property
    def asks_for_others(self) -> bool:
        """Tell whether anything of the other terms was typed."""
        return any(str(self.data.get(bound.html_name, "")).strip() for bound in self.others())

    def clean(self) -> dict[str, Any]:
        """Read the amount in the plan's currency, and ask for what other terms cannot do without."""
        typed = super().clean() or {}
        if not self.asks_for_others:
            return typed
        for name in ("amount", "reason"):
            if name not in self.errors and not typed.get(name):
                self.add_error(name, __("Other terms are an exception: say what it costs and why."))
        if typed.get("amount"):
            try:
                typed["amount"] = signed_read(typed["amount"], currency=self.version.currency)
            except AmountUnreadable as refusal:
                self.add_error("amount", worded(refusal))
        if not (typed.get("terms_last_day") or typed.get("last_day") or self.version.span.last):
            self.add_error("terms_last_day", __("Say until when the other terms hold."))
        return typed

    def values(self) -> dict[str, Decimal]:
        """Return the personal values that were typed, by name."""
        return self._named("value")

    def terms(self) -> Terms | None:
        """Return the other terms asked for, if any: over the days of the assignment where no others are said."""
        if not self.asks_for_others:
            return None
        typed = self.cleaned_data
        last: Any = typed["terms_last_day"] or typed["last_day"] or self.version.span.last
        return Terms(
            share=typed["share"], values=self._named("other"),
            since=typed["terms_since"] or typed["since"], last_day=last, amount=typed["amount"],
            reason=typed["reason"], precedent=typed["precedent"],
        )  # fmt: skip

    def _named(self, kind: str) -> dict[str, Decimal]:
        found = {name: self.cleaned_data[f"{kind}:{name}"] for name in self.names}
        return {name: value for name, value in found.items() if value is not None}


def _values_read(version: PlanVersion) -> list[str]:
    """Return the personal values that a version reads, and those that the versions after it do, by name."""
    later = version.plan.versions.filter(
        status=VersionStatus.PUBLISHED, valid__startswith__gt=version.span.since
    )
    documents = [version.document, *later.values_list("document", flat=True)]
    return sorted({name for each in documents for name in parameters_needed(plan_from_document(each))})


class AssignmentsMake(Screen, View):
    """Put people on a published version; ask for other terms for them."""

    @cached_property
    def version(self) -> PlanVersion:
        """Return the version, published, or 404."""
        desk_or_404(self.request, *ASSIGNERS)
        rows = visible(
            PlanVersion.objects.filter(status=VersionStatus.PUBLISHED), to=viewer_for(self.request)
        )
        found = rows.filter(pk=self.kwargs["version_id"]).select_related("plan__account__node").first()
        if found is None:
            raise Http404
        return found

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return which plan it is."""
        return __("Put people on %(plan)s") % {"plan": self.version.plan.name}

    def crumbs(self) -> list[Crumb]:
        """Return the way from the version."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=self.version.plan.name, url=reverse("plans:version-show", args=[self.version.pk])),
        ]

    @property
    def first_day(self) -> date:
        """Return the day from which people are usually put on it: today, or its first day."""
        return max(timezone.localdate(), self.version.span.since)

    def get(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Show who can be put on it."""
        return self.page(AssignForm(version=self.version, initial={"since": self.first_day}))

    def post(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Put them on it, or say why not with all that was ticked and typed."""
        form = AssignForm(request.POST, version=self.version)
        if form.is_valid():
            try:
                made = assignments_make(
                    version_id=self.version.pk, chosen=[_chosen(each) for each in self._ticked()],
                    since=form.cleaned_data["since"], last_day=form.cleaned_data["last_day"],
                    values=form.values(), terms=form.terms(), by=cast(User, request.user), at=timezone.now(),
                )  # fmt: skip
            except Refusal as refusal:
                form.add_error(None, worded(refusal))
            else:
                said(request, _told(made))
                return redirect("payouts:exception-list" if made.exceptions else self.crumbs()[-1].url)
        return self.page(form, status=422)

    def _ticked(self) -> list[Assignable]:
        if self.request.POST.get("act") == ALL:
            return self.shown[:MOST_SHOWN]
        viewer = viewer_for(self.request)
        keys = self.request.POST.getlist("who")[:MOST_SHOWN]
        return assignables_named(version=self.version, on=self.first_day, keys=keys, viewer=viewer)

    @cached_property
    def who(self) -> WhoFilter:
        """Return the filter of the address."""
        return WhoFilter(self.request.GET, version=self.version, viewer=viewer_for(self.request))

    @cached_property
    def shown(self) -> list[Assignable]:
        """Return whom the filter shows."""
        return assignables(
            version=self.version, on=self.first_day, wanted=self.who.wanted(), viewer=viewer_for(self.request)
        )

    def page(self, form: AssignForm, *, status: int = 200) -> HttpResponse:
        """Answer the page."""
        ticked = set(self.request.POST.getlist("who"))
        context = self.get_context_data(
            version=self.version, form=form, who=self.who,
            rows=[(each, each.key in ticked) for each in self.shown[:MOST_SHOWN]],
            more=len(self.shown) > MOST_SHOWN, new=sum(1 for each in self.shown if each.assignment is None),
            back=self.crumbs()[-1].url, open=form.asks_for_others if form.is_bound else False,
        )  # fmt: skip
        return render(self.request, "payouts/assignments_make.html", context, status=status)


def _chosen(row: Assignable) -> Chosen:
    return Chosen(person=row.person, account=row.account, assignment=row.assignment)


def _told(made: Assigned) -> str:
    people = len({each.person_id for each in made.assignments})
    words = [
        ngettext("%(number)s person is on the plan.", "%(number)s people are on the plan.", people)
        % {"number": people}
    ]
    if made.exceptions:
        asked = len(made.exceptions)
        told = ngettext(
            "%(number)s exception waits for review: until it is approved the plan's own terms hold.",
            "%(number)s exceptions wait for review: until they are approved the plan's own terms hold.",
            asked,
        )
        words.append(told % {"number": asked})
    return " ".join(words[1:] if made.exceptions and not people else words)
