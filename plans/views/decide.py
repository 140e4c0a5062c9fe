"""
A version on its way: checked, replayed, approved step by step by those the company names, published.

Each button is one act of plans.services.versions; sending back and withdrawing say why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from plans.checks.rule import RULES
from plans.choices import VersionStatus
from plans.models import Draft, PlanVersion, Replay, Scenario
from plans.selectors.approvals import VERSION_TABLE, Progress, version_progress
from plans.selectors.targets_asked import targets_asked
from plans.services.drafts import DESIGNERS
from plans.services.versions import version_approve, version_publish, version_return, version_withdraw
from plans.views.plans import VersionScreen

BEFORE_FORCE = (VersionStatus.DRAFT, VersionStatus.APPROVED)
SAID = {
    "approve": _("Your approval is kept."),
    "return": _("Sent back; who prepared it is told."),
    "publish": _("Published: it holds from its first day."),
    "withdraw": _("Withdrawn."),
}


class VersionDecide(VersionScreen):
    """What a version says of itself, where it stands, and what the reader may do about it."""

    template_name = "plans/version_decide.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the version."""
        url = reverse("plans:version-show", args=[self.version.pk])
        return [
            *super().crumbs()[:1],
            Crumb(label=self.version.plan.name, url=url),
            Crumb(label=_("Approval")),
        ]

    def get(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page()

    def page(self, *, problem: str = "", status: int = 200) -> HttpResponse:
        """Answer the page, with what was typed."""
        version, viewer, today = self.version, viewer_for(self.request), timezone.localdate()
        progress = version_progress(version=version, on=today)
        designs = viewer.holds(*DESIGNERS)
        ahead = version.status == VersionStatus.PUBLISHED and version.span.since > today
        may_publish = designs and version.status == VersionStatus.APPROVED
        may_withdraw = designs and (version.status in BEFORE_FORCE or ahead)
        may_decide = self._may_decide(progress)
        typed = {name: self.request.POST.get(name, "") for name in ("comment", "reason", "late", "why")}
        fields = {"comment": may_decide, "reason": may_decide, "late": may_publish, "why": may_withdraw}
        context = self.get_context_data(
            version=version,
            title=__("Approval of %(version)s") % {"version": version},
            progress=progress,
            found=self._found(),
            replay=visible(Replay.objects.filter(version_digest=version.digest), to=viewer)
            .order_by("-at")
            .first(),
            scenario=visible(Scenario.objects.filter(document_digest=version.digest), to=viewer)
            .order_by("-at")
            .first(),
            may_decide=may_decide,
            may_publish=may_publish,
            targets=len(targets_asked(version=version)) if may_publish else 0,
            late=version.span.since <= today,
            may_withdraw=may_withdraw,
            draft=Draft.objects.filter(pk=version.pk).first() if progress.returned and designs else None,
            problem=problem,
            typed=typed,
            unsent=" ".join(words for name, words in typed.items() if words.strip() and not fields[name]),
        )
        return render(self.request, self.template_name, context, status=status)

    def post(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """Do what the button says, or say why not."""
        act, typed = request.POST.get("act", ""), request.POST
        who: dict[str, Any] = {
            "version_id": self.version.pk, "by": cast(User, request.user), "at": timezone.now()
        }  # fmt: skip
        acts: dict[str, Callable[[], PlanVersion]] = {
            "approve": lambda: version_approve(**who, comment=typed.get("comment", "")),
            "return": lambda: version_return(**who, reason=typed.get("reason", "")),
        }
        if viewer_for(request).holds(*DESIGNERS):
            acts |= {
                "publish": lambda: version_publish(**who, late_reason=typed.get("late", "")),
                "withdraw": lambda: version_withdraw(**who, reason=typed.get("why", "")),
            }
        if act not in acts:
            return self.page(problem=__("That is not for you to do here."), status=422)
        try:
            acts[act]()
        except Refusal as refusal:
            return self.page(problem=worded(refusal), status=422)
        said(request, str(SAID[act]))
        return redirect("plans:version-decide", version_id)

    def _may_decide(self, progress: Progress) -> bool:
        version, user = self.version, cast(User, self.request.user)
        waits = progress.next
        return bool(
            version.status == VersionStatus.DRAFT
            and waits
            and not progress.returned
            and viewer_for(self.request).holds(*waits.roles)
            and user.pk not in {version.prepared_by_id, version.created_by_id, *progress.deciders}
        )

    def _found(self) -> dict[str, Any]:
        """Return the kept findings of the design: what blocks, how many are to look at, how many stand."""
        rows = Finding.objects.filter(
            subject_table=VERSION_TABLE, subject_id=str(self.version.pk), rule__in=RULES
        )
        found = list(visible(rows, to=viewer_for(self.request)).order_by("rule", "pk"))
        open_rows = [one for one in found if one.status == FindingStatus.OPEN]
        return {
            "some": bool(found),
            "blocks": [one for one in open_rows if one.severity == Severity.BLOCKS],
            "look": [one for one in open_rows if one.severity == Severity.TO_LOOK_AT],
            "kept": [one for one in found if one.status == FindingStatus.WAIVED],
        }
