"""
Keys in the browser: which there are, a new one (its secret is shown once), and the end of one.

Rules stand in kamcomp.api.services. Only compensation admins make and end keys; others see their own.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.api.models import ApiKey
from kamcomp.api.resources import all_scopes
from kamcomp.api.selectors import keys_read, users_for_keys
from kamcomp.api.services import MAKERS, MOST_DAYS, api_key_make, api_key_revoke
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, Screen, refused, said
from kamcomp.pages.tables import Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for

USUAL_DAYS = 90


def key_url(key: ApiKey) -> str:
    """Return the address of a key."""
    return reverse("api-key-show", args=[key.pk])


def key_state(key: ApiKey) -> str:
    """Return how a key stands, in words."""
    if key.revoked_at is not None:
        return __("Revoked")
    return __("Expired") if key.expires_at <= timezone.now() else __("In force")


class KeyList(TableScreen):
    """The keys that the reader may see."""

    title, file_name, order = _("API keys"), "api-keys", "-made"
    template_name = "api/key_list.html"
    empty_title = _("No key yet")
    empty_text = _("A key lets a program push facts in and pull pay out, as one user and no more.")
    columns = (
        TableColumn(name="name", label=_("What it is for"), order="name", link=key_url),
        TableColumn(name="prefix", label=_("Begins with"), order="prefix", narrow=False),
        TableColumn(name="user", label=_("Acts as"), path="user__username", order="user__username"),
        TableColumn(name="state", label=_("State"), read=key_state),
        TableColumn(name="ends", label=_("Ends"), path="expires_at", kind=Kind.MOMENT, order="expires_at"),
        TableColumn(
            name="used", label=_("Last used"), path="last_used_at", kind=Kind.MOMENT, order="last_used_at"
        ),
        TableColumn(
            name="made",
            label=_("Made"),
            path="created_at",
            kind=Kind.MOMENT,
            order="created_at",
            narrow=False,
        ),
    )

    def rows(self) -> QuerySet[Any]:
        """Return the keys with what the list shows of them."""
        return keys_read(ApiKey.objects.visible_to(viewer_for(self.request)))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether the reader may make one."""
        return super().get_context_data(may_make=viewer_for(self.request).holds(*MAKERS), **kwargs)


class UserChoice(forms.ModelChoiceField):
    """A user, by name and user name."""

    def label_from_instance(self, user: Any) -> str:
        """Return how the user is called."""
        return f"{user.get_full_name()} ({user.username})" if user.get_full_name() else str(user.username)


def in_columns() -> forms.CheckboxSelectMultiple:
    """Return ticks that stand beside each other, for a long list of short words."""
    return forms.CheckboxSelectMultiple(attrs={"class": "in-columns"})


class KeyForm(forms.Form):
    """A key to be: what for, as whom, what it may do, how long."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    user = UserChoice(
        label=_("Acts as"),
        queryset=User.objects.none(),
        help_text=_("Yourself, or a program: a user with the role API client who cannot sign in."),
    )
    days = forms.IntegerField(
        label=_("Days it lasts"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        widget=forms.NumberInput,
    )
    reads = forms.MultipleChoiceField(label=_("May read"), widget=in_columns(), required=False)
    writes = forms.MultipleChoiceField(label=_("May write"), widget=in_columns(), required=False)

    def __init__(self, *args: Any, users: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        cast("forms.ModelChoiceField[Any]", self.fields["user"]).queryset = users
        for name, word in (("reads", "read"), ("writes", "write")):
            offered = [
                (scope, scope.partition(":")[0]) for scope in all_scopes() if scope.endswith(f":{word}")
            ]
            cast(forms.MultipleChoiceField, self.fields[name]).choices = offered


class KeyMake(FormScreen, TemplateResponseMixin, View):
    """Make a key; its secret is on the answer and nowhere else."""

    template_name = "api/key_make.html"
    title = _("Make a key")

    def crumbs(self) -> list[Crumb]:
        """Return the way from the keys."""
        return [Crumb(label=_("API keys"), url=reverse("api-key-list"))]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> KeyForm:  # type: ignore[override]
        """Return the form; it is there for those who make keys."""
        if not viewer_for(self.request).holds(*MAKERS):
            raise Http404
        users = users_for_keys(by=cast(User, self.request.user), on=timezone.localdate())
        return KeyForm(self.request.POST if self.request.method == "POST" else None, users=users)

    def acted(self, form: Any) -> HttpResponse:
        """Make it and show its secret."""
        typed = form.cleaned_data
        key, secret = api_key_make(
            name=typed["name"],
            user=typed["user"],
            scopes=[*typed["reads"], *typed["writes"]],
            known=all_scopes(),
            days=typed["days"],
            by=cast(User, self.request.user),
            at=timezone.now(),
        )
        context = self.get_context_data(title=__("The key is made"), key=key, secret=secret)
        return render(self.request, "api/key_made.html", context)


class KeyShow(Screen, TemplateResponseMixin, View):
    """One key, and its end."""

    template_name = "api/key_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the keys."""
        return [Crumb(label=_("API keys"), url=reverse("api-key-list"))]

    def get(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """Show it."""
        key = self._key(key_id)
        may = viewer_for(request).holds(*MAKERS) and key.revoked_at is None
        context = {"title": key.name, "key": key, "state": key_state(key), "may_revoke": may}
        return self.render_to_response(self.get_context_data(**context))

    def post(self, request: HttpRequest, key_id: UUID) -> HttpResponse:
        """End it."""
        key = self._key(key_id)
        try:
            api_key_revoke(key_id=key.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
            return redirect(key_url(key))
        said(request, __("The key is revoked: nobody comes in with it any more."))
        return redirect("api-key-list")

    def _key(self, key_id: UUID) -> ApiKey:
        key = keys_read(ApiKey.objects.visible_to(viewer_for(self.request))).filter(pk=key_id).first()
        if key is None:
            raise Http404
        return key
