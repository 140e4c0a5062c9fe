"""
The designer: a working draft as a sheet of goals, a curve over past results, terms, and the checks beside them.

Every change is kept at once as a step; without a script it is a form and a page. Rules stand in plans.services.drafts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.models import User
from kamcomp.pages.amounts import AmountUnreadable, figure_read
from kamcomp.pages.screens import Crumb, FieldConflict, Screen, conflict_page
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.sentences import ours
from kamcomp.visibility import viewer_for
from plans.checks.rule import RULES
from plans.choices import DraftStatus
from plans.engine.codec import DocumentInvalid, read
from plans.engine.document import spelled_out
from plans.engine.edits import Edit, add_at, edited, remove_at, set_at
from plans.engine.places import PlaceUnread, places_at, record_at, value_of
from plans.engine.plan import Plan as PlanTerms
from plans.forms import number_shown
from plans.models import Draft
from plans.selectors.drafts import DraftLook, draft_look, drafts_listed, plan_before
from plans.services.drafts import (
    DESIGNERS,
    DraftChanged,
    NothingChanged,
    document_at,
    draft_change,
    draft_redo,
    draft_undo,
    draft_waive,
)
from plans.views.design.acts import Posted, act_edits, posted_read, whole_edits
from plans.views.design.blocks import SET, Block, Editor, Metrics
from plans.views.design.found import finding_named, found_list
from plans.views.design.plot import Plot, curve_of, plot
from plans.views.design.sheet import Example, example_of, goal_sheet
from plans.views.design.told import name_told, steps_told, text_now, whole_points
from plans.views.design.typed import metrics_offered
from plans.views.plans import READERS
from plans.views.words import field_words

TABS = (("design", _("Design")), ("pool", _("Team pool")), ("terms", _("Terms")), ("steps", _("Steps")))
IN_THE_SHEET = frozenset({"curve", "weight"})
PRESET_WORDS = {
    "straight": _("Straight from 80 to 120%"),
    "accelerated": _("Accelerated above target"),
    "proportional": _("In proportion from nothing"),
    "renewal": _("Narrow, for renewals"),
    "steps": _("In steps"),
    "all_or_nothing": _("All or nothing at target"),
}
HEAD = frozenset(
    {"pay", "target_incentive", "proration", "incentive", "commissions", "payout_cap", "pool", "payment"}
)


class DraftScreen(Screen, TemplateResponseMixin, View):
    """A page about one working draft that the reader may see."""

    @cached_property
    def draft(self) -> Draft:
        """Return the draft, or 404."""
        return self.draft_now()

    def draft_now(self) -> Draft:
        """Return the draft as it is stored now, or 404."""
        viewer = viewer_for(self.request)
        if self.request.user.is_authenticated and not viewer.holds(*READERS):
            raise Http404
        rows = drafts_listed(viewer=viewer).select_related("based_on__plan", "calendar", "account__node")
        found = rows.filter(pk=self.kwargs["draft_id"]).first()
        if found is None:
            raise Http404
        return found

    @property
    def may_edit(self) -> bool:
        """Tell whether the reader designs plans and the draft is being edited."""
        return self.draft.status == DraftStatus.EDITING and viewer_for(self.request).holds(*DESIGNERS)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of plans."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Drafts"), url=reverse("plans:draft-list")),
            Crumb(label=self.draft.name),
        ]


def draft_url(draft: Draft, **query: str) -> str:
    """Return the address of a draft, with what is open there."""
    said = {name: value for name, value in query.items() if value}
    return reverse("plans:draft-design", args=[draft.pk]) + (f"?{urlencode(said)}" if said else "")


class DraftDesign(DraftScreen):
    """The designer of one draft."""

    template_name = "plans/design.html"

    def get(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Show it."""
        return self.answer(self.draft)

    def post(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        """Keep what was typed, do what the button says, and answer the sheet."""
        if not self.may_edit and not request.POST.get("act", "").startswith("waive:"):
            raise Http404
        draft, act = self.draft, request.POST.get("act", "save")
        who: dict[str, Any] = {"by": cast(User, request.user), "at": timezone.now()}
        try:
            seen = int(request.POST.get("step", ""))
        except ValueError:
            seen = draft.step
        base = document_at(draft=draft, seen=min(seen, draft.step))
        posted = posted_read(data=request.POST, base=base, editor=Editor(document=base, metrics=self.metrics))
        if posted.errors:
            return self.answer(draft, posted=posted, status=422)
        now = draft
        try:
            now = self._act(draft, act, base, posted, seen, who)
        except DraftChanged as changed:
            return self.conflict(changed, base, posted)
        except NothingChanged:
            pass
        except DocumentInvalid as invalid:
            for error in invalid.errors:
                posted.errors.setdefault(f"{SET}{error.pointer}", worded(ours(error.detail)))
            return self.answer(self.draft_now(), posted=posted, problem=str(invalid), status=422)
        except Refusal as refusal:
            return self.answer(self.draft_now(), posted=posted, problem=worded(refusal), status=422)
        return self.answer(now) if request.headers.get("HX-Request") else self.led(now)

    def led(self, draft: Draft) -> HttpResponse:
        """Lead back to what was open."""
        answer = HttpResponse(status=303)
        answer["Location"] = draft_url(draft, **self.view_state(draft))
        return answer

    def _act(
        self,
        draft: Draft,
        act: str,
        base: Mapping[str, Any],
        posted: Posted,
        seen: int,
        who: dict[str, Any],
    ) -> Draft:
        """Make the one service call of a button, with what was typed beside it; return the draft as it is then."""
        kind, _colon, rest = act.partition(":")
        if kind == "waive":
            rule, _gap, about = rest.partition(":")
            reason = self.request.POST.get(f"reason:{rest}", "")
            draft_waive(draft_id=draft.pk, rule=rule, reason=reason, about=about, **who)
            return self.draft_now()
        edits = list(posted.edits)
        if kind in ("undo", "redo") and not edits:
            return _with_rows_of(
                draft, (draft_undo if kind == "undo" else draft_redo)(draft_id=draft.pk, **who)
            )
        if kind not in ("save", "undo", "redo", ""):
            # What a button does is done to the draft as it is now, with what was typed laid over it.
            typed_over, _back = edited(document=draft.document, edits=edits)
            if kind == "fix":
                edits += self._fix(draft, rest)
            else:
                edits += act_edits(act=act, data=self.request.POST, document=typed_over)
            if kind not in ("blank", "put"):
                seen = seen if posted.edits else draft.step
        if not edits:
            raise NothingChanged(__("Nothing was changed."))
        edits = whole_edits(document=draft.document, edits=edits)
        return _with_rows_of(draft, draft_change(draft_id=draft.pk, edits=edits, seen=seen, **who))

    def _fix(self, draft: Draft, rest: str) -> list[Edit]:
        rule, _colon, number = rest.partition(":")
        found = finding_named(look=self.look(draft), rule=rule, number=number)
        if found is None or found.fix is None:
            raise NothingChanged(__("Nothing was changed."))
        return fix_edits(found.fix)

    @cached_property
    def metrics(self) -> Metrics:
        """Return the metrics the reader may choose from."""
        return metrics_offered(viewer=viewer_for(self.request))

    def look(self, draft: Draft) -> DraftLook:
        """Return what the checks find today; a change is looked at beside the facts read when it was opened."""
        posted = self.request.method == "POST"
        return draft_look(draft=draft, on=timezone.localdate(), at=timezone.now(), held=posted)

    # What is open ---------------------------------------------------------------------------------------------

    def view_state(self, draft: Draft) -> dict[str, str]:
        """Return what is open: the tab, the part, the result and the yearly pay that are tried."""
        data: QueryDict = self.request.POST if self.request.method == "POST" else self.request.GET
        tab = data.get("tab", "design")
        return {
            "tab": tab if tab in dict(TABS) else "design",
            "at": _part_open(draft.document, data.get("at", "")),
            "probe": data.get("probe", "")[:20],
            "total": data.get("total", "")[:24],
            "all": rule if (rule := data.get("all", "")) in RULES else "",
        }

    def answer(
        self, draft: Draft, *, posted: Posted | None = None, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """Answer the sheet: the whole page, or only the sheet for htmx."""
        context = self.sheet(draft, posted or Posted(), problem)
        if self.request.headers.get("HX-Request") and self.request.method == "POST":
            answer = render(self.request, "plans/design_sheet.html", context, status=status)
            answer["HX-Trigger-After-Settle"] = "draft-changed"
            return answer
        return render(self.request, self.template_name, self.get_context_data(**context), status=status)

    def sheet(self, draft: Draft, posted: Posted, problem: str) -> dict[str, Any]:
        """Return everything the sheet shows."""
        state, look = self.view_state(draft), self.look(draft)
        editor = Editor(
            document=draft.document, metrics=self.metrics, typed=posted.typed, errors=posted.errors
        )
        terms = look.picture.plan if look.picture else read(PlanTerms, spelled_out(draft.document))
        example = example_of(plan=terms, look=look, total=_typed(state["total"], share=False))
        context = {
            "draft": draft,
            "title": draft.name,
            "state": state,
            "tabs": [(value, words, draft_url(draft, tab=value, at=state["at"])) for value, words in TABS],
            "terms": terms,
            "may_edit": self.may_edit,
            "example": example,
            "problem": problem,
            "refused": bool(posted.errors),
            "found": found_list(look=look, viewer=viewer_for(self.request), whole=state["all"]),
            "cost": look.cost,
            "sheet": goal_sheet(plan=terms, editor=editor, example=example, selected=state["at"]),
        }
        return context | self._tab(draft, state, editor, look, example)

    def _tab(
        self, draft: Draft, state: dict[str, str], editor: Editor, look: DraftLook, example: Example
    ) -> dict[str, Any]:
        if state["tab"] == "pool":
            pool = draft.document.get("pool")
            return {"blocks": [editor.block("/pool")] if pool else []}
        if state["tab"] == "terms":
            blocks = [editor.block("", skip=HEAD)]
            for key in ("pay", "target_incentive", "proration", "payment"):
                blocks.append(editor.block(f"/{key}", title=field_words(key, "Plan")))
            blocks.append(self._cap_block(editor))
            return {"blocks": blocks}
        if state["tab"] == "steps":
            return {"steps": steps_told(draft)}
        part = value_of(draft.document, state["at"]) or {}
        curve = curve_of(part.get("curve"))
        context: dict[str, Any] = {
            "blocks": [editor.block(state["at"], skip=IN_THE_SHEET, title=part.get("name", ""))],
            "part": part,
            "curve": editor.block(f"{state['at']}/curve") if part.get("curve") else None,
            "has_children": "children" in part,
            "presets": list(PRESET_WORDS.items()),
        }
        if curve is not None:
            context |= self._curve(draft, state, part, look, example)
            dots, rows = context["plot"].dots, context["curve"].points
            context["grips"] = list(zip(dots, rows, strict=True)) if len(dots) == len(rows) else []
        return context

    def _cap_block(self, editor: Editor) -> Block:
        others = frozenset(place.key for place in places_at(document=editor.document, at="")) - {"payout_cap"}
        return editor.block("", skip=others, title=field_words("payout_cap", "Plan"))

    def _curve(
        self, draft: Draft, state: dict[str, str], part: Mapping[str, Any], look: DraftLook, example: Example
    ) -> dict[str, Any]:
        of_target = part["reads"] == "attainment"
        past = look.past(part["metric"]) if of_target else ()
        probe = _typed(state["probe"], share=True)
        if probe is None and of_target:
            probe = Decimal("1.08")
        curve = curve_of(part["curve"])
        if curve is None:
            return {}
        drawn: Plot = plot(
            curve, before=_curve_before(draft, part["code"]), past=past, probe=probe, of_target=of_target
        )
        at_target = example.period * Decimal(part["weight"])
        return {
            "plot": drawn,
            "of_target": of_target,
            "at_target": at_target,
            "probe_pays": drawn.probe.pays * at_target if drawn.probe else None,
            "probe_text": number_shown(str(probe), share=True) if probe is not None else "",
        }

    def conflict(self, changed: DraftChanged, base: Mapping[str, Any], posted: Posted) -> HttpResponse:
        """Answer mine beside theirs; what was typed is carried along."""
        now = self.draft_now()
        state = self.view_state(now)
        carried = {"step": str(now.step), "act": "save", **state} | posted.typed
        editors = (
            Editor(document=base, metrics=self.metrics),
            Editor(document=now.document, metrics=self.metrics),
        )
        carried = whole_points(carried, editors[1])
        answer = conflict_page(
            self.request,
            what=__("The plan changed while you worked on it"),
            sentence=str(changed),
            fields=[
                FieldConflict(
                    label=name_told(now.document, name),
                    name=name,
                    before=text_now(name, editors[0]),
                    mine=text,
                    theirs=text_now(name, editors[1]),
                )
                for name, text in posted.typed.items()
            ],
            back=draft_url(now, **state),
            keep=draft_url(now),
            carried=carried,
        )
        if self.request.headers.get("HX-Request"):
            answer.status_code = 422
            answer["HX-Retarget"], answer["HX-Reswap"] = "#content", "innerHTML"
            answer["HX-Reselect"] = "#content > *"
        return answer


def fix_edits(fix: Any) -> list[Edit]:
    """Return the mend that a finding proposes as edits."""
    found = []
    for change in fix.changes:
        if change.taken:
            found.append(remove_at(change.at))
        elif change.at.endswith("/-"):
            found.append(add_at(change.at, change.value))
        else:
            found.append(set_at(change.at, change.value))
    return found


def _part_open(document: Mapping[str, Any], at: str) -> str:
    """Return the part that is open: the one asked for if it is there, else the first goal."""
    if at.startswith(("/incentive", "/commissions/")):
        try:
            record_at(document=document, at=at)
        except PlaceUnread:
            pass
        else:
            return at
    place, at = document["incentive"], "/incentive"
    while place.get("children"):
        place, at = place["children"][0], f"{at}/children/0"
    return at


def _typed(text: str, *, share: bool) -> Decimal | None:
    try:
        return figure_read(text, as_share=share) if text.strip() else None
    except AmountUnreadable:
        return None


def _with_rows_of(was: Draft, now: Draft) -> Draft:
    """Return a draft as an act left it, with the rows around it that were read before: they do not change."""
    for name in ("plan", "based_on", "calendar", "account", "version", "created_by"):
        setattr(now, name, getattr(was, name))
    return now


def _curve_before(draft: Draft, code: str) -> Any:
    before = plan_before(draft=draft)
    node = _coded(before["incentive"], code) if before else None
    return curve_of(node.get("curve")) if node and node.get("curve") else None


def _coded(node: Mapping[str, Any], code: str) -> Mapping[str, Any] | None:
    for child in node.get("children") or ():
        found = child if child.get("code") == code else _coded(child, code)
        if found is not None:
            return found
    return None
