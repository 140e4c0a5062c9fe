"""The REST interface's own tables: keys, kept answers, and how often a caller asked."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "kamcomp.api"
    label = "api"
