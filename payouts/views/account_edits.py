"""
What a compensation admin changes of an account in the browser: its state in the programme, and the parts of its tree.

Each is a form page with one service call. Somebody else's newer change comes back beside mine; what can be undone is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View
from django.views.generic.edit import FormView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import (
    Crumb,
    FieldConflict,
    FormScreen,
    Screen,
    conflict_page,
    refused,
    said,
    typed_again,
)
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.views.accounts import account_url
from scorecards.selectors.sources import nodes_below
from teams.choices import AccountStatus, NodeStatus, NodeType
from teams.forms import AccountPartForm, AccountStateForm
from teams.models import AccountNode, StrategicAccount
from teams.services import account_part_put, account_state_put
from teams.services.account_edits import (
    EDITORS,
    NODE_TERMS,
    AccountChangedMeanwhile,
    part_state,
)

if TYPE_CHECKING:
    AccountFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    AccountFormView = FormView

EDITING = tuple(Role(role) for role in EDITORS)
SALT, UNDONE_WITHIN = "payouts.account-part-undo", 86_400
BACK_AND_FORTH = {AccountStatus.ACTIVE, AccountStatus.REVIEW}


class AccountForm(FormScreen, AccountFormView):
    """A form about an account; only for those who edit accounts."""

    template_name = "payouts/person_form.html"
    button: Any = _("Save")
    note: Any = ""

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account, or 404."""
        editor_or_404(self.request)
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer_for(self.request))
        return _or_404(rows.filter(pk=self.kwargs["account_id"]).first())

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list."""
        return [
            Crumb(label=_("Accounts"), url=reverse("payouts:account-list")),
            Crumb(label=str(self.account), url=account_url(self.account)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with the way back."""
        return super().get_context_data(
            back=account_url(self.account), button=self.button, note=self.note, **kwargs
        )

    def who(self) -> dict[str, Any]:
        """Return who acts, and when."""
        return {"by": cast(User, self.request.user), "at": timezone.now()}

    def conflict(self, refusal: Refusal, fields: list[FieldConflict], form: Any, seen: str) -> HttpResponse:
        """Answer what I typed beside what somebody else made of it meanwhile."""
        carried = typed_again(form)
        return conflict_page(
            self.request,
            what=str(self.title),
            sentence=worded(refusal),
            fields=[each for each in fields if len({each.before, each.mine, each.theirs}) > 1],
            back=account_url(self.account),
            keep=self.request.get_full_path(),
            carried={**carried, "seen": seen},
        )


class AccountStatePut(AccountForm):
    """Put an account in force, in review, or out of the programme."""

    form_class = AccountStateForm
    title, button = _("State in the programme"), _("Change")

    def get_initial(self) -> dict[str, Any]:
        """Show it as it is."""
        return {"status": self.account.status, "seen": self.account.status}

    def acted(self, form: Any) -> HttpResponse:
        """Change it, or lay mine beside theirs."""
        told = form.cleaned_data
        try:
            account_state_put(
                account_id=self.account.pk,
                seen=told["seen"],
                status=told["status"],
                last_day=told["last_day"],
                **self.who(),
            )
        except AccountChangedMeanwhile as refusal:
            states = [_state(each) for each in (told["seen"], told["status"], self.account.status)]
            field = FieldConflict(
                label=__("State"), name="status", before=states[0], mine=states[1], theirs=states[2]
            )
            return self.conflict(refusal, [field], form, self.account.status)
        undo = ""
        if {told["status"], told["seen"]} == BACK_AND_FORTH:
            undo = reverse("payouts:account-state-undo", args=[self.account.pk])
            undo += "?" + urlencode({"to": told["seen"], "seen": told["status"]})
        words = __("%(account)s is now: %(state)s.")
        said(self.request, words % {"account": self.account, "state": _state(told["status"])}, undo=undo)
        return redirect(account_url(self.account))


