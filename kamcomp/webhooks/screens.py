"""
Webhooks in the browser: which there are, a new one (its secret is shown once), what became of each delivery.

Rules stand in kamcomp.webhooks.services. Compensation admins keep webhooks; auditors look.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.db.models import QuerySet, TextChoices
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.screens import Crumb, FormScreen, Screen, refused, said
from kamcomp.pages.tables import Kind, TableColumn, TableScreen
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for
from kamcomp.webhooks.choices import DeliveryStatus, EndpointStatus, EventType
from kamcomp.webhooks.models import LONGEST_URL, WebhookDelivery, WebhookEndpoint
from kamcomp.webhooks.selectors import deliveries_of, secrets_in_force
from kamcomp.webhooks.services import (
    KEEPERS,
    MOST_OVERLAP_HOURS,
    OVERLAP_HOURS,
    webhook_delivery_replay,
    webhook_endpoint_change,
    webhook_endpoint_end,
    webhook_endpoint_make,
    webhook_endpoint_resume,
    webhook_secret_rotate,
)

SHOWN = 50


def word(choice: TextChoices) -> str:
    """Return a word of a state as the reader's language says it."""
    return __(str(choice.label))


def webhook_url(endpoint: WebhookEndpoint) -> str:
    """Return the address of a webhook's page."""
    return reverse("webhook-show", args=[endpoint.pk])


def webhook_state(endpoint: WebhookEndpoint) -> str:
    """Return how a webhook stands, in words."""
    if endpoint.status == EndpointStatus.ACTIVE and endpoint.failing_since is not None:
        return __("Failing")
    return word(EndpointStatus(endpoint.status))


def webhook_hears(endpoint: WebhookEndpoint) -> str:
    """Return what a webhook is told of, in words."""
    return "; ".join(word(EventType(kind)) for kind in endpoint.events)


