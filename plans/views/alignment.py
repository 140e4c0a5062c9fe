"""
The alignment of an account's team in the browser: roles by measures, what the rules find, objectives, targets.

`?as_of=` is the day; without it, today. It is there for those who see everybody's pay, and for who holds the account;
it shows weights and targets and no amount of anybody's pay. Rules: plans.selectors.alignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.pages.nav import WATCHERS
from kamcomp.pages.parts import PartFiles, Parts, part_column, part_sheet
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.tables import Kind
from kamcomp.visibility import viewer_for, visible
from plans.checks.rule import RULES, Finding, Severity
from plans.selectors.alignment import AlignedRow, Alignment, Measure, alignment, sees_alignment
from teams.choices import AccountStatus
from teams.models import StrategicAccount

READERS = (Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.AUDITOR, Role.KAM)
TONES = {Severity.BLOCKS: "wrong", Severity.TO_LOOK_AT: "waits", Severity.INFORMATION: "info"}
COLUMNS = ("role", "seat", "link", "people", "names", "paid_by", "measure", "measure_name", "weight", "how")
OBJECTIVE_COLUMNS = (
    part_column("objective", "statement"),
    part_column("due", "due_on", kind=Kind.DAY),
    part_column("paid_for_it", read=lambda row: "; ".join(row.roles) or ("plan" if row.paid else "nobody")),
)
TARGET_COLUMNS = (
    part_column("measure", read=lambda row: __(row.metric)),
    part_column("currency"),
    part_column("since", kind=Kind.DAY, read=lambda row: row.span.since),
    part_column("last_day", kind=Kind.DAY, read=lambda row: row.span.last),
    part_column("account", kind=Kind.NUMBER),
    part_column("its_people", "individuals", kind=Kind.NUMBER),
    part_column("people", kind=Kind.NUMBER),
    part_column("difference", kind=Kind.NUMBER),
    part_column("of_the_accounts", "ratio", kind=Kind.RATIO),
)
LEADER_COLUMNS = (
    part_column("leader"),
    part_column("people", kind=Kind.NUMBER),
    part_column("paid_on", read=lambda row: "; ".join(row.measures)),
    part_column("shared", read=lambda row: "; ".join(one for one in row.measures if one in row.shared)),
)


class AlignmentScreen(Screen, TemplateResponseMixin, View):
    """A page about the alignment of accounts."""

    title = _("Alignment")
    template_name = "plans/alignment_show.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the page to who may read it."""
        if request.user.is_authenticated and not viewer_for(request).holds(*READERS):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def accounts(self) -> list[StrategicAccount]:
        """Return the accounts whose alignment the reader sees, by name, those in the programme first."""
        viewer = viewer_for(self.request)
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer).order_by("node__name")
        seen = [one for one in rows if sees_alignment(account=one, viewer=viewer)]
        return sorted(seen, key=lambda one: one.status != AccountStatus.ACTIVE)


class AlignmentNext(AlignmentScreen):
    """Lead to the account that is asked for, to the first without one."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Lead there; without any account say so."""
        named = request.GET.get("account", "")
        found = [one for one in self.accounts if named in ("", str(one.pk))]
        if not found and named:
            raise Http404
        if not found:
            return self.render_to_response(self.get_context_data())
        url = reverse("plans:alignment-show", args=[found[0].pk])
        day = request.GET.get("as_of", "")
        return redirect(f"{url}?as_of={day}" if _day(day) else url)


class AlignmentShow(PartFiles, AlignmentScreen):
    """One account's team on a day: who is paid on what, and what does not fit together."""

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        found = next((one for one in self.accounts if one.pk == self.kwargs["account_id"]), None)
        if found is None:
            raise Http404
        return found

    def crumbs(self) -> list[Crumb]:
        """Return the way from the account's page, for those who have one."""
        if not (WATCHERS | {Role.KAM}) & set(viewer_for(self.request).roles):
            return []
        url = reverse("payouts:account-show", args=[self.account.pk])
        return [Crumb(label=str(self.account), url=url), Crumb(label=_("Alignment"))]

    @cached_property
    def on(self) -> date:
        """Return the day that is shown."""
        return _day(self.request.GET.get("as_of", "")) or timezone.localdate()

    @cached_property
    def found(self) -> Alignment:
        """Return the alignment on that day."""
        return alignment(account=self.account, viewer=viewer_for(self.request), on=self.on)

    def parts(self) -> Parts:
        """Return the tables beside the matrix: objectives, targets, leaders."""
        found = {
            "objectives": (OBJECTIVE_COLUMNS, self.found.objectives),
            "targets": (TARGET_COLUMNS, self.found.cascade),
            "leaders": (LEADER_COLUMNS, self.found.led),
        }
        return {
            name: partial(part_sheet, title=name, columns=columns, rows=rows)
            for name, (columns, rows) in found.items()
        }

    def part_facts(self) -> dict[str, str]:
        """Return of which account and day the figures are."""
        return {"account": str(self.account), "as of": self.on.isoformat()}

    def get(self, request: HttpRequest, account_id: UUID) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx its cells as a file, with ?table= too a table of the page."""
        if file := self.part_file():
            return file
        account, on, found = self.account, self.on, self.found
        write = SHEETS.get(request.GET.get("format", ""))
        if write:
            about = {"title": f"{account}", "as of": on.isoformat(), "made by": request.user.get_username()}
            return write(_file(account, found), about)
        context = self.get_context_data(
            account=account,
            on=on,
            found=found,
            findings=[_said(one) for one in found.report.findings],
            rows=[(row, [_cell(row, one) for one in found.measures]) for row in found.rows],
        )
        return self.render_to_response(context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _said(finding: Finding) -> dict[str, str]:
    """Return a finding with its title, how heavy it is, and what to do about it."""
    rule = RULES[finding.rule]
    return {
        "rule": rule.id,
        "title": rule.title,
        "message": finding.message,
        "advice": rule.advice,
        "tone": TONES[finding.severity],
    }


def _cell(row: AlignedRow, measure: Measure) -> dict[str, Any]:
    return {
        "weight": row.weights.get(measure.code),
        "pooled": measure.code in row.shared,
        "alone": measure.is_alone,
    }


def _file(account: StrategicAccount, found: Alignment) -> Sheet:
    rows = list(_lines(found))
    columns = [SheetColumn(name=name, is_text=name not in ("people", "weight")) for name in COLUMNS]
    return Sheet(title=f"alignment-{account.node.code.lower()}", columns=columns, rows=rows, count=len(rows))


def _lines(found: Alignment) -> Iterator[tuple[Any, ...]]:
    """Yield each role's measures, one a line; a role that is paid on none has one line without."""
    for row in found.rows:
        who = (
            row.role,
            row.seat,
            row.link,
            len(row.people),
            "; ".join(row.people),
            "; ".join(row.plans or row.pools),
        )
        paid = [one for one in found.measures if one.code in row.weights or one.code in row.shared]
        for one in paid:
            how = "plan" if one.code in row.weights else "pool"
            yield (*who, one.code, one.name, row.weights.get(one.code), how)
        if row.other:
            yield (*who, "", __("Objectives and milestones"), row.other, "plan")
        if not paid and not row.other:
            yield (*who, "", "", None, _how_else(row))


def _how_else(row: AlignedRow) -> str:
    if row.pools:
        return "pool"
    if row.opt_out:
        return "opted out"
    return {True: "elsewhere", False: "nothing", None: "not shown"}[row.paid]
