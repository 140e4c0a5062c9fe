"""
Two versions of plans beside each other, in words: what is new, what is gone, what became another value.

Any two versions a reader may see can be held against each other, a working draft against a version, or one against the
account managers' plan, with the reason why a key account plan differs in each element. The address says which, so that
a comparison can be sent to somebody. The words are those of plans/views/differences.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.visibility import viewer_for, visible
from plans.choices import DraftStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_from_document
from plans.models import Draft, PlanVersion
from plans.selectors.drafts import draft_as_version, drafts_listed
from plans.selectors.elements import account_manager_version, elements_beside
from plans.templates_library import account_manager_template
from plans.views.differences import Change, changes_in_words
from plans.views.plans import reader_or_404
from plans.views.propose.words import ElementCard, element_cards
from scorecards.models import Metric

ACCOUNT_MANAGERS = "account-managers"
"""What the address says for the account managers' plan."""
COLUMNS = ("goal", "part", "what", "before", "after")


@dataclass(frozen=True, kw_only=True)
class Side:
    """
    One of the two: its name and document.

    `version` is what a draft would become where it is one, and none where it is the usual account managers' plan.
    """

    name: str
    document: Mapping[str, Any]
    version: PlanVersion | None


class Compared(forms.Form):
    """
    Which two: the earlier version and the later, or a working draft.

    The account managers' plan may stand for the earlier.
    """

    use_required_attribute = False
    a = forms.ChoiceField(label=_("Before"))
    b = forms.ChoiceField(label=_("After"))

    def __init__(
        self, *args: Any, versions: Sequence[PlanVersion], drafts: Sequence[Draft], **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        choices: list[tuple[str, Any]] = [("", __("Choose a version"))]
        for plan, found in groupby(versions, key=lambda version: version.plan):
            choices.append((plan.name, [(str(version.pk), str(version)) for version in found]))
        managers = (ACCOUNT_MANAGERS, __("The account managers' plan"))
        self.fields["a"].choices = [choices[0], managers, *choices[1:]]  # type: ignore[attr-defined]
        working = [(__("Drafts"), [(str(each.pk), _draft_name(each)) for each in drafts])] if drafts else []
        self.fields["b"].choices = [choices[0], *working, *choices[1:]]  # type: ignore[attr-defined]


class VersionCompare(PartFiles, Screen, TemplateResponseMixin, View):
    """What the later of two versions says differently, goal by goal."""

    template_name = "plans/version_compare.html"
    title = _("Compare two versions")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of plans."""
        return [Crumb(label=_("Plans"), url=reverse("plans:plan-list")), Crumb(label=self.title)]

    @cached_property
    def form(self) -> Compared:
        """Return the choice of versions; unbound while nothing is chosen."""
        versions = visible(PlanVersion.objects.all(), to=viewer_for(self.request)).select_related("plan")
        asked = self.request.GET if {"a", "b"} & set(self.request.GET) else None
        return Compared(
            asked,
            versions=list(versions.order_by("plan__name", "plan_id", "-number")),
            drafts=list(self.drafts.values()),
        )

    @cached_property
    def drafts(self) -> dict[str, Draft]:
        """Return the working drafts the reader may see, by id."""
        rows = drafts_listed(viewer=viewer_for(self.request)).filter(status=DraftStatus.EDITING)
        found = rows.select_related("plan__calendar", "calendar", "account").order_by("name", "-changed_at")
        return {str(each.pk): each for each in found}

    @cached_property
    def pair(self) -> tuple[Side, Side] | None:
        """Return the two sides chosen; None while there are not two."""
        if not (self.form.is_bound and self.form.is_valid()):
            return None
        one, other = (self.form.cleaned_data[name] for name in ("a", "b"))
        asked = {one, other} - {ACCOUNT_MANAGERS, *self.drafts}
        rows = PlanVersion.objects.filter(pk__in=asked).select_related("plan")
        found = {str(each.pk): _side(each) for each in rows}
        later = _draft_side(self.drafts[other]) if other in self.drafts else found[other]
        return self.managers if one == ACCOUNT_MANAGERS else found[one], later

    @cached_property
    def managers(self) -> Side:
        """Return the account managers' plan: the company's own, else the usual one."""
        version = account_manager_version(on=timezone.localdate())
        if version is not None:
            return _side(version)
        name = __("Usual account manager")
        return Side(name=name, document=account_manager_template(), version=None)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the page, or with ?format=csv or xlsx one of its tables as a file."""
        reader_or_404(request)
        unread, changes = self.compared
        part = self.part_file()
        if part is not None:
            return part
        write = SHEETS.get(request.GET.get("format", ""))
        if write is not None and self.pair is not None:
            return write(_sheet(changes), self.part_facts())
        return self._page(request, unread, changes)

    def parts(self) -> Parts:
        """Return the elements beside the account managers' plan, where they are compared."""
        if not self.elements:
            return {}
        columns = [part_column(name) for name in ("element", "theirs", "ours", "why")]
        rows = [
            {"element": each.label, "theirs": each.theirs, "ours": each.ours, "why": each.why}
            for each in self.elements
        ]
        return {"elements": lambda: part_sheet(title="elements", columns=columns, rows=rows)}

    def part_facts(self) -> dict[str, str]:
        """Return which two are compared."""
        return {"before": self.pair[0].name, "after": self.pair[1].name} if self.pair else {}

    @cached_property
    def elements(self) -> list[ElementCard]:
        """Return each element of a key account plan beside the account managers' plan; none for two versions."""
        if self.pair is None or self.form.cleaned_data["a"] != ACCOUNT_MANAGERS or self.compared[0]:
            return []
        theirs, ours = self.pair
        rows = elements_beside(document=ours.document, theirs=theirs.document)
        return element_cards(rows=rows, ticked=())

    def _page(self, request: HttpRequest, unread: Side | None, changes: list[Change]) -> HttpResponse:
        groups = [(owner, list(found)) for owner, found in groupby(changes, key=lambda change: change.owner)]
        context = self.get_context_data(
            form=self.form, pair=self.pair, unread=unread, groups=groups, count=len(changes),
            elements=self.elements, apart=sum(1 for each in self.elements if each.differs),
        )  # fmt: skip
        return render(request, self.template_name, context)

    @cached_property
    def compared(self) -> tuple[Side | None, list[Change]]:
        """Return a side whose document does not hold yet, if there is one, else what differs."""
        if self.pair is None:
            return None, []
        terms = []
        for side in self.pair:
            if side is self.pair[1] and side.version is None:
                return side, []
            try:
                terms.append(plan_from_document(side.document))
            except DocumentInvalid:
                return side, []
        metrics = dict(Metric.objects.values_list("code", "name"))
        return None, changes_in_words(before=terms[0], after=terms[1], metrics=metrics)


def _side(version: PlanVersion) -> Side:
    return Side(name=str(version), document=version.document, version=version)


def _draft_name(draft: Draft) -> str:
    return __("%(draft)s (draft)") % {"draft": draft.name}


def _draft_side(draft: Draft) -> Side:
    """Return a working draft as the version it would become; one that ends before it starts becomes none."""
    try:
        version = draft_as_version(draft=draft)
    except DocumentInvalid:
        version = None
    return Side(name=_draft_name(draft), document=draft.document, version=version)


def _sheet(changes: Sequence[Change]) -> Sheet:
    rows = [(each.owner, each.inside, each.what, each.before, each.after) for each in changes]
    columns = [SheetColumn(name=name) for name in COLUMNS]
    return Sheet(title="differences", columns=columns, rows=rows, count=len(rows))
