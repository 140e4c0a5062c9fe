"""The pages' own app: template tags and the command that gathers what has to be translated."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "kamcomp.pages"
    label = "pages"
