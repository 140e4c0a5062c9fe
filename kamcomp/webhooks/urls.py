"""The addresses of the webhooks' pages."""

from django.urls import path

from kamcomp.webhooks import screens

urlpatterns = [
    path("webhooks", screens.WebhookList.as_view(), name="webhook-list"),
    path("webhooks/make", screens.WebhookMake.as_view(), name="webhook-make"),
    path("webhooks/<uuid:webhook_id>", screens.WebhookShow.as_view(), name="webhook-show"),
    path("webhooks/<uuid:webhook_id>/change", screens.WebhookChange.as_view(), name="webhook-change"),
    path("webhooks/<uuid:webhook_id>/rotate", screens.WebhookRotate.as_view(), name="webhook-rotate"),
    path(
        "webhooks/deliveries/<uuid:delivery_id>", screens.DeliveryShow.as_view(), name="webhook-delivery-show"
    ),
]
