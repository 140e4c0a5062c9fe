"""Webhooks: endpoints, what happened, and what became of each delivery."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "kamcomp.webhooks"
    label = "webhooks"