class AccountStateUndo(Screen, View):
    """Put an account back to the state it had before: active or in review."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, account_id: UUID) -> HttpResponse:
        """Put it back, and say what came of it."""
        editor_or_404(request)
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer_for(request))
        account = _or_404(rows.filter(pk=account_id).first())
        to, seen = request.GET.get("to", ""), request.GET.get("seen", "")
        if {to, seen} != {str(each) for each in BACK_AND_FORTH}:
            raise Http404
        at, by = timezone.now(), cast(User, request.user)
        try:
            account_state_put(account_id=account.pk, seen=seen, status=to, last_day=None, by=by, at=at)
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("Undone: the account is as it was before."))
        return redirect(account_url(account))


class AccountPartPut(AccountForm):
    """Say what a company, division or site of an account is, and under which it stands."""

    form_class = AccountPartForm
    title = _("Company, division or site")
    note = _("The tree has no dates: the change holds for every period that is not locked.")

    @cached_property
    def node(self) -> AccountNode:
        """Return the part, or 404."""
        ids = nodes_below(node_id=self.account.node_id)
        rows = visible(AccountNode.objects.filter(pk__in=ids), to=viewer_for(self.request))
        return _or_404(rows.filter(pk=self.kwargs["node_id"]).first())

    @cached_property
    def places(self) -> list[tuple[Any, str]]:
        """Return where the part may stand: under any of the account's parts but its own; a root under none."""
        if self.node.pk == self.account.node_id:
            return [("", __("nothing: it is the account itself"))]
        ids = set(nodes_below(node_id=self.account.node_id)) - set(nodes_below(node_id=self.node.pk))
        nodes = visible(AccountNode.objects.filter(pk__in=ids), to=viewer_for(self.request))
        return [(str(one.pk), one.name) for one in nodes.order_by("name")]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form offer the places."""
        return {**super().get_form_kwargs(), "places": self.places}

    def get_initial(self) -> dict[str, Any]:
        """Show it as it is."""
        return {**{name: getattr(self.node, name) for name in NODE_TERMS}, "seen": self.seen}

    @property
    def seen(self) -> str:
        """Return the part as the editor sees it now."""
        return json.dumps(part_state(node=self.node), sort_keys=True)

    def acted(self, form: Any) -> HttpResponse:
        """Change it, or lay mine beside theirs."""
        before, values = part_state(node=self.node), {name: form.cleaned_data[name] for name in NODE_TERMS}
        try:
            node = account_part_put(
                node_id=self.node.pk, seen=form.cleaned_data["seen"], values=values, **self.who()
            )
        except AccountChangedMeanwhile as refusal:
            return self.conflict(refusal, self._fields(form, before), form, self.seen)
        token = signing.dumps([str(node.pk), before, part_state(node=node)], salt=SALT, compress=True)
        undo = reverse("payouts:account-part-undo", args=[self.account.pk])
        said(
            self.request,
            __("%(part)s is changed.") % {"part": node},
            undo=f"{undo}?{urlencode({'edit': token})}",
        )
        return redirect(account_url(self.account))

    def _fields(self, form: Any, theirs: dict[str, Any]) -> list[FieldConflict]:
        was, names = form.cleaned_data["seen"] or {}, dict(self.places)
        return [
            FieldConflict(
                label=str(form.fields[name].label),
                name=name,
                before=_part_words(was.get(name), names),
                mine=_part_words(form.cleaned_data[name], names),
                theirs=_part_words(theirs[name], names),
            )
            for name in NODE_TERMS
        ]


class AccountPartUndo(Screen, View):
    """Put a part of an account back to what it was before the last change."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, account_id: UUID) -> HttpResponse:
        """Put it back, and say what came of it."""
        editor_or_404(request)
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer_for(request))
        account = _or_404(rows.filter(pk=account_id).first())
        try:
            node, before, after = signing.loads(request.GET.get("edit", ""), salt=SALT, max_age=UNDONE_WITHIN)
        except signing.BadSignature as error:
            raise Http404 from error
        values = {**before, "parent_id": before["parent_id"] and UUID(before["parent_id"])}
        at, by = timezone.now(), cast(User, request.user)
        try:
            account_part_put(node_id=UUID(node), seen=after, values=values, by=by, at=at)
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("Undone: the account is as it was before."))
        return redirect(account_url(account))


def editor_or_404(request: HttpRequest) -> None:
    """
    Let who edits accounts go on.

    :raises Http404: for everybody else who signed in.
    """
    if request.user.is_authenticated and not viewer_for(request).holds(*EDITING):
        raise Http404


PART_WORDS = {str(one.value): one.label for choices in (NodeType, NodeStatus) for one in choices}


def _part_words(value: Any, names: dict[Any, str]) -> str:
    text = "" if value is None else str(value)
    return names.get(text) or (__(str(PART_WORDS[text])) if text in PART_WORDS else text)


def _state(value: str) -> str:
    return __(str(AccountStatus(value).label)) if value in AccountStatus.values else value


def _or_404(found: Any) -> Any:
    if found is None:
        raise Http404
    return found
