"""A plan version on the past: replay it, what it would have cost, who would have gained and who would have lost."""

from __future__ import annotations

from functools import partial
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.models import ReplayPerson
from payouts.selectors.names import person_name
from payouts.selectors.replays.shown import GROUND, HEIGHT, WIDTH, ReplayPage, replay_page, replays_of
from payouts.services.replay_jobs import REPLAYS, replay_request
from payouts.services.replays import REPLAYERS, USUAL_PERIODS
from payouts.views.desk import DraftBecomes, desk_or_404
from plans.choices import ReplayKind
from plans.models import Draft, Plan, PlanVersion, Replay
from plans.selectors.drafts import draft_as_version, drafts_listed

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
MOST_PERIODS = 12
GAIN, LOSE = "gain", "lose"
SUM_COLUMNS = (
    part_column("of", read=lambda row: __(row.name)),
    part_column("paid", kind=Kind.MONEY),
    part_column("replayed", kind=Kind.MONEY),
    part_column("difference", kind=Kind.MONEY),
)


class ReplayAsk(forms.Form):
    """How many of the last locked periods, and whose people."""

    use_required_attribute = False
    periods = forms.TypedChoiceField(label=_("Locked periods"), coerce=int, required=False)
    people_of = forms.ChoiceField(label=_("Whose people"), required=False)

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        numbers = [
            (each, __("the last %(number)s") % {"number": each}) for each in range(1, MOST_PERIODS + 1)
        ]
        self.fields["periods"].choices = numbers  # type: ignore[attr-defined]
        self.fields["periods"].initial = USUAL_PERIODS
        plans = Plan.objects.filter(calendar_id=version.plan.calendar_id).order_by("name")
        own = [("", __("of this plan"))]
        others = [(plan.code, plan.name) for plan in plans if plan.pk != version.plan_id]
        every = [("*", __("of all plans"))] if others else []
        self.fields["people_of"].choices = [*own, *every, *others]  # type: ignore[attr-defined]
        self.codes = [plan.code for plan in plans]

    def plans(self) -> list[str]:
        """Return the codes of the plans chosen; none are the version's own."""
        chosen = self.cleaned_data["people_of"]
        return self.codes if chosen == "*" else [chosen] if chosen else []


