"""Import batches: one file, one batch, one undo."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "kamcomp.imports"
    label = "imports"