class WebhookList(TableScreen):
    """The webhooks there are."""

    title, file_name, order = _("Webhooks"), "webhooks", "-made"
    template_name = "webhooks/webhook_list.html"
    empty_title = _("No webhook yet")
    empty_text = _("A webhook tells another system of what happens here, signed and until it has it.")
    columns = (
        TableColumn(name="name", label=_("What it is for"), order="name", link=webhook_url),
        TableColumn(name="url", label=_("Address"), order="url", narrow=False),
        TableColumn(name="hears", label=_("Is told of"), read=webhook_hears, narrow=False),
        TableColumn(name="state", label=_("State"), read=webhook_state),
        TableColumn(
            name="made",
            label=_("Made"),
            path="created_at",
            kind=Kind.MOMENT,
            order="created_at",
            narrow=False,
        ),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the list, or the same rows as a file, to those who look after webhooks."""
        if not viewer_for(request).holds(*KEEPERS, Role.AUDITOR):
            raise Http404
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        """Return the webhooks that the reader may see."""
        return WebhookEndpoint.objects.visible_to(viewer_for(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether the reader may make one."""
        return super().get_context_data(may_make=viewer_for(self.request).holds(*KEEPERS), **kwargs)


class WebhookForm(forms.Form):
    """A webhook: what for, where, what of."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("As https://example.com/path; an address that the whole internet could reach."),
    )
    events = forms.MultipleChoiceField(
        label=_("Is told of"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(kind.value, _(kind.label)) for kind in EventType],
    )


class RotateForm(forms.Form):
    """How long the secret before signs too."""

    hours = forms.IntegerField(
        label=_("Hours in which the old secret signs too"),
        min_value=0,
        max_value=MOST_OVERLAP_HOURS,
        initial=OVERLAP_HOURS,
        help_text=_("So that the other side has time to change over. 0 ends the old one at once."),
    )


class WebhookFormScreen(FormScreen, TemplateResponseMixin, View):
    """A form about webhooks; it is there for those who keep them."""

    form_class: type[forms.Form] = WebhookForm

    def crumbs(self) -> list[Crumb]:
        """Return the way from the webhooks."""
        return [Crumb(label=_("Webhooks"), url=reverse("webhook-list"))]

    def get(self, request: HttpRequest, **kwargs: UUID) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.get_form()))

    def post(self, request: HttpRequest, **kwargs: UUID) -> HttpResponse:
        """Act, or show what has to be mended."""
        form = self.get_form()
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def get_form(self, form_class: Any = None) -> forms.Form:  # type: ignore[override]
        """Return the form with what was typed, or what stands there."""
        if not viewer_for(self.request).holds(*KEEPERS):
            raise Http404
        typed = self.request.POST if self.request.method == "POST" else None
        return self.form_class(typed, initial=self.standing(), label_suffix="")

    def standing(self) -> dict[str, Any] | None:
        """Return what stands in the fields at first."""
        return None

    @property
    def by(self) -> User:
        """Return who acts."""
        return cast(User, self.request.user)

    def endpoint(self) -> WebhookEndpoint:
        """Return the webhook that the address names."""
        return _webhook(self.request, self.kwargs["webhook_id"])

    def told(self, endpoint: WebhookEndpoint, secret: str, *, title: str) -> HttpResponse:
        """Answer the page that shows a secret, once."""
        context = self.get_context_data(title=title, webhook=endpoint, secret=secret)
        return render(self.request, "webhooks/webhook_made.html", context)


class WebhookMake(WebhookFormScreen):
    """Make a webhook; its secret is on the answer and nowhere else."""

    template_name = "webhooks/webhook_make.html"
    title = _("Make a webhook")

    def acted(self, form: Any) -> HttpResponse:
        """Make it and show its secret."""
        endpoint, secret = webhook_endpoint_make(**form.cleaned_data, by=self.by, at=timezone.now())
        return self.told(endpoint, secret, title=__("The webhook is made"))


class WebhookChange(WebhookFormScreen):
    """Change what a webhook is for, where it leads and what it is told of."""

    template_name = "webhooks/webhook_change.html"
    title = _("Change the webhook")

    def standing(self) -> dict[str, Any]:
        """Return the webhook as it stands."""
        endpoint = self.endpoint()
        return {"name": endpoint.name, "url": endpoint.url, "events": endpoint.events}

    def acted(self, form: Any) -> HttpResponse:
        """Change it and lead back."""
        endpoint = webhook_endpoint_change(
            endpoint_id=self.endpoint().pk, **form.cleaned_data, by=self.by, at=timezone.now()
        )
        said(self.request, __("The webhook is changed."))
        return redirect(webhook_url(endpoint))


class WebhookRotate(WebhookFormScreen):
    """Give a webhook a new secret; it is on the answer and nowhere else."""

    template_name = "webhooks/webhook_rotate.html"
    title = _("A new secret")
    form_class = RotateForm

    def standing(self) -> dict[str, Any] | None:
        """Return nothing of its own; the webhook has to be there."""
        self.endpoint()
        return None

    def acted(self, form: Any) -> HttpResponse:
        """Make the secret and show it."""
        endpoint, secret = webhook_secret_rotate(
            endpoint_id=self.endpoint().pk, hours=form.cleaned_data["hours"], by=self.by, at=timezone.now()
        )
        return self.told(endpoint, secret, title=__("The new secret"))


class WebhookShow(Screen, TemplateResponseMixin, View):
    """One webhook: how it stands, what was sent to it, and its end."""

    template_name = "webhooks/webhook_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the webhooks."""
        return [Crumb(label=_("Webhooks"), url=reverse("webhook-list"))]

    def get(self, request: HttpRequest, webhook_id: UUID) -> HttpResponse:
        """Show it with its newest deliveries."""
        endpoint = _webhook(request, webhook_id)
        rows = list(deliveries_of(endpoint=endpoint)[:SHOWN])
        context = {
            "title": endpoint.name,
            "webhook": endpoint,
            "state": webhook_state(endpoint),
            "hears": [word(EventType(kind)) for kind in endpoint.events],
            "secrets": list(secrets_in_force(endpoint=endpoint, at=timezone.now())),
            "deliveries": [_row(delivery) for delivery in rows],
            "may_keep": viewer_for(request).holds(*KEEPERS) and endpoint.status != EndpointStatus.ENDED,
            "disabled": endpoint.status == EndpointStatus.DISABLED,
        }
        return self.render_to_response(self.get_context_data(**context))

    def post(self, request: HttpRequest, webhook_id: UUID) -> HttpResponse:
        """Resume it, or end it."""
        endpoint = _webhook(request, webhook_id)
        resumes = request.POST.get("act") == "resume"
        act = webhook_endpoint_resume if resumes else webhook_endpoint_end
        try:
            act(endpoint_id=endpoint.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
            return redirect(webhook_url(endpoint))
        said(
            request,
            __("It is told again, beginning with what waited.")
            if resumes
            else __("The webhook is ended: nothing is sent to it any more."),
        )
        return redirect(webhook_url(endpoint))


class DeliveryShow(Screen, TemplateResponseMixin, View):
    """One delivery: what was sent, each try and what was answered, and sending it once more."""

    template_name = "webhooks/delivery_show.html"

    def crumbs(self) -> list[Crumb]:
        """Return the way from the webhooks."""
        return [Crumb(label=_("Webhooks"), url=reverse("webhook-list"))]

    def get(self, request: HttpRequest, delivery_id: UUID) -> HttpResponse:
        """Show it."""
        delivery = _delivery(request, delivery_id)
        context = {
            "title": word(EventType(delivery.event.type)),
            "delivery": delivery,
            "state": word(DeliveryStatus(delivery.status)),
            "body": sorted(delivery.event.data.items()),
            "attempts": list(delivery.attempts.order_by("-pk")),
            "may_replay": viewer_for(request).holds(*KEEPERS)
            and delivery.status != DeliveryStatus.WAITING
            and delivery.endpoint.status != EndpointStatus.ENDED,
        }
        return self.render_to_response(self.get_context_data(**context))

    def post(self, request: HttpRequest, delivery_id: UUID) -> HttpResponse:
        """Send it once more."""
        delivery = _delivery(request, delivery_id)
        try:
            webhook_delivery_replay(delivery_id=delivery.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("It is sent once more."))
        return redirect("webhook-delivery-show", delivery.pk)


def _webhook(request: HttpRequest, pk: UUID) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.visible_to(viewer_for(request)).filter(pk=pk).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _delivery(request: HttpRequest, pk: UUID) -> WebhookDelivery:
    rows = WebhookDelivery.objects.visible_to(viewer_for(request)).select_related("event", "endpoint")
    delivery = rows.filter(pk=pk).first()
    if delivery is None:
        raise Http404
    return delivery


def _row(delivery: Any) -> dict[str, Any]:
    return {
        "url": reverse("webhook-delivery-show", args=[delivery.pk]),
        "event": word(EventType(delivery.event.type)),
        "at": delivery.event.at,
        "state": word(DeliveryStatus(delivery.status)),
        "last_at": delivery.last_at,
        "answer": delivery.last_code or delivery.last_error or "",
    }
