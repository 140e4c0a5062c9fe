"""
Two versions of plans in money: what each person would be paid by the one and by the other on the same locked periods.

A working draft may stand for the later, under its id, which is that of the version it becomes.

It stands beside the comparison in words (plans/views/compare.py) for whoever may see replays.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.identity.models import User
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.tables import Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.models import ReplayPerson
from payouts.selectors.replays.compared import (
    Compared,
    people_compared,
    replays_alike,
    replays_compared,
)
from payouts.services.replay_jobs import REPLAYS, replays_request
from payouts.services.replays import REPLAYERS, USUAL_PERIODS
from payouts.views.desk import desk_or_404
from payouts.views.replays import GAIN, PAYEE_COLUMNS, READERS, PayeeFilter, ReplayAsk
from plans.engine.codec import DocumentInvalid
from plans.models import Draft, PlanVersion, Replay
from plans.selectors.drafts import draft_as_version, drafts_listed


class ChangeFilter(PayeeFilter):
    """People by name, and those who gain or lose by the later version; the address keeps which versions."""

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people that pass."""
        who = self.cleaned_data["who"]
        rows = self.named(rows)
        if not who:
            return rows
        return rows.filter(change__gt=0) if who == GAIN else rows.filter(change__lt=0)


class CompareAsk(ReplayAsk):
    """How many of the last locked periods, and whose people: of both plans unless one is chosen."""

    def __init__(self, *args: Any, pair: tuple[PlanVersion, PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, version=pair[1], **kwargs)
        field: Any = self.fields["people_of"]
        codes = {each.plan.code: each.plan.name for each in pair if not each.plan._state.adding}
        own = [("", __("of both plans"))] if len(codes) > 1 else []
        every = [choice for choice in field.choices if choice[0] == "*"]
        others = [choice for choice in field.choices if choice[0] not in ("", "*", *codes)]
        field.choices = [*own, *codes.items(), *every, *others]


class ReplayCompare(PartFiles, TableScreen):
    """Two versions side by side in money, with everybody the reader may see."""

    template_name, file_name, order = "payouts/replay_compare.html", "compared", "change"
    title = _("Two versions in money")
    draft: Draft | None = None
    """The working draft that stands for the later version, once the pair was read."""
    filter_class = ChangeFilter
    empty_title = _("Nobody to show")
    empty_text = _("Of whom a plan pays you see those whose pay you may see.")
    columns = (
        *PAYEE_COLUMNS,
        TableColumn(name="paid", label=_("Was paid"), kind=Kind.MONEY, order="paid", total=True, narrow=False),
        TableColumn(name="under_before", label=_("By the earlier"), kind=Kind.MONEY, order="under_before", total=True),
        TableColumn(name="replayed", label=_("By the later"), kind=Kind.MONEY, order="replayed", total=True),
        TableColumn(name="change", label=_("Difference"), kind=Kind.MONEY, order="change", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency", narrow=False),
    )  # fmt: skip

    @cached_property
    def pair(self) -> tuple[PlanVersion, PlanVersion]:
        """Return the two versions that the address names, or 404."""
        desk_or_404(self.request, *READERS)
        asked = self.kwargs["before_id"], self.kwargs["version_id"]
        rows = visible(PlanVersion.objects.filter(pk__in=asked), to=viewer_for(self.request))
        found = {each.pk: each for each in rows.select_related("plan__calendar")}
        if asked[1] not in found and (draft := self.draft_named()) is not None:
            with suppress(DocumentInvalid):
                self.draft, found[asked[1]] = draft, draft_as_version(draft=draft)
        if set(asked) - set(found):
            raise Http404
        return found[asked[0]], found[asked[1]]

    def draft_named(self) -> Draft | None:
        """Return the working draft that the address names for the later version, if it does."""
        rows = drafts_listed(viewer=viewer_for(self.request)).filter(
            pk=self.kwargs["version_id"], version=None
        )
        return rows.select_related("plan__calendar", "calendar", "account").first()

    @cached_property
    def replays(self) -> tuple[Replay, Replay] | None:
        """Return the newest two replays of them that stand on the same past, if there are."""
        return replays_alike(before=self.pair[0], after=self.pair[1], viewer=viewer_for(self.request))

    @cached_property
    def compared(self) -> Compared | None:
        """Return their sums side by side, as the reader may see them."""
        if self.replays is None:
            return None
        before, after = self.replays
        return replays_compared(before=before, after=after, viewer=viewer_for(self.request))

    def crumbs(self) -> list[Crumb]:
        """Return the way from the comparison in words."""
        address = f"{reverse('plans:version-compare')}?a={self.pair[0].pk}&b={self.pair[1].pk}"
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Compare two versions"), url=address),
        ]

    def rows(self) -> QuerySet[Any]:
        """Return the people of both replays whom the reader may see."""
        if self.replays is None:
            return ReplayPerson.objects.none().annotate(under_before=F("replayed"), change=F("difference"))
        rows = visible(
            people_compared(before=self.replays[0], after=self.replays[1]), to=viewer_for(self.request)
        )
        return rows.select_related("person__details")

    def parts(self) -> Parts:
        """Return the pools by account, where sums may be seen."""
        compared = self.compared
        if compared is None or compared.few:
            return {}
        columns = [
            part_column("account", "name"), part_column("by_the_earlier", "paid", kind=Kind.NUMBER),
            part_column("by_the_later", "replayed", kind=Kind.NUMBER), part_column("difference", kind=Kind.NUMBER),
        ]  # fmt: skip
        return {"pools": lambda: part_sheet(title="pools", columns=columns, rows=compared.pools)}

    def part_facts(self) -> dict[str, str]:
        """Return what the About sheet of a part says."""
        return self.facts()

    def facts(self) -> dict[str, str]:
        """Return which documents were compared on which periods."""
        if self.replays is None:
            return {}
        before, after = self.replays
        return {
            "before": f"{self.pair[0]}", "before document": before.version_digest,
            "after": f"{self.pair[1]}", "after document": after.version_digest,
            "periods": ", ".join(after.periods), "people of": ", ".join(after.people_of),
        }  # fmt: skip

    def jobs(self) -> list[Job]:
        """Return the replays of the two under way, and what failed after the newest that are kept."""
        rows = Job.objects.filter(
            kind=REPLAYS.name, subject_table__in=[PlanVersion._meta.db_table, Draft._meta.db_table],
            subject_id__in=[str(each.pk) for each in self.pair],
        )  # fmt: skip
        newest = max(each.at for each in self.replays) if self.replays else None
        waiting = visible(rows.exclude(status=JobStatus.DONE), to=viewer_for(self.request))
        return [each for each in waiting.order_by("created_at") if newest is None or each.created_at > newest]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the page, or one of its tables as a file."""
        return self.part_file() or super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the sums, the people, and the form that replays both."""
        context = {
            "pair": self.pair,
            "draft": self.draft,
            "compared": self.compared,
            "form": CompareAsk(pair=self.pair),
            "jobs": self.jobs(),
            "may_replay": viewer_for(self.request).holds(*REPLAYERS),
        }
        return super().get_context_data(**(context | kwargs))

    def post(self, request: HttpRequest, **_kwargs: UUID) -> HttpResponse:
        """Replay both and show what came of it, say that it is being done, or say why not."""
        desk_or_404(request, *REPLAYERS)
        form = CompareAsk(request.POST, pair=self.pair)
        if form.is_valid():
            before, after = self.pair
            try:
                made = replays_request(
                    subjects=(before, self.draft or after), periods=form.cleaned_data["periods"] or USUAL_PERIODS,
                    people_of=form.plans(), by=cast(User, request.user), at=timezone.now(),
                )  # fmt: skip
            except DocumentInvalid:
                form.add_error(
                    None, __("The draft does not hold yet: its page says where. Nothing was replayed.")
                )
            except Refusal as refusal:
                form.add_error(None, worded(refusal))
            else:
                is_done = all(isinstance(each, Replay) for each in made)
                said(
                    request,
                    __("Replayed both. The figures below are kept as they are.")
                    if is_done
                    else __("Both are being replayed; you can leave this page."),
                )
                return redirect(request.path)
        answer = self.render_to_response(self.get_context_data(form=form))
        answer.status_code = 422
        return answer
