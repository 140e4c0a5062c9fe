"""What people are told."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "kamcomp.notices"
    label = "notices"
