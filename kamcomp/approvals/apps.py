"""Second-person decisions, and findings that wait for one."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "kamcomp.approvals"
    label = "approvals"
