"""The ground floor as a Django application: its commands, its style sheet, and the rights of the app role."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class KamcompConfig(AppConfig):
    """What has to be in place before any other app is used."""

    name = "kamcomp"
    label = "kamcomp"

    def ready(self) -> None:
        """Load Celery's application, so that tasks find it, and give the app role its rights after migrations."""
        from kamcomp import celery, grants  # noqa: F401
        from kamcomp.pooled import checks  # noqa: F401
        from kamcomp.visibility import ground  # noqa: F401

        post_migrate.connect(
            grants.after_migrate,
            sender=apps.get_app_config("contenttypes"),
            dispatch_uid="kamcomp.grants.after_migrate",
        )
