"""The append-only record of who changed what."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "kamcomp.audit"
    label = "audit"
