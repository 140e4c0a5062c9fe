"""Who may sign in, and in which roles, by date."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "kamcomp.identity"
    label = "identity"