class PayeeFilter(FilterForm):
    """People by name, and those who gain or lose."""

    q = forms.CharField(label=_("Name or employee number"), required=False, max_length=80)
    who = forms.ChoiceField(label=_("Who"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [("", __("All")), (GAIN, __("Who would gain")), (LOSE, __("Who would lose"))]
        self.fields["who"].choices = shown  # type: ignore[attr-defined]

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people that pass."""
        who = self.cleaned_data["who"]
        rows = self.named(rows)
        if not who:
            return rows
        return rows.filter(difference__gt=0) if who == GAIN else rows.filter(difference__lt=0)

    def named(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the people whose name or number has what was typed."""
        words = self.cleaned_data["q"].strip()
        is_so = Q(person__employee_id__icontains=words) | Q(person__details__legal_name__icontains=words)
        return rows.filter(is_so) if words else rows


class VersionReplays(TableScreen):
    """The newest replay of a version of one kind, or an earlier one, with everybody the reader may see."""

    kind = ReplayKind.PLAN

    @cached_property
    def version(self) -> PlanVersion:
        """Return the version, or 404."""
        desk_or_404(self.request, *READERS)
        rows = visible(PlanVersion.objects.all(), to=viewer_for(self.request))
        found = (
            rows.filter(pk=self.kwargs["version_id"])
            .select_related("plan__calendar", "plan__account")
            .first()
        )
        if found is None:
            raise Http404
        return found

    @cached_property
    def replays(self) -> list[Replay]:
        """Return the replays of the version, newest first."""
        found = replays_of(version=self.version, viewer=viewer_for(self.request), kind=self.kind)
        return list(found[:20])

    @cached_property
    def replay(self) -> Replay | None:
        """Return the replay that is asked for, or the newest; None if there is none yet."""
        asked = self.request.GET.get("replay", "")
        if not asked:
            return self.replays[0] if self.replays else None
        found = next((each for each in self.replays if str(each.pk) == asked), None)
        if found is None:
            raise Http404
        return found

    @property
    def subject(self) -> PlanVersion | Draft:
        """Return what is replayed: the stored version."""
        return self.version

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of plans."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=self.version.plan.name, url=reverse("plans:version-show", args=[self.version.pk])),
        ]

    def rows(self) -> QuerySet[Any]:
        """Return the people of the replay whom the reader may see."""
        rows = visible(ReplayPerson.objects.filter(replay=self.replay), to=viewer_for(self.request))
        return rows.select_related("person__details")

    def facts(self) -> dict[str, str]:
        """Return what was replayed, and the digests of it."""
        if self.replay is None:
            return {}
        return {
            "plan": f"{self.version}", "document": self.replay.version_digest,
            "periods": ", ".join(self.replay.periods), "results": self.replay.result_digest,
        }  # fmt: skip

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the replay that is shown, and the others."""
        may = viewer_for(self.request).holds(*REPLAYERS)
        context = {"version": self.version, "replay": self.replay, "replays": self.replays, "may_replay": may}
        return super().get_context_data(**(context | kwargs))


PAYEE_COLUMNS = (
    TableColumn(name="name", label=_("Person"), order="person__details__legal_name",
                read=lambda row: person_name(row.person)),
    TableColumn(name="employee_id", label=_("Number"), path="person__employee_id", narrow=False,
                order="person__employee_id"),
    TableColumn(name="account", label=_("Account"), order="account", narrow=False),
)  # fmt: skip
"""Who is paid by what is replayed, before the amounts."""


class ReplayShow(PartFiles, VersionReplays):
    """The newest replay of a version, or one of its earlier ones, with everybody the reader may see."""

    template_name, file_name, order = "payouts/replay_show.html", "replay", "difference"
    filter_class = PayeeFilter
    empty_title = _("Nobody to show")
    empty_text = _("Of whom a plan pays you see those whose pay you may see.")
    columns = (
        *PAYEE_COLUMNS,
        TableColumn(name="target", label=_("Target pay"), kind=Kind.MONEY, order="target", total=True, narrow=False),
        TableColumn(name="paid", label=_("Was paid"), kind=Kind.MONEY, order="paid", total=True),
        TableColumn(name="replayed", label=_("Would be paid"), kind=Kind.MONEY, order="replayed", total=True),
        TableColumn(name="difference", label=_("Difference"), kind=Kind.MONEY, order="difference", total=True),
        TableColumn(name="currency", label=_("Currency"), order="currency", narrow=False),
    )  # fmt: skip

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return whose past it is."""
        return __("Replay of %(plan)s") % {"plan": self.version.plan.name}

    @cached_property
    def page(self) -> ReplayPage | None:
        """Return the figures beside the people, as far as the reader may see them; None before the first replay."""
        if self.replay is None:
            return None
        return replay_page(replay=self.replay, version=self.version, viewer=viewer_for(self.request))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the page, its people as a file, or with ?table= one of its sums."""
        return self.part_file() or super().get(request, *args, **kwargs)

    def parts(self) -> Parts:
        """Return the sums by period, measure and pool, where the reader sees them."""
        page = self.page
        if page is None or page.few:
            return {}
        found = {"periods": page.periods, "measures": page.measures, "pools": page.pools}
        return {
            name: partial(part_sheet, title=name, columns=SUM_COLUMNS, rows=rows)
            for name, rows in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return which replay it is."""
        return self.facts() | {"currency": self.replay.currency} if self.replay else {}

    def job(self) -> Job | None:
        """Return the replay under way, or the last one if it failed after the newest that is kept."""
        rows = Job.objects.filter(
            kind=REPLAYS.name, subject_table=self.subject._meta.db_table, subject_id=str(self.subject.pk)
        )
        found = visible(rows, to=viewer_for(self.request)).order_by("-created_at").first()
        if found is None or found.status == JobStatus.DONE:
            return None
        newest = self.replays[0].at if self.replays else None
        return None if found.ended and newest and newest > found.created_at else found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the replay, the form that makes another, and the list of people."""
        context = {
            "page": self.page,
            "form": ReplayAsk(version=self.version),
            "job": self.job(),
            "plot": {"width": WIDTH, "height": HEIGHT, "ground": GROUND, "words": GROUND + 18},
        }
        return super().get_context_data(**(context | kwargs))

    def post(self, request: HttpRequest, **_kwargs: UUID) -> HttpResponse:
        """Replay it and show what came of it, say that it is being done, or say why not."""
        desk_or_404(request, *REPLAYERS)
        form = ReplayAsk(request.POST, version=self.version)
        if form.is_valid():
            try:
                made = replay_request(
                    subject=self.subject, periods=form.cleaned_data["periods"] or USUAL_PERIODS,
                    people_of=form.plans(), by=cast(User, request.user), at=timezone.now(),
                )  # fmt: skip
            except Refusal as refusal:
                form.add_error(None, worded(refusal))
            else:
                if isinstance(made, Replay):
                    said(request, __("Replayed. The figures below are kept as they are."))
                else:
                    said(request, __("It is being replayed; you can leave this page."))
                return redirect(request.path)
        answer = self.render_to_response(self.get_context_data(form=form))
        answer.status_code = 422
        return answer


class DraftReplay(DraftBecomes, ReplayShow):
    """The same of a working draft, as it stands: evidence for the version it becomes."""

    @cached_property
    def subject(self) -> Draft:
        """Return the draft, or 404."""
        desk_or_404(self.request, *READERS)
        rows = drafts_listed(viewer=viewer_for(self.request)).select_related("plan__calendar", "calendar")
        found = rows.select_related("plan__account", "account").filter(pk=self.kwargs["draft_id"]).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def version(self) -> PlanVersion:
        """Return the version that the draft would become."""
        return draft_as_version(draft=self.subject)

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return whose past it is."""
        return __("Replay of %(plan)s") % {"plan": self.subject.name}

    def crumbs(self) -> list[Crumb]:
        """Return the way from the drafts."""
        return [
            Crumb(label=_("Plans"), url=reverse("plans:plan-list")),
            Crumb(label=_("Drafts"), url=reverse("plans:draft-list")),
            Crumb(label=self.subject.name, url=reverse("plans:draft-design", args=[self.subject.pk])),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the same with the draft."""
        return super().get_context_data(draft=self.subject, **kwargs)
