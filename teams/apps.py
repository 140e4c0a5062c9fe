"""Who serves a key account: people, pay packages, accounts, memberships."""

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"
