"""Import batches: one file, one batch, one undo."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ImportsConfig(AppConfig):
    name = "kamcomp.imports"
    label = "imports"

    def ready(self) -> None:
        """Find the kinds of file that each app declares in its `intake`."""
        autodiscover_modules("intake")
