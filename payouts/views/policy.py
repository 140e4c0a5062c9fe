"""
The company's settings in the browser: what each says, what holds, and what a change would do, tried out first.

Finance and compensation admins change one from a day on; what held before stays on record.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View
from django.views.generic.edit import FormView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import day_text
from kamcomp.pages.screens import Crumb, FormScreen, Screen, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.wording import worded
from kamcomp.policy.services import SETTERS, setting_put
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from payouts.forms import SettingPut
from payouts.selectors.policy import (
    Setting,
    SettingRow,
    SettingUnknown,
    SettingValueWrong,
    policy_rows,
    setting_known,
)
from payouts.services.policy_effects import PolicyEffect, policy_effect

if TYPE_CHECKING:
    SettingFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    SettingFormView = FormView

DESK = (Role.COMP_ADMIN, Role.FINANCE, Role.EXECUTIVE, Role.HR_LEGAL, Role.AUDITOR)
SETTING = tuple(Role(role) for role in SETTERS)
HISTORY = 30


class PolicyShow(Screen, TemplateResponseMixin, View):
    """Every setting with its value, and what was set when and why."""

    template_name = "payouts/policy_show.html"
    title = _("Policy settings")

    def get(self, request: HttpRequest) -> Any:
        """Show them, or with ?format=csv or xlsx the settings as a file."""
        viewer, today = viewer_for(request), timezone.localdate()
        if request.user.is_authenticated and not viewer.holds(*DESK):
            raise Http404
        rows, history = policy_rows(viewer=viewer, on=today)
        write = SHEETS.get(request.GET.get("format", ""))
        if write and request.user.is_authenticated:
            return write(self._file(rows), {"title": str(self.title), "as of": today.isoformat()})
        known = {row.setting.key: row.setting for row in rows}
        context = {
            "rows": rows,
            "history": [(one, *_named(known, one)) for one in history[:HISTORY]],
            "may_set": viewer.holds(*SETTING),
        }
        return self.render_to_response(self.get_context_data(**context))

    def _file(self, rows: list[SettingRow]) -> Sheet:
        names = ("setting", "value", "as_shipped", "since", "reason")
        columns = [SheetColumn(name=name, is_text=name != "since", is_day=name == "since") for name in names]
        found = [
            (
                row.setting.key, row.value, row.shipped, row.row.span.since if row.row else None,
                row.row.reason if row.row else "",
            )
            for row in rows
        ]  # fmt: skip
        return Sheet(title="policy", columns=columns, rows=found, count=len(found))


def _named(known: dict[str, Setting], row: Any) -> tuple[str, str]:
    setting = known.get(row.key)
    return (__(setting.label), setting.shown(row.value)) if setting else (row.key, str(row.value))


class PolicyPut(FormScreen, SettingFormView):
    """Change one setting from a day on: first what it would change, then the change."""

    template_name = "payouts/policy_put.html"
    form_class = SettingPut

    @cached_property
    def setting(self) -> Setting:
        """Return the setting of the address, or 404."""
        if self.request.user.is_authenticated and not viewer_for(self.request).holds(*SETTING):
            raise Http404
        try:
            return setting_known(key=self.kwargs["setting"])
        except SettingUnknown:
            raise Http404 from None

    @cached_property
    def row(self) -> SettingRow:
        """Return the setting with its value today."""
        rows, _history = policy_rows(viewer=viewer_for(self.request), on=timezone.localdate())
        return next(row for row in rows if row.setting.key == self.setting.key)

    def crumbs(self) -> list[Crumb]:
        """Return the way from the settings."""
        return [Crumb(label=_("Policy settings"), url=reverse("payouts:policy-show"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form know how the value is typed."""
        return {**super().get_form_kwargs(), "setting": self.setting}

    def get_initial(self) -> dict[str, Any]:
        """Show what holds now."""
        value = self.row.row.value if self.row.row else self.setting.shipped
        text = ", ".join(one for one in value if one) if isinstance(value, list) else str(value)
        return {"value": text, "since": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with the setting."""
        return super().get_context_data(
            title=__(self.setting.label),
            setting=self.setting,
            row=self.row,
            back=reverse("payouts:policy-show"),
            **kwargs,
        )

    def acted(self, form: Any) -> HttpResponse:
        """Try it out, or set it."""
        typed = form.cleaned_data
        try:
            value = self.setting.read(typed["value"])
        except SettingValueWrong as refusal:
            form.add_error("value", worded(refusal))
            return self.form_invalid(form)
        who: dict[str, Any] = {"by": cast(User, self.request.user), "at": timezone.now()}
        if self.request.POST.get("act") != "set":
            effect = policy_effect(key=self.setting.key, value=value, since=typed["since"], **who)
            return self.render_to_response(
                self.get_context_data(form=form, **_told(effect, value, typed, self.setting))
            )
        setting_put(key=self.setting.key, value=value, since=typed["since"], reason=typed["reason"], **who)
        words = __("%(label)s: %(value)s from %(day)s.")
        said(
            self.request,
            words
            % {
                "label": __(self.setting.label),
                "value": self.setting.shown(value),
                "day": day_text(typed["since"]),
            },
        )
        return redirect("payouts:policy-show")

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, or say why not."""
        try:
            return self.acted(form)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.form_invalid(form)


def _told(effect: PolicyEffect, value: Any, typed: dict[str, Any], setting: Setting) -> dict[str, Any]:
    since: date = typed["since"]
    return {"effect": effect, "new_value": setting.shown(value), "since": since}
